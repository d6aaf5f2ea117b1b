// One build at a time in a checkout: two that write the same files at once leave halves. The lock is a file with the owner's pid;
// the lock of a process that is gone is taken over.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const LOCK = "build/.lock";
const POLL_MS = 50;
const WAIT_MS = 120_000;

/** Runs `work` while holding the build lock. Waits up to two minutes for another build, then gives up. */
export async function withBuildLock<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync("build", { recursive: true });
  const giveUpAt = Date.now() + WAIT_MS;
  while (!tryLock()) {
    if (Date.now() > giveUpAt) throw new Error(`another build holds ${LOCK} for two minutes (pid ${holder()})`);
    await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function tryLock(): boolean {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const pid = holder();
    if (pid > 0 && !isAlive(pid)) rmSync(LOCK, { force: true });
    return false;
  }
}

/** Pid in the lock file; 0 while its owner is still writing it or after it is gone. */
function holder(): number {
  try {
    return Number(readFileSync(LOCK, "utf8"));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

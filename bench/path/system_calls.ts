/** System calls of a process and all its threads, counted by strace. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../machine/child.ts";

const ATTACH_LIMIT_MS = 5_000;
const POLL_MS = 20;

/** Counts the calls that `pid` makes while `work` runs, by name. */
export async function countSystemCalls(
  strace: string,
  pid: number,
  folder: string,
  work: () => Promise<void>,
): Promise<Map<string, number>> {
  const output = `${folder}/strace.txt`;
  const logFile = `${folder}/strace.log`;
  const child = new Child({ command: strace, arguments: ["-c", "-f", "-o", output, "-p", String(pid)], logFile });
  const giveUpAt = performance.now() + ATTACH_LIMIT_MS;
  while (!readFileSync(logFile, "utf8").includes("attached")) {
    if (!child.running || performance.now() > giveUpAt) throw new Error(`strace cannot attach: ${child.lastWords()}`);
    await sleep(POLL_MS);
  }
  try {
    await work();
  } finally {
    child.process.kill("SIGINT"); // on which it writes its table
    await child.exited;
  }
  return parseTable(readFileSync(output, "utf8"));
}

/** Rows of `strace -c`: "% time, seconds, usecs/call, calls, [errors,] syscall". */
export function parseTable(text: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const row of text.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$/gm)) {
    if (row[2] !== "total") calls.set(row[2] as string, Number(row[1]));
  }
  return calls;
}

import { execFileSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release } from "node:os";
import { delimiter, join } from "node:path";

/** The program's full path when it is installed; the places where Debian keeps its daemons are looked at too. */
export function findProgram(name: string): string | undefined {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** Who stays where: the proxy alone on the last core, everything else on the first. */
export interface Cores {
  readonly proxy: number | undefined;
  readonly others: number | undefined;
}

/** Pins need taskset and two cores; without them nothing is pinned, and the ratios are worth less: say so. */
export function chooseCores(): Cores {
  const count = cpus().length;
  if (count < 2 || availableParallelism() < 2 || findProgram("taskset") === undefined) {
    console.log("SKIPPED pinning: it needs two cores and taskset; the ratios below are rougher for it");
    return { proxy: undefined, others: undefined };
  }
  return { proxy: count - 1, others: 0 };
}

/** One line that says where a figure was taken, and how busy it was there: a machine that others use inflates what has much code. */
export function describeMachine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    load: Math.round((loadavg()[1] ?? 0) * 10) / 10,
  };
}

/** The commit that is measured, with `+` when the tree differs from it. */
export function describeCommit(root: string): string {
  try {
    const run = (...arguments_: string[]) =>
      execFileSync("git", ["-C", root, ...arguments_], { encoding: "utf8" }).trim();
    return run("rev-parse", "--short=10", "HEAD") + (run("status", "--porcelain", "--untracked-files=no") ? "+" : "");
  } catch {
    return "unknown";
  }
}

/** How many descriptors a process may open here (soft limit, proc(5)). */
export function descriptorLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
  return Number(line?.[1] ?? 1024);
}

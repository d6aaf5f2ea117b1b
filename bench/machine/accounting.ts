/**
 * What the kernel says about a process: CPU time from the scheduler's own statistics (nanoseconds, no sampling) and
 * resident memory. A process is taken with its children: a master and its workers are one proxy.
 */
import { readdirSync, readFileSync } from "node:fs";

/** CPU time of all threads of the process and of its children, nanoseconds (proc(5), schedstat, first number). */
export function cpuNanoseconds(pid: number): number {
  let sum = 0;
  for (const member of family(pid)) {
    for (const task of readdirSync(`/proc/${member}/task`)) {
      sum += Number(readFileSync(`/proc/${member}/task/${task}/schedstat`, "latin1").split(" ")[0]);
    }
  }
  return sum;
}

/** Resident memory of the process and its children, bytes (VmRSS). */
export function residentBytes(pid: number): number {
  let sum = 0;
  for (const member of family(pid)) {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${member}/status`, "latin1"));
    sum += Number(line?.[1] ?? 0) * 1024;
  }
  return sum;
}

/** Open descriptors of the process. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function family(pid: number): number[] {
  const members = [pid];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").split(" ")) {
      if (child !== "") members.push(...family(Number(child)));
    }
  }
  return members;
}

// A tiny build graph: a step has inputs, outputs, the steps before it and a body. It runs when the fingerprint of its inputs is not
// the one of its last success, or when an output is missing. Steps that do not wait for each other run at the same time.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fingerprint } from "./fingerprint.ts";

const STAMPS = "build/.stamps.json";

export interface Step {
  readonly name: string;
  /** Names of the steps that must be done first; they stand earlier in the list. */
  readonly after: readonly string[];
  readonly inputs: () => readonly string[];
  readonly outputs: readonly string[];
  readonly body: () => Promise<void>;
}

export interface Ran {
  readonly name: string;
  readonly ms: number;
}

/**
 * Runs what is stale and gives the steps that ran. Throws an AggregateError with the failure of every step that failed; what waited
 * for one of them is not run.
 */
export async function runGraph(steps: readonly Step[]): Promise<Ran[]> {
  const stamps = readStamps();
  const ran: Ran[] = [];
  const failures: Error[] = [];
  const done = new Map<string, Promise<boolean>>();
  const start = (step: Step): Promise<boolean> => {
    const before = step.after.map((name) => done.get(name));
    return Promise.all(before).then(async (results) => {
      if (results.includes(false)) return false;
      const print = fingerprint(step.inputs());
      if (stamps[step.name] === print && step.outputs.every((file) => existsSync(file))) return true;
      const startedAt = performance.now();
      try {
        await step.body();
      } catch (error) {
        failures.push(new Error(`${step.name}: ${(error as Error).message}`, { cause: error }));
        return false;
      }
      // Inputs that changed meanwhile leave the old stamp, and the next build sees it.
      stamps[step.name] = print;
      ran.push({ name: step.name, ms: Math.round(performance.now() - startedAt) });
      return true;
    });
  };
  for (const step of steps) done.set(step.name, start(step));
  await Promise.all(done.values());
  if (ran.length > 0) writeStamps(stamps);
  if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join("\n"));
  return ran;
}

function readStamps(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(STAMPS, "utf8"));
  } catch {
    return {}; // Absent or torn: everything is built again, which is right in both cases.
  }
}

function writeStamps(stamps: Record<string, string>): void {
  mkdirSync("build", { recursive: true });
  writeFileSync(`${STAMPS}.tmp`, `${JSON.stringify(stamps, null, 2)}\n`);
  renameSync(`${STAMPS}.tmp`, STAMPS);
}

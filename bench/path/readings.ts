/** What the probe wrote, read back by the bench. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants } from "node:perf_hooks";

export interface Collection {
  readonly at: number;
  readonly major: boolean;
  readonly ms: number;
}

/** What a sample holds depends on what the probe was asked for. */
export interface Sample {
  readonly at: number;
  readonly heap: number;
  readonly calls: number;
  readonly callbacks: number;
}

export interface ThreadReadings {
  readonly thread: number;
  readonly collections: readonly Collection[];
  readonly samples: readonly Sample[];
}

/** Longer than the probe's pace: after this long, its files say what happened before. */
export const SETTLE_MS = 300;

/** Environment that loads the probe into every thread of a Nuncio; `what` adds samples to it. */
export function probeEnvironment(folder: string, what: "collections" | "heap" | "calls"): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${new URL("probe.ts", import.meta.url).href}`,
    BENCH_PROBE: folder,
    ...(what === "heap" && { BENCH_PROBE_SAMPLE: "1" }),
    ...(what === "calls" && { BENCH_PROBE_CALLS: "1" }),
  };
}

/** All threads' readings between two moments (milliseconds since the epoch). */
export function readProbe(folder: string, from: number, to: number): ThreadReadings[] {
  return readdirSync(folder).map((file) => {
    const collections: Collection[] = [];
    const samples: Sample[] = [];
    for (const text of readFileSync(join(folder, file), "utf8").split("\n")) {
      if (text === "") continue;
      const line = JSON.parse(text);
      if (line.at < from || line.at > to) continue;
      if (line.gc === undefined) samples.push(line as Sample);
      else collections.push({ at: line.at, ms: line.ms, major: isMajor(line.gc) });
    }
    return { thread: Number(/\d+/.exec(file)?.[0]), collections, samples };
  });
}

/**
 * Bytes allocated per millisecond by one thread: from the growth of the heap between neighbouring samples without a
 * collection between them.
 */
export function allocationRate({ samples, collections }: ThreadReadings): number {
  let bytes = 0;
  let milliseconds = 0;
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1] as Sample, samples[i] as Sample];
    if (collections.some(({ at }) => at > before.at && at < after.at)) continue;
    bytes += after.heap - before.heap;
    milliseconds += after.at - before.at;
  }
  return milliseconds === 0 ? 0 : bytes / milliseconds;
}

/** How far a count went up between the first and the last sample. */
export function countBetween({ samples }: ThreadReadings, what: "calls" | "callbacks"): number {
  return (samples.at(-1)?.[what] ?? 0) - (samples[0]?.[what] ?? 0);
}

/** Incremental marking steps and weak callbacks belong to a major collection; they count as one of their own here. */
function isMajor(kind: number): boolean {
  return kind !== constants.NODE_PERFORMANCE_GC_MINOR;
}

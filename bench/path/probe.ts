/**
 * A look inside a running Nuncio, from outside its code: `NODE_OPTIONS=--import=<this file>` loads it into the main thread
 * and every worker before anything else. Each thread appends to `$BENCH_PROBE/thread-<id>.jsonl`, `at` in milliseconds
 * since the epoch:
 *   {"at", "gc", "ms"}                a garbage collection: kind and pause
 *   {"at", "heap"}                    BENCH_PROBE_SAMPLE: bytes of JavaScript heap in use, ten times a second
 *   {"at", "calls", "callbacks"}      BENCH_PROBE_CALLS: JS to Wasm and Wasm to JS calls so far, ten times a second
 * Counting calls wraps every Wasm export in a JavaScript frame, and samples are garbage themselves: times and collections
 * are never taken together with them.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type PerformanceEntry, PerformanceObserver, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { threadId } from "node:worker_threads";

const SAMPLE_MS = 100;
const folder = process.env["BENCH_PROBE"];

/** Entries of type "gc" carry their kind in `detail` (constants.NODE_PERFORMANCE_GC_*). */
type GcEntry = PerformanceEntry & { readonly detail: { readonly kind: number } };

if (folder !== undefined) {
  const file = join(folder, `thread-${threadId}.jsonl`);
  const write = (line: object) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as GcEntry[]) {
      const at = performance.timeOrigin + entry.startTime;
      write({ at, gc: entry.detail.kind, ms: entry.duration });
    }
  }).observe({ entryTypes: ["gc"] });
  const now = () => performance.timeOrigin + performance.now();
  const sample = (read: () => object) => setInterval(() => write({ at: now(), ...read() }), SAMPLE_MS).unref();
  if (process.env["BENCH_PROBE_SAMPLE"] !== undefined) sample(() => ({ heap: getHeapStatistics().used_heap_size }));
  if (process.env["BENCH_PROBE_CALLS"] !== undefined) sample(countCalls());
}

/**
 * Replaces `WebAssembly.Instance` by one that counts. An export that is handed on as an import is unwrapped first: a call
 * from Wasm to Wasm stays one, and is not counted.
 */
function countCalls(): () => { calls: number; callbacks: number } {
  const counts = { calls: 0, callbacks: 0 };
  const originals = new WeakMap<object, WebAssembly.ImportValue>();
  const Plain = WebAssembly.Instance;
  type Call = (...values: unknown[]) => unknown;

  function countExport(value: unknown): unknown {
    if (typeof value !== "function") return value;
    const call = (...values: unknown[]) => {
      counts.calls++;
      return (value as Call)(...values);
    };
    originals.set(call, value as Call);
    return call;
  }

  function countImport(value: WebAssembly.ImportValue): WebAssembly.ImportValue {
    if (typeof value !== "function") return value;
    const original = originals.get(value);
    if (original !== undefined) return original;
    return (...values: unknown[]) => {
      counts.callbacks++;
      return (value as Call)(...values);
    };
  }

  function Counted(module: WebAssembly.Module, imports: WebAssembly.Imports = {}) {
    const counted = mapValues(imports, (members) => mapValues(members, countImport));
    return { exports: mapValues(new Plain(module, counted).exports, countExport) };
  }
  WebAssembly.Instance = Counted as unknown as typeof WebAssembly.Instance;
  return () => counts;
}

function mapValues<From, To>(record: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

/** Nanoseconds per request in the Wasm core alone, with the call into it; and the JavaScript bytes that this allocates. */
import { getHeapStatistics } from "node:v8";
import { coreCases, liveBlocks } from "../core/exchange.ts";
import { headerCases } from "../core/headers.ts";
import { type Figure, median, type Work } from "../figure.ts";
import { digits, printTable } from "../table.ts";

const BATCHES = 7;
const BATCH_NS = 60e6;
const QUICK_BATCH_NS = 15e6;

export const core: Work = {
  name: "core",
  title: "The Wasm core alone: nanoseconds and bytes per parsed request",
  async run(stand) {
    // Only now: the module must be built, and the other works do without.
    const { Core } = await import("../../host/wasm/core.ts");
    const subject = new Core();
    const batchNs = stand.quick ? QUICK_BATCH_NS : BATCH_NS;
    const figures: Figure[] = [];
    const rows: string[][] = [];
    const cases = [...coreCases(subject), ...headerCases(subject)];
    const kept = liveBlocks(subject);
    for (const { name, bytes, run } of cases) {
      // Warms up, and finds how many runs fill a batch.
      let runs = 1;
      while (timed(run, runs) < batchNs) runs *= 2;
      const heapBefore = getHeapStatistics().used_heap_size;
      const value = median(Array.from({ length: BATCHES }, () => timed(run, runs) / runs));
      const heap = getHeapStatistics().used_heap_size - heapBefore;
      if (liveBlocks(subject) !== kept) throw new Error(`"${name}" leaves blocks behind`);
      rows.push([
        name,
        bytes === 0 ? "" : String(bytes),
        digits(value),
        bytes === 0 ? "" : digits(value / bytes),
        digits(Math.max(0, heap) / (runs * BATCHES)),
      ]);
      figures.push({ name: `core: ${name}`, value, unit: "ns" });
    }
    printTable("The core alone, one thread", ["work", "bytes in", "ns", "ns/byte", "JS bytes allocated"], rows);
    return figures;
  },
};

function timed(run: () => void, runs: number): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < runs; i++) run();
  return Number(process.hrtime.bigint() - start);
}

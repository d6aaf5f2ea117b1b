// A thread that takes and returns permits without end, until it is terminated. It says once that it has begun, and keeps in
// shared words of its own how many permits it holds at once by its own account, and how often it was refused.

import { parentPort, workerData } from "node:worker_threads";
import { type LedgerShare, LedgerView } from "../../host/wasm/ledger.ts";

export interface LedgerWorkerData {
  readonly share: LedgerShare;
  readonly thread: number;
  readonly cell: number;
  /** Permits that it tries to hold at once. */
  readonly depth: number;
  /** [0] permits really held by all such threads together, [1] the most that were ever held, [2] refusals, [3] grants. */
  readonly tally: SharedArrayBuffer;
}

const { share, thread, cell, depth, tally } = workerData as LedgerWorkerData;
const permits = new LedgerView(share, thread).permits(cell);
const words = new Int32Array(tally);

parentPort?.postMessage("begun");
for (;;) {
  let held = 0;
  while (held < depth && permits.acquire()) {
    held++;
    const now = Atomics.add(words, 0, 1) + 1;
    if (now > Atomics.load(words, 1)) Atomics.store(words, 1, now);
    Atomics.add(words, 3, 1);
  }
  if (held < depth) Atomics.add(words, 2, 1);
  for (; held > 0; held--) {
    Atomics.sub(words, 0, 1);
    permits.release();
  }
}

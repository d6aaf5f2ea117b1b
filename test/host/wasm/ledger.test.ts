import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { CELLS_MAX } from "../../../host/wasm/layout.gen.ts";
import { Ledger, LedgerView, LIMIT_MAX } from "../../../host/wasm/ledger.ts";
import type { LedgerWorkerData } from "../../support/ledger_worker.ts";

describe("permits", () => {
  it("are granted up to the limit of the whole process", () => {
    const ledger = Ledger.create(3);
    const cell = ledger.allocateCell(2);
    const one = new LedgerView(ledger.share, 1).permits(cell);
    const two = new LedgerView(ledger.share, 2).permits(cell);
    expect([one.acquire(), two.acquire(), one.acquire(), two.acquire()]).toEqual([true, true, false, false]);
    expect([one.used, one.isOpen]).toEqual([2, true]);
    two.release();
    expect(one.isOpen).toBe(false);
    expect(one.acquire()).toBe(true);
    expect(ledger.audit()).toEqual([]);
  });

  it("may be taken beyond the limit by who always may, and are counted", () => {
    const ledger = Ledger.create(1);
    const cell = ledger.allocateCell(0);
    const permits = ledger.view.permits(cell);
    expect(permits.acquire()).toBe(false);
    permits.enter();
    expect([permits.used, permits.isOpen]).toEqual([1, true]);
    permits.release();
    expect(permits.used).toBe(0);
  });

  it("follow a limit that changes under traffic", () => {
    const ledger = Ledger.create(1);
    const cell = ledger.allocateCell(2);
    const permits = ledger.view.permits(cell);
    permits.acquire();
    permits.acquire();
    ledger.setLimit(cell, 1);
    permits.release();
    expect(permits.acquire()).toBe(false);
    ledger.setLimit(cell, 5_000_000_000);
    expect(ledger.limit(cell)).toBe(LIMIT_MAX);
    expect(permits.acquire()).toBe(true);
  });

  it("trap when a thread returns what it did not take", () => {
    const ledger = Ledger.create(2);
    const cell = ledger.allocateCell(5);
    ledger.view.permits(cell).acquire();
    expect(() => new LedgerView(ledger.share, 1).permits(cell).release()).toThrow(WebAssembly.RuntimeError);
    expect(ledger.used(cell)).toBe(1);
  });
});

describe("permits of a cell that is given back", () => {
  it("count where nobody looks, without a limit, and in each thread for itself", () => {
    const ledger = Ledger.create(3);
    const cell = ledger.allocateCell(1);
    const [one, two] = [1, 2].map((thread) => new LedgerView(ledger.share, thread).permits(cell));
    one?.acquire();
    expect(one?.mine).toBe(1);
    expect(() => one?.retire()).toThrow("1 permits");
    one?.release();
    one?.retire();
    two?.retire();
    ledger.freeCell(cell);
    expect([one?.acquire(), one?.acquire(), two?.acquire()]).toEqual([true, true, true]);
    expect(ledger.used(ledger.allocateCell(1))).toBe(0);
    expect([one?.mine, two?.mine]).toEqual([2, 1]);
    one?.release();
    two?.release();
    // The successor of a thread that died begins with none.
    ledger.giveBack(1);
    const next = new LedgerView(ledger.share, 1).permits(ledger.allocateCell(1));
    next.retire();
    expect(next.mine).toBe(0);
    expect(ledger.audit()).toEqual([]);
  });
});

describe("cells", () => {
  it("run out with an answer, and come back when freed", () => {
    const ledger = Ledger.create(1);
    const cells = Array.from({ length: CELLS_MAX }, () => ledger.allocateCell(1));
    expect(new Set(cells).size).toBe(CELLS_MAX);
    expect(cells).not.toContain(0);
    expect(ledger.allocateCell(1)).toBe(0);
    ledger.freeCell(cells[7] as number);
    expect(ledger.allocateCell(3)).toBe(cells[7]);
    expect(ledger.limit(cells[7] as number)).toBe(3);
  });

  it("cannot be freed in use", () => {
    const ledger = Ledger.create(1);
    const cell = ledger.allocateCell(1);
    ledger.view.permits(cell).acquire();
    expect(() => ledger.freeCell(cell)).toThrow("1 permits in use");
  });
});

describe("ledger", () => {
  it("refuses threads that it has no room for", () => {
    expect(() => Ledger.create(0)).toThrow(RangeError);
    expect(() => Ledger.create(100_000)).toThrow(RangeError);
    expect(() => new LedgerView(Ledger.create(2).share, 2)).toThrow(RangeError);
  });

  it("gives 65 threads stripes that fit below 4 GiB", () => {
    const { share } = Ledger.create(65);
    expect(share.memory.buffer.byteLength).toBeLessThan(2 ** 32);
    expect(share.stripeBytes).toBeGreaterThan(16 * 1024 * 1024);
  });
});

describe("two threads on one cell", () => {
  function start(ledger: Ledger, thread: number, cell: number, tally: SharedArrayBuffer): Worker {
    const workerData: LedgerWorkerData = { share: ledger.share, thread, cell, depth: 6, tally };
    return new Worker(new URL("../../support/ledger_worker.ts", import.meta.url), { workerData });
  }

  it("never hold more than the limit, and what a killed one held comes back", async () => {
    const limit = 8;
    const ledger = Ledger.create(3);
    const cell = ledger.allocateCell(limit);
    const tally = new SharedArrayBuffer(16);
    const words = new Int32Array(tally);
    const lasting = start(ledger, 1, cell, tally);
    await once(lasting, "message");
    let given = 0;
    for (let round = 0; round < 12; round++) {
      const victim = start(ledger, 2, cell, tally);
      await once(victim, "message");
      const before = Atomics.load(words, 3);
      // In mid-loop: after so many grants, wherever it happens to stand.
      while (Atomics.load(words, 3) < before + 2000 + round * 137) await new Promise(setImmediate);
      await victim.terminate();
      const back = ledger.giveBack(2);
      expect(back).toBeGreaterThanOrEqual(0);
      expect(back).toBeLessThanOrEqual(6);
      given += back;
    }
    await lasting.terminate();
    given += ledger.giveBack(1);
    expect(given).toBeGreaterThan(0);
    expect(Atomics.load(words, 2)).toBeGreaterThan(0);
    expect(ledger.used(cell)).toBe(0);
    expect(ledger.audit()).toEqual([]);
  });

  it("never hold more than the limit at any moment", async () => {
    const limit = 8;
    const ledger = Ledger.create(3);
    const cell = ledger.allocateCell(limit);
    const tally = new SharedArrayBuffer(16);
    const words = new Int32Array(tally);
    const threads = [start(ledger, 1, cell, tally), start(ledger, 2, cell, tally)];
    await Promise.all(threads.map((thread) => once(thread, "message")));
    while (Atomics.load(words, 3) < 200_000) await new Promise(setImmediate);
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect(Atomics.load(words, 1)).toBeLessThanOrEqual(limit);
    expect(Atomics.load(words, 2)).toBeGreaterThan(0);
  });
});

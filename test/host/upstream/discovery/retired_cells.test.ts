// Cells of what is gone: given back when no worker knows them any more.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RetiredCells } from "../../../../host/upstream/discovery/retired_cells.ts";
import { Ledger } from "../../../../host/wasm/ledger.ts";

let ledger: Ledger;
let held: ReadonlySet<number> | null;
let questions: (readonly number[])[];
let cells: RetiredCells;

beforeEach(() => {
  vi.useFakeTimers();
  ledger = Ledger.create(2);
  held = new Set();
  questions = [];
  cells = new RetiredCells(ledger, (asked) => {
    questions.push(asked);
    return Promise.resolve(held);
  });
});
afterEach(() => {
  cells.stop();
  vi.useRealTimers();
});

/** Whether the next cell that is wanted is this one. */
function isFree(cell: number): boolean {
  const next = ledger.allocateCell(1);
  if (ledger.used(next) === 0) ledger.freeCell(next);
  return next === cell;
}

it("come back once nobody holds them", async () => {
  const [a = 0, b = 0] = [ledger.allocateCell(1), ledger.allocateCell(1)];
  cells.add([a, b]);
  held = new Set([b]);
  expect(isFree(a)).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(isFree(a)).toBe(true);
  expect(cells.size).toBe(1);
  held = new Set();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(isFree(b)).toBe(true);
  expect(questions[0]).toEqual([a, b]);
  expect(questions.at(-1)).toEqual([b]);
  // Nothing waits: nobody is asked any more.
  const { length } = questions;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(questions).toHaveLength(length);
});

it("wait while a worker does not answer, and while a permit is out", async () => {
  const cell = ledger.allocateCell(1);
  const permits = ledger.view.permits(cell);
  permits.acquire();
  cells.add([cell]);
  held = null;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(cells.size).toBe(1);
  held = new Set();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(cells.size).toBe(1);
  permits.release();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(cells.size).toBe(0);
  expect(isFree(cell)).toBe(true);
});

it("are asked about no more once all is stopped", async () => {
  cells.add([ledger.allocateCell(1)]);
  cells.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(questions).toEqual([]);
});

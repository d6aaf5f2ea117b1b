/**
 * Cells of the ledger whose cluster or host is gone. They are given out again only when every worker has said that it does not
 * know them any more: until then requests that it has begun may count in them.
 */

import type { Ledger } from "../../wasm/ledger.ts";

/** Asks all workers which of these cells they may still count in; null: not all of them have answered. */
export type HoldingQuestion = (cells: readonly number[]) => Promise<ReadonlySet<number> | null>;

/** The workers are asked so often while there are some. */
const ASK_MS = 2_000;

export class RetiredCells {
  private readonly ledger: Ledger;
  private readonly holding: HoldingQuestion;
  private readonly cells = new Set<number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(ledger: Ledger, holding: HoldingQuestion) {
    this.ledger = ledger;
    this.holding = holding;
  }

  /** How many wait. */
  get size(): number {
    return this.cells.size;
  }

  /** Nothing that is handed to workers from now on names these cells. */
  add(cells: Iterable<number>): void {
    for (const cell of cells) this.cells.add(cell);
    this.askLater();
  }

  /** Asks, and gives back what nobody holds. */
  async collect(): Promise<void> {
    const asked = [...this.cells];
    const held = await this.holding(asked);
    if (held === null) return;
    for (const cell of asked) {
      // A permit that is still out although nobody knows the cell: better lost than shared.
      if (held.has(cell) || this.ledger.used(cell) !== 0) continue;
      this.cells.delete(cell);
      this.ledger.freeCell(cell);
    }
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.cells.clear();
  }

  private askLater(): void {
    if (this.timer !== null || this.cells.size === 0) return;
    this.timer = setTimeout(() => {
      void this.collect().finally(() => {
        if (this.timer === null) return;
        this.timer = null;
        this.askLater();
      });
    }, ASK_MS);
    this.timer.unref();
  }
}

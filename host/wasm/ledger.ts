/**
 * The ledger: one shared memory for all threads of the process, seen by each through its own instance of ledger.wasm.
 *
 *   0          reserved   64 KiB
 *   cells      CELLS_MAX x 128 bytes       shared: permits (circuit breakers), active requests of a host
 *   held       threads x CELLS_MAX x 4     one region per thread: what it holds of each cell
 *   stripes    threads x stripeBytes       one region per thread: counters, gauges, histogram bins, f64 each
 *
 * Thread 0 is the main thread, workers are 1 to N; a replaced worker takes the number of the dead one. The main thread makes
 * the ledger (`Ledger`), hands out cells and sets limits; the addresses of cells travel in the snapshot. Each worker opens a
 * `LedgerView` on the same memory. Pages that nobody touches cost address space and nothing else.
 */

import { loadAsset } from "./assets.ts";
import { CELL_BYTES, CELL_LIMIT, CELLS_MAX, HELD_BYTES, type LedgerExports } from "./layout.gen.ts";

const RESERVED_BYTES = 65_536;
const PAGE_BYTES = 65_536;
/** The most that a thread gets for its stats: 8 million counters, or 7,700 histograms. Less when there are many threads. */
const STRIPE_BYTES_MAX = 64 * 1024 * 1024;
/** Below this a proxy of ordinary size has no room for its stats. */
const STRIPE_BYTES_MIN = 1024 * 1024;
/** What 32-bit addresses reach, less one page. */
const MEMORY_BYTES_MAX = 2 ** 32 - PAGE_BYTES;
/** Main thread and workers. */
export const THREADS_MAX = 1025;
/** A limit that no process reaches: Envoy's "unlimited". */
export const LIMIT_MAX = 2 ** 31 - 1;

const CELLS_AT = RESERVED_BYTES;
const HELD_AT = CELLS_AT + CELLS_MAX * CELL_BYTES;
const HELD_REGION_BYTES = CELLS_MAX * HELD_BYTES;
/** In the reserved page: a cell without a limit for permits of what is gone, and what each thread holds of it. */
const SPARE_CELL = CELL_BYTES;
const SPARE_HELD_AT = SPARE_CELL + CELL_BYTES;

/** What another thread needs to open its view; structured-clonable, the memory is shared by cloning. */
export interface LedgerShare {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly stripeBytes: number;
}

/**
 * The permits of one cell as one thread takes them: a circuit breaker, or the active requests of a host. Made once per
 * cluster and thread, used without allocation.
 */
export class Permits {
  private readonly view: LedgerView;
  private readonly ledger: LedgerExports;
  private cell: number;
  private held: number;

  constructor(view: LedgerView, cell: number) {
    this.view = view;
    this.ledger = view.exports;
    this.cell = cell;
    this.held = heldAt(view.thread, cell);
  }

  /** Takes a permit, or answers false when as many are in use in the whole process as the limit allows. */
  acquire(): boolean {
    return this.ledger.acquire(this.cell, this.held) !== 0;
  }

  /** Takes a permit whatever the limit: a pool without any connection may always open one. */
  enter(): void {
    this.ledger.enter(this.cell, this.held);
  }

  /** Returns one permit that this thread took. Returning more than that traps: it would be our own fault. */
  release(): void {
    this.ledger.release(this.cell, this.held);
  }

  /** Permits that this thread has. */
  get mine(): number {
    return this.view.words[this.held >> 2] as number;
  }

  /**
   * The cell is given back: whoever still keeps these permits takes them from a cell without a limit that nobody looks at.
   * Only when this thread has none.
   */
  retire(): void {
    if (this.mine !== 0)
      throw new Error(`ledger: cell ${this.cell} is retired with ${this.mine} permits of this thread`);
    this.cell = SPARE_CELL;
    this.held = SPARE_HELD_AT + this.view.thread * HELD_BYTES;
  }

  /** `acquire`, and `enter` of the other cell where that was granted: one call for what every request does. */
  acquireAndEnter(other: Permits): boolean {
    return this.ledger.acquireAndEnter(this.cell, this.held, other.cell, other.held) !== 0;
  }

  /** `release` of both. */
  releaseWith(other: Permits): void {
    this.ledger.releaseBoth(this.cell, this.held, other.cell, other.held);
  }

  /** Permits in use in the whole process. */
  get used(): number {
    return this.ledger.used(this.cell);
  }

  /** True when `acquire` would be refused now. */
  get isOpen(): boolean {
    return this.ledger.isOpen(this.cell) !== 0;
  }
}

/** The ledger as one thread sees it. */
export class LedgerView {
  readonly exports: LedgerExports;
  readonly thread: number;
  /** The whole memory as slots of eight bytes; index = address / 8. */
  readonly slots: Float64Array;
  /** The same in words; index = address / 4. */
  readonly words: Int32Array;
  /** First slot of this thread's stripe, and the one after its last. */
  readonly stripeStart: number;
  readonly stripeEnd: number;

  constructor(share: LedgerShare, thread: number) {
    if (!(thread >= 0 && thread < share.threads))
      throw new RangeError(`ledger: no thread ${thread} of ${share.threads}`);
    const module = new WebAssembly.Module(loadAsset("ledger.wasm"));
    this.exports = instantiate(module, share.memory);
    this.thread = thread;
    this.slots = new Float64Array(share.memory.buffer);
    this.words = new Int32Array(share.memory.buffer);
    this.stripeStart = stripeAt(share, thread) / 8;
    this.stripeEnd = this.stripeStart + share.stripeBytes / 8;
  }

  /** The permits of a cell for this thread. `cell` is an address from `Ledger.allocateCell`. */
  permits(cell: number): Permits {
    return new Permits(this, cell);
  }
}

/** The main thread's ledger: makes the memory, gives out cells, takes back what dead threads held. */
export class Ledger {
  readonly share: LedgerShare;
  readonly view: LedgerView;
  private readonly words: Int32Array;
  private readonly freeCells: number[] = [];
  private cellsInUse = 0;

  private constructor(share: LedgerShare) {
    this.share = share;
    this.view = new LedgerView(share, 0);
    this.words = this.view.words;
    this.setLimit(SPARE_CELL, LIMIT_MAX);
  }

  /**
   * A ledger for so many threads, the main thread counted. Throws RangeError when there are more than THREADS_MAX or the
   * system has no room for the smallest one.
   */
  static create(threads: number): Ledger {
    if (!(threads >= 1 && threads <= THREADS_MAX)) throw new RangeError(`ledger: ${threads} threads`);
    const fixed = HELD_AT + threads * HELD_REGION_BYTES;
    const room = Math.floor((MEMORY_BYTES_MAX - fixed) / threads / PAGE_BYTES) * PAGE_BYTES;
    let stripeBytes = Math.min(STRIPE_BYTES_MAX, room);
    for (;;) {
      const pages = Math.ceil((fixed + threads * stripeBytes) / PAGE_BYTES);
      try {
        const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
        return new Ledger({ memory, threads, stripeBytes });
      } catch (error) {
        // A system that does not overcommit may refuse what it would never have to give: ask for less.
        stripeBytes = Math.floor(stripeBytes / 2 / PAGE_BYTES) * PAGE_BYTES;
        if (!(error instanceof RangeError) || stripeBytes < STRIPE_BYTES_MIN) throw error;
      }
    }
  }

  /**
   * A fresh cell with a limit (0: nobody may acquire; LIMIT_MAX: no limit). Its address, or 0 when all CELLS_MAX are in
   * use: then the cluster or host that asks for it is refused.
   */
  allocateCell(limit: number): number {
    let cell = this.freeCells.pop() ?? 0;
    if (cell === 0) {
      if (this.cellsInUse === CELLS_MAX) return 0;
      cell = CELLS_AT + this.cellsInUse * CELL_BYTES;
      this.cellsInUse++;
    }
    this.setLimit(cell, limit);
    return cell;
  }

  /** Changes a limit under traffic. Permits above a lowered limit stay with their owners until released. */
  setLimit(cell: number, limit: number): void {
    Atomics.store(this.words, (cell + CELL_LIMIT) >> 2, Math.max(0, Math.min(limit, LIMIT_MAX)));
  }

  limit(cell: number): number {
    return Atomics.load(this.words, (cell + CELL_LIMIT) >> 2);
  }

  used(cell: number): number {
    return Atomics.load(this.words, cell >> 2);
  }

  /** Takes a cell back once no thread knows its address any more. A cell that is still used is our own fault: throws. */
  freeCell(cell: number): void {
    if (this.used(cell) !== 0) throw new Error(`ledger: cell ${cell} is freed with ${this.used(cell)} permits in use`);
    this.freeCells.push(cell);
  }

  /** Returns the permits of a thread that is gone (after `await worker.terminate()`); gives their number. */
  giveBack(thread: number): number {
    this.view.exports.giveBack(SPARE_CELL, SPARE_HELD_AT + thread * HELD_BYTES, 1);
    return this.view.exports.giveBack(CELLS_AT, HELD_AT + thread * HELD_REGION_BYTES, this.cellsInUse);
  }

  /**
   * Cells whose count differs from what the threads hold together. Exact only while nobody works; under traffic a cell may
   * show up for a moment, so a caller asks twice before it believes.
   */
  audit(): readonly { cell: number; used: number; held: number }[] {
    const wrong = [];
    for (let index = 0; index < this.cellsInUse; index++) {
      const cell = CELLS_AT + index * CELL_BYTES;
      let held = 0;
      for (let thread = 0; thread < this.share.threads; thread++) {
        held += Atomics.load(this.words, heldAt(thread, cell) >> 2);
      }
      const used = this.used(cell);
      if (used !== held) wrong.push({ cell, used, held });
    }
    return wrong;
  }

  /** Clears the stripe of a thread that is gone, up to a slot, for its successor. */
  clearStripe(thread: number, endSlot: number): void {
    this.view.slots.fill(0, stripeAt(this.share, thread) / 8, endSlot);
  }
}

function stripeAt(share: LedgerShare, thread: number): number {
  return HELD_AT + share.threads * HELD_REGION_BYTES + thread * share.stripeBytes;
}

function heldAt(thread: number, cell: number): number {
  return HELD_AT + thread * HELD_REGION_BYTES + ((cell - CELLS_AT) / CELL_BYTES) * HELD_BYTES;
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): LedgerExports {
  const env = { memory, abort: () => undefined };
  return new WebAssembly.Instance(module, { env }).exports as unknown as LedgerExports;
}

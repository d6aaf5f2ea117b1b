/**
 * Output slabs cut from one region of memory: a fixed number, taken and given back.
 *
 *   offset                offset + slabBytes              offset + slabBytes * count
 *     |        slab 0        |        slab 1        | ... |
 *
 * An empty pool answers null: the caller pauses the source until something is released.
 */

import type { OutputSlab } from "./socket.ts";

/** Views that one slab keeps. Responses of a service come in few lengths; the rest is made anew. */
const VIEWS_MAX = 64;

export interface PooledSlab extends OutputSlab {
  /** Where the slab begins in memory. */
  readonly offset: number;
}

export class SlabPool {
  readonly count: number;
  private readonly free: Slab[] = [];
  private onReleased: (() => void) | null = null;

  constructor(memory: ArrayBufferLike, offset: number, slabBytes: number, count: number) {
    this.count = count;
    for (let index = count - 1; index >= 0; index--) {
      this.free.push(new Slab(this, memory, offset + index * slabBytes, slabBytes));
    }
  }

  get inUse(): number {
    return this.count - this.free.length;
  }

  take(): PooledSlab | null {
    return this.free.pop() ?? null;
  }

  /** Calls once, when the next slab is released: for whoever found the pool empty. */
  notifyOnRelease(callback: () => void): void {
    this.onReleased = callback;
  }

  giveBack(slab: Slab): void {
    this.free.push(slab);
    const callback = this.onReleased;
    if (callback === null) return;
    this.onReleased = null;
    callback();
  }
}

class Slab implements PooledSlab {
  readonly bytes: Uint8Array;
  readonly offset: number;
  private readonly pool: SlabPool;
  private readonly memory: ArrayBufferLike;
  /** Direct-mapped by length: a length that comes often stays, a rare one takes a place and loses it again. */
  private readonly views: (Uint8Array | undefined)[] = new Array(VIEWS_MAX);

  constructor(pool: SlabPool, memory: ArrayBufferLike, offset: number, slabBytes: number) {
    this.pool = pool;
    this.memory = memory;
    this.offset = offset;
    this.bytes = new Uint8Array(memory, offset, slabBytes);
  }

  view(length: number): Uint8Array {
    const place = length % VIEWS_MAX;
    const cached = this.views[place];
    if (cached !== undefined && cached.length === length) return cached;
    const view = new Uint8Array(this.memory, this.offset, length);
    this.views[place] = view;
    return view;
  }

  release(): void {
    this.pool.giveBack(this);
  }
}

/**
 * Gathers what one turn of the event loop has to say to one socket, so that a head and the body that came with it leave
 * in one write. All connections of a worker share it: asking for room on behalf of another connection writes out
 * what is gathered first, so the order of bytes on each connection is the order of the calls.
 *
 * Who encodes asks for room, writes at the address, and commits the length; the end of each callback from the event loop flushes.
 */

import type { PooledSlab, SlabPool } from "./slab_pool.ts";
import { type OutputSlab, type Socket, WRITE_PINNED } from "./socket.ts";

/** A connection that writes. */
export interface OutputTarget {
  readonly socket: Socket;
  /** Its pending output went above the high watermark; `onDrain` of the socket tells when it fell. */
  onOutputBlocked(): void;
  /** Its peer reads too slowly at a time when slow peers pin all slabs: it is to reset its socket. */
  onOutputStarved(): void;
}

export class Output {
  private slab: PooledSlab;
  private used = 0;
  private target: OutputTarget | null = null;
  private readonly slabs: SlabPool;
  private readonly slabBytes: number;

  constructor(slabs: SlabPool) {
    this.slabs = slabs;
    this.slab = taken(slabs);
    this.slabBytes = this.slab.bytes.length;
  }

  /** Address at which bytes for `target` may be written; `space` says how many. */
  room(target: OutputTarget): number {
    if (this.target !== target) {
      if (this.used > 0) this.flush();
      this.target = target;
    }
    return this.slab.offset + this.used;
  }

  /** Bytes left in the current slab. */
  get space(): number {
    return this.slabBytes - this.used;
  }

  /** `length` bytes were written at the address that `room` gave. */
  commit(length: number): void {
    this.used += length;
  }

  /** Adds bytes that lie elsewhere in the slabs' memory: what no single slab holds leaves in several. */
  copy(target: OutputTarget, address: number, length: number): void {
    const memory = new Uint8Array(this.slab.bytes.buffer);
    let from = address;
    const end = address + length;
    while (from < end) {
      if (this.space === 0) this.flush();
      const to = this.room(target);
      const piece = Math.min(this.space, end - from);
      memory.copyWithin(to, from, from + piece);
      this.commit(piece);
      from += piece;
    }
  }

  /** Hands what is gathered to the socket. */
  flush(): void {
    const target = this.target;
    const used = this.used;
    this.target = null;
    if (target === null || used === 0) return;
    this.used = 0;
    const socket = target.socket;
    if (this.slabs.inUse === this.slabs.count) {
      if (socket.write(new HeapSlab(this.slab.view(used)), used) === WRITE_PINNED) target.onOutputStarved();
      return;
    }
    if (socket.write(this.slab, used) !== WRITE_PINNED) return;
    this.slab = taken(this.slabs);
    if (socket.aboveHighWatermark) target.onOutputBlocked();
  }
}

function taken(slabs: SlabPool): PooledSlab {
  const slab = slabs.take();
  if (slab === null) throw new Error("the pool of output slabs is empty");
  return slab;
}

/** The last resort when all slabs are pinned: bytes on the heap, for one write whose rest, if any, ends with a reset. */
class HeapSlab implements OutputSlab {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice();
  }

  view(length: number): Uint8Array {
    return this.bytes.subarray(0, length);
  }

  release(): void {}
}

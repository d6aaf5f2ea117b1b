/**
 * Gathers what a pass of the event loop (host/net/loop_pass) has to say to each socket, so that a head and the body that came with it,
 * or the answers on many streams of one connection, leave in one write. All connections of a worker share it.
 *
 *   room(a) commit  room(b) commit  room(a) commit   -->   place 0: a's bytes, in the order of the calls | place 1: b's
 *   flush                                            -->   one write for each place, oldest first
 *
 * Who encodes asks for room, writes at the address, and commits the length. The end of a read leaves what was gathered until the loop
 * has gone through all sockets that are ready (measured with 32 connections of HTTP/1: a fifth less CPU per request); the end of
 * any other callback flushes. Who closes a socket flushes before.
 */

import type { LoopPass } from "./loop_pass.ts";
import type { PooledSlab, SlabPool } from "./slab_pool.ts";
import { type OutputSlab, type Socket, WRITE_PINNED } from "./socket.ts";

/** Nothing is gathered for this target. */
export const NO_PLACE = -1;

/** A connection that writes. */
export interface OutputTarget {
  readonly socket: Socket;
  /** The output's own note: where it gathers for this target. NO_PLACE at first. */
  outputPlace: number;
  /** Its pending output went above the high watermark; `onDrain` of the socket tells when it fell. */
  onOutputBlocked(): void;
  /** Its peer reads too slowly at a time when slow peers pin all slabs: it is to reset its socket. */
  onOutputStarved(): void;
}

/** Targets that are gathered for at a time. */
const PLACES_MAX = 64;
/** More than this for one target is not left for the end of the pass: bulk is not worth the memory that it would hold meanwhile. */
const LEFT_BYTES_MAX = 32_768;

export class Output {
  private readonly slabs: SlabPool;
  private readonly slabBytes: number;
  private readonly pass: LoopPass | null;
  /** Gathers when slow peers pin all others. */
  private readonly reserve: PooledSlab;
  /** Places [first, end) are in use, oldest first; one whose target is null has been written. */
  private readonly targets: (OutputTarget | null)[] = new Array(PLACES_MAX).fill(null);
  private readonly placeSlabs: PooledSlab[] = [];
  private readonly placeBytes = new Uint32Array(PLACES_MAX);
  private first = 0;
  private end = 0;
  /** For whom bytes are gathered now, and what their place holds: written back when it is another's turn. */
  private target: OutputTarget | null = null;
  private slab: PooledSlab;
  private used = 0;

  /** @param pass null: nothing is left for the end of a pass */
  constructor(slabs: SlabPool, pass: LoopPass | null = null) {
    this.pass = pass;
    if (pass !== null) pass.writeOut = () => this.flush();
    this.slabs = slabs;
    const reserve = slabs.take();
    if (reserve === null) throw new Error("the pool of output slabs is empty");
    this.reserve = reserve;
    this.slab = reserve;
    this.slabBytes = reserve.bytes.length;
  }

  /** Address at which bytes for `target` may be written; `space` says how many. */
  room(target: OutputTarget): number {
    if (this.target !== target) this.turnTo(target);
    return this.slab.offset + this.used;
  }

  /** Bytes left behind the address that `room` gave. */
  get space(): number {
    return this.slabBytes - this.used;
  }

  /** `length` bytes were written at that address. */
  commit(length: number): void {
    this.used += length;
  }

  /** Something that was encoded for `target` has not been handed to its socket. */
  holds(target: OutputTarget): boolean {
    const place = target.outputPlace;
    return place !== NO_PLACE && (this.target === target ? this.used : (this.placeBytes[place] as number)) > 0;
  }

  /** Adds bytes that lie elsewhere in the slabs' memory: what no single slab holds leaves in several. */
  copy(target: OutputTarget, address: number, length: number): void {
    const memory = new Uint8Array(this.slab.bytes.buffer);
    let from = address;
    const end = address + length;
    while (from < end) {
      const to = this.room(target);
      const piece = Math.min(this.space, end - from);
      memory.copyWithin(to, from, from + piece);
      this.commit(piece);
      from += piece;
      if (this.space === 0) this.flush();
    }
  }

  /** The end of a read: what is gathered leaves when all sockets that are ready have been read. */
  defer(): void {
    if (this.end === 0) return;
    if (this.pass === null || this.used > LEFT_BYTES_MAX) this.flush();
    else this.pass.endLater();
  }

  /**
   * Hands what is gathered to the sockets. One whose write pins its slab may tell its owner, who may gather and flush anew: then the rest
   * is written in there, and none twice.
   */
  flush(): void {
    while (this.first < this.end) {
      this.putAway();
      this.write(this.first++);
    }
    this.first = 0;
    this.end = 0;
  }

  /** Goes on where `target`'s bytes are gathered. */
  private turnTo(target: OutputTarget): void {
    if (target.outputPlace === NO_PLACE) this.open(target);
    this.putAway();
    const place = target.outputPlace;
    this.target = target;
    this.slab = this.placeSlabs[place] as PooledSlab;
    this.used = this.placeBytes[place] as number;
  }

  private putAway(): void {
    const { target } = this;
    if (target === null) return;
    this.target = null;
    this.placeBytes[target.outputPlace] = this.used;
    this.used = 0;
  }

  private open(target: OutputTarget): void {
    if (this.end === PLACES_MAX || this.slabs.inUse === this.slabs.count) this.flush();
    const slab = this.slabs.take() ?? this.reserve;
    const place = this.end++;
    this.targets[place] = target;
    this.placeSlabs[place] = slab;
    this.placeBytes[place] = 0;
    target.outputPlace = place;
  }

  private write(place: number): void {
    const target = this.targets[place] as OutputTarget;
    const slab = this.placeSlabs[place] as PooledSlab;
    const length = this.placeBytes[place] as number;
    this.targets[place] = null;
    target.outputPlace = NO_PLACE;
    const { socket } = target;
    if (slab === this.reserve) {
      if (length > 0 && socket.write(new HeapSlab(slab.view(length)), length) === WRITE_PINNED)
        target.onOutputStarved();
    } else if (length === 0 || socket.write(slab, length) !== WRITE_PINNED) {
      slab.release();
    } else if (socket.aboveHighWatermark) {
      target.onOutputBlocked();
    }
  }
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

/**
 * Small reads of one pass of the event loop (host/net/loop_pass), kept until libuv has read all sockets that are ready.
 *
 *   read buffer --hold--> [ read 0 | read 1 | ... ] --handOut--> onStagedRead, in the order of the reads
 *
 * A read that is larger, or for which there is no room, is not worth the wait: `hold` refuses it after having handed out what was
 * kept, so that the order stays. Each socket has one read here at most: whoever hears more of a socket that has calls `handOut` first.
 */

import type { LoopPass } from "./loop_pass.ts";

/** Reads that may wait at a time. */
const READS_MAX = 64;
/** A larger read is handled at once. */
const READ_BYTES_MAX = 4_096;
/** Each read begins on a cache line. */
const ALIGNMENT = 64;

/** Whose read waits. */
export interface StagedReader {
  /** Bytes [address, address + length) of core memory were read. Throws nothing. */
  onStagedRead(address: number, length: number): void;
}

/** The memory that reads wait in, and the way there. */
export interface StageMemory {
  readonly start: number;
  readonly byteLength: number;
  copy(to: number, from: number, length: number): void;
}

export class ReadStage {
  private readonly memory: StageMemory;
  private readonly pass: LoopPass;
  /** Time stands still while the reads of a pass are handed out. */
  private readonly onWake: () => void;
  /** [0, count) wait. */
  private readonly readers: (StagedReader | null)[] = new Array(READS_MAX).fill(null);
  private readonly lengths = new Uint32Array(READS_MAX);
  private count = 0;
  private used = 0;

  constructor(memory: StageMemory, pass: LoopPass, onWake: () => void) {
    this.memory = memory;
    this.pass = pass;
    this.onWake = onWake;
    pass.handOut = () => this.handOut();
  }

  /** Keeps `length` bytes that were read to `address`; false: they are to be handled now. */
  hold(reader: StagedReader, address: number, length: number): boolean {
    const { memory } = this;
    if (length > READ_BYTES_MAX) return false;
    if (this.count === READS_MAX || this.used + length > memory.byteLength) {
      this.handOut();
      return false;
    }
    memory.copy(memory.start + this.used, address, length);
    this.readers[this.count] = reader;
    this.lengths[this.count++] = length;
    this.used += (length + ALIGNMENT - 1) & -ALIGNMENT;
    this.pass.endLater();
    return true;
  }

  /** Hands out what waits. */
  handOut(): void {
    const { count, lengths, readers } = this;
    if (count === 0) return;
    this.count = 0;
    this.used = 0;
    let at = this.memory.start;
    this.onWake();
    for (let i = 0; i < count; i++) {
      const reader = readers[i] as StagedReader;
      const length = lengths[i] as number;
      readers[i] = null;
      reader.onStagedRead(at, length);
      at += (length + ALIGNMENT - 1) & -ALIGNMENT;
    }
  }
}

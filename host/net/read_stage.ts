/**
 * Small reads of one pass of the event loop (host/net/loop_pass), kept until libuv has read all sockets that are ready.
 *
 *   read buffer --hold--> [ read 0 | read 1 | ... ] --handOut--> onStagedRead: answers first, then questions
 *
 * What upstreams say comes before what clients say: an answer ends something, and gives back its connection and its memory, still warm, to
 * the questions behind it; and code that does one kind of work stays in the caches (a hundredth of the CPU per request).
 *
 * A read that is larger, or for which there is no room, is not worth the wait: `hold` refuses it after having handed out what was
 * kept, so that the order stays. Each socket has one read here at most: whoever hears more of a socket that has calls `handOut` first.
 */

import type { LoopPass } from "./loop_pass.ts";

/** Reads of each kind that may wait at a time. */
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

/** Reads in the order in which they came; [0, count) wait. */
class Reads {
  readonly readers: (StagedReader | null)[] = new Array(READS_MAX).fill(null);
  readonly addresses = new Uint32Array(READS_MAX);
  readonly lengths = new Uint32Array(READS_MAX);
  count = 0;

  handOut(): void {
    const { addresses, count, lengths, readers } = this;
    this.count = 0;
    for (let i = 0; i < count; i++) {
      const reader = readers[i] as StagedReader;
      readers[i] = null;
      reader.onStagedRead(addresses[i] as number, lengths[i] as number);
    }
  }
}

export class ReadStage {
  private readonly memory: StageMemory;
  private readonly pass: LoopPass;
  /** Time stands still while the reads of a pass are handed out. */
  private readonly onWake: () => void;
  /** From connections that we made. */
  private readonly answers = new Reads();
  /** From connections that we accepted. */
  private readonly questions = new Reads();
  private used = 0;

  constructor(memory: StageMemory, pass: LoopPass, onWake: () => void) {
    this.memory = memory;
    this.pass = pass;
    this.onWake = onWake;
    pass.handOut = () => this.handOut();
  }

  /** Keeps `length` bytes that were read to `address`; false: they are to be handled now. */
  hold(reader: StagedReader, isAnswer: boolean, address: number, length: number): boolean {
    if (length > READ_BYTES_MAX) return false;
    const { memory } = this;
    const reads = isAnswer ? this.answers : this.questions;
    if (reads.count === READS_MAX || this.used + length > memory.byteLength) {
      this.handOut();
      return false;
    }
    const at = memory.start + this.used;
    memory.copy(at, address, length);
    reads.readers[reads.count] = reader;
    reads.addresses[reads.count] = at;
    reads.lengths[reads.count++] = length;
    this.used += (length + ALIGNMENT - 1) & -ALIGNMENT;
    this.pass.endLater();
    return true;
  }

  /** Hands out what waits. */
  handOut(): void {
    if (this.used === 0) return;
    this.used = 0;
    this.onWake();
    this.answers.handOut();
    this.questions.handOut();
  }
}

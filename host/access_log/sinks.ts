/**
 * A worker's end of the access logs: lines are gathered per file and posted to the main thread, which owns the files, in
 * batches. Logging a line is one concatenation; nothing waits for a disk.
 */

import type { Timer, TimerOwner, Timers } from "../net/clock.ts";

/** A batch is posted when it is so large ... */
const BATCH_BYTES = 64 * 1024;
/** ... or so old. */
const BATCH_AGE_MS = 100;
/** So many bytes may be on their way to the main thread; what comes beyond is dropped and counted, for memory is bounded. */
export const SINK_IN_FLIGHT_BYTES_MAX = 16 * 1024 * 1024;

/** Lines of one file, on their way to the main thread. */
export type LogBatch = {
  /** Path of the file; "/dev/stdout" and "/dev/stderr" are the process's own. */
  readonly path: string;
  /** Whole lines. Its buffer may be transferred. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines that found no room since the last batch of this file. */
  readonly dropped: number;
};

export type AccessLogSink = {
  /** A line in latin1, with its newline. */
  write(line: string): void;
};

export type SinkOptions = {
  readonly timers: Timers;
  /** Takes a batch to the main thread, which answers with `acknowledge`. */
  post(batch: LogBatch): void;
  /** Reads a file that a format names. */
  readFile(path: string): Uint8Array;
};

/** All sinks of one worker. */
export class AccessLogSinks implements TimerOwner {
  readonly readFile: (path: string) => Uint8Array;
  private readonly options: SinkOptions;
  private readonly timer: Timer;
  private readonly batches = new Map<string, Batch>();
  private inFlight = 0;

  constructor(options: SinkOptions) {
    this.options = options;
    this.readFile = options.readFile;
    this.timer = options.timers.timer(this);
  }

  /** The sink of a file; the same path gives the same sink. */
  sink(path: string): AccessLogSink {
    let batch = this.batches.get(path);
    if (batch === undefined) {
      batch = new Batch(path, this);
      this.batches.set(path, batch);
    }
    return batch;
  }

  /** Posts what is gathered: before the worker ends, and by its timer. */
  flush(): void {
    this.timer.stop();
    for (const batch of this.batches.values()) batch.flush();
  }

  onTimer(): void {
    this.flush();
  }

  /** The main thread has taken over so many bytes. */
  acknowledge(bytes: number): void {
    this.inFlight -= bytes;
  }

  /** A batch has its first line. */
  arm(): void {
    if (!this.timer.isArmed) this.timer.start(BATCH_AGE_MS);
  }

  /** Bytes that may still be gathered or posted. */
  get room(): number {
    return SINK_IN_FLIGHT_BYTES_MAX - this.inFlight;
  }

  post(batch: LogBatch): void {
    this.inFlight += batch.bytes.length;
    this.options.post(batch);
  }
}

class Batch implements AccessLogSink {
  private readonly path: string;
  private readonly sinks: AccessLogSinks;
  private text = "";
  private dropped = 0;

  constructor(path: string, sinks: AccessLogSinks) {
    this.path = path;
    this.sinks = sinks;
  }

  write(line: string): void {
    if (this.text.length + line.length > this.sinks.room) {
      this.dropped++;
      this.sinks.arm();
      return;
    }
    if (this.text === "") this.sinks.arm();
    this.text += line;
    if (this.text.length >= BATCH_BYTES) this.flush();
  }

  flush(): void {
    const { text, dropped, path } = this;
    if (text === "" && dropped === 0) return;
    this.text = "";
    this.dropped = 0;
    // An ArrayBuffer of its own, not Node's shared pool: so it can be transferred.
    const bytes = new Uint8Array(text.length);
    Buffer.from(bytes.buffer).write(text, "latin1");
    this.sinks.post({ path, bytes, dropped });
  }
}

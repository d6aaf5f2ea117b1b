/**
 * The main thread's end of the access logs: it owns the files. Lines are gathered and written when there are enough of
 * them or when the flush interval is over (Envoy's `--file-flush-min-size-kb` and `--file-flush-interval-msec`), one
 * write at a time per file, never on the path of a request. A file that cannot be written is said once and costs lines, not traffic.
 */

import { close, closeSync, open, openSync, write, writeSync } from "node:fs";
import type { Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { Counter, Gauge, Scope } from "../stats/scope.ts";
import type { LogBatch } from "./sinks.ts";

/** Bytes that wait for one file; what comes beyond is dropped and counted as `write_failed`. */
export const FILE_BUFFER_BYTES_MAX = 16 * 1024 * 1024;
/** A pipe whose reader is slow says EAGAIN: try again after so long. */
const RETRY_MS = 10;

/** rw-r--r--, appended to: several processes may share a file. */
const FILE_MODE = 0o644;
const FILE_FLAGS = "a";

/** Streams of the process are not opened by name: a socket cannot be, and a name would start a second offset. */
const STANDARD: Readonly<Record<string, number>> = { "/dev/stdout": 1, "/dev/stderr": 2 };

export type FileOptions = {
  readonly timers: Timers;
  /** The root scope: stats are `filesystem.*`. */
  readonly scope: Scope;
  readonly flushIntervalMs: number;
  readonly flushMinBytes: number;
  /** Says to the operator what went wrong with a file, once until it works again. */
  warn(message: string): void;
};

type Stats = {
  readonly flushedByTimer: Counter;
  readonly reopenFailed: Counter;
  readonly writeBuffered: Counter;
  readonly writeCompleted: Counter;
  readonly writeFailed: Counter;
  readonly writeTotalBuffered: Gauge;
};

/** All access log files of the process. */
export class AccessLogFiles implements TimerOwner {
  private readonly options: FileOptions;
  private readonly stats: Stats;
  private readonly timer: Timer;
  private readonly files = new Map<string, LogFile>();

  constructor(options: FileOptions) {
    this.options = options;
    const scope = options.scope.scope("filesystem");
    this.stats = {
      flushedByTimer: scope.counter("flushed_by_timer"),
      reopenFailed: scope.counter("reopen_failed"),
      writeBuffered: scope.counter("write_buffered"),
      writeCompleted: scope.counter("write_completed"),
      writeFailed: scope.counter("write_failed"),
      writeTotalBuffered: scope.gauge("write_total_buffered"),
    };
    this.timer = options.timers.timer(this);
    this.timer.start(options.flushIntervalMs);
  }

  /** Takes lines over. */
  write({ path, bytes, dropped }: LogBatch): void {
    const file = this.file(path);
    if (dropped > 0) this.stats.writeFailed.add(dropped);
    if (bytes.length > 0) file.append(bytes);
  }

  /** Opens all files again: after they were moved away (SIGUSR1, POST /reopen_logs). */
  reopen(): void {
    for (const file of this.files.values()) file.reopen();
  }

  onTimer(): void {
    for (const file of this.files.values()) file.flushByTimer();
    this.timer.start(this.options.flushIntervalMs);
  }

  /** Writes all that waits and closes the files: the process is about to end. Nothing may be written after. */
  async close(): Promise<void> {
    this.timer.stop();
    await Promise.all([...this.files.values()].map((file) => file.close()));
    this.files.clear();
  }

  private file(path: string): LogFile {
    let file = this.files.get(path);
    if (file === undefined) {
      file = new LogFile(path, this.options, this.stats);
      this.files.set(path, file);
    }
    return file;
  }
}

const CLOSED = -1;

class LogFile implements TimerOwner {
  private readonly path: string;
  private readonly options: FileOptions;
  private readonly stats: Stats;
  private readonly retry: Timer;
  private descriptor: number;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  /** What the kernel is being given; empty: no write is under way. */
  private writing: Uint8Array = EMPTY;
  private isOpening = false;
  private reopenWanted = false;
  private hasWarned = false;
  private whenIdle: (() => void) | null = null;

  constructor(path: string, options: FileOptions, stats: Stats) {
    this.path = path;
    this.options = options;
    this.stats = stats;
    this.retry = options.timers.timer(this);
    this.descriptor = STANDARD[path] ?? CLOSED;
  }

  append(bytes: Uint8Array): void {
    if (this.waitingBytes + bytes.length > FILE_BUFFER_BYTES_MAX) {
      this.stats.writeFailed.inc();
      this.warn(`access log ${this.path} takes no more: ${FILE_BUFFER_BYTES_MAX} bytes wait for it, lines are dropped`);
      return;
    }
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    this.stats.writeBuffered.inc();
    this.stats.writeTotalBuffered.add(bytes.length);
    if (this.waitingBytes >= this.options.flushMinBytes) this.flush();
  }

  flushByTimer(): void {
    if (this.waitingBytes === 0) return;
    this.stats.flushedByTimer.inc();
    this.flush();
  }

  reopen(): void {
    if (this.path in STANDARD) return;
    this.reopenWanted = true;
    if (this.isIdle) this.next();
  }

  /** Everything that waits, as soon as the write under way is over. */
  async close(): Promise<void> {
    if (!this.isIdle) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    }
    const all = Buffer.concat(this.waiting);
    this.dropWaiting();
    try {
      if (all.length > 0 && this.descriptor === CLOSED) this.descriptor = openSync(this.path, FILE_FLAGS, FILE_MODE);
      writeAllNow(this.descriptor, all);
    } catch (error) {
      this.failed("written", error as Error);
    }
    if (this.descriptor !== CLOSED && !(this.path in STANDARD)) closeSync(this.descriptor);
    this.descriptor = CLOSED;
  }

  onTimer(): void {
    this.writeOn();
  }

  private get isIdle(): boolean {
    return this.writing.length === 0 && !this.isOpening;
  }

  private flush(): void {
    if (this.isIdle) this.next();
  }

  /** The next thing to do, when nothing is under way. */
  private next(): void {
    if (this.whenIdle !== null) {
      this.whenIdle();
    } else if (this.reopenWanted || (this.descriptor === CLOSED && this.waitingBytes > 0)) {
      this.open();
    } else if (this.waitingBytes > 0) {
      this.writing = this.waiting.length === 1 ? (this.waiting[0] as Uint8Array) : Buffer.concat(this.waiting);
      this.waiting = [];
      this.settle(this.waitingBytes);
      this.waitingBytes = 0;
      this.writeOn();
    }
  }

  private open(): void {
    const again = this.reopenWanted;
    this.reopenWanted = false;
    this.isOpening = true;
    open(this.path, FILE_FLAGS, FILE_MODE, (error, descriptor) => {
      this.isOpening = false;
      if (error !== null) {
        if (again) this.stats.reopenFailed.inc();
        this.failed("opened", error);
        // A file that could be written until now is written on; else the lines are lost.
        if (this.descriptor === CLOSED) this.dropWaiting();
      } else {
        this.works();
        if (this.descriptor !== CLOSED) close(this.descriptor, () => {});
        this.descriptor = descriptor;
      }
      this.next();
    });
  }

  private writeOn(): void {
    write(this.descriptor, this.writing, (error, written) => {
      if (error?.code === "EAGAIN") {
        this.retry.start(RETRY_MS);
        return;
      }
      if (error !== null) {
        this.failed("written", error);
        this.writing = EMPTY;
      } else {
        this.works();
        this.writing = this.writing.subarray(written);
        if (this.writing.length > 0) {
          this.writeOn();
          return;
        }
        this.stats.writeCompleted.inc();
      }
      // What came meanwhile waits for its own size or interval, unless there is enough already.
      if (this.whenIdle !== null || this.reopenWanted || this.waitingBytes >= this.options.flushMinBytes) this.next();
    });
  }

  private dropWaiting(): void {
    this.waiting = [];
    this.settle(this.waitingBytes);
    this.waitingBytes = 0;
  }

  private settle(bytes: number): void {
    this.stats.writeTotalBuffered.sub(bytes);
  }

  private failed(what: "opened" | "written", error: Error): void {
    this.stats.writeFailed.inc();
    this.warn(`access log ${this.path} cannot be ${what}: ${error.message}`);
  }

  private warn(message: string): void {
    if (!this.hasWarned) this.options.warn(message);
    this.hasWarned = true;
  }

  private works(): void {
    this.hasWarned = false;
  }
}

const EMPTY = new Uint8Array(0);

/** A reader of a pipe that takes nothing for so long gets no more. */
const CLOSING_WAIT_MS = 1000;

function writeAllNow(descriptor: number, bytes: Uint8Array): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let waitedMs = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || waitedMs >= CLOSING_WAIT_MS) throw error;
      Atomics.wait(pause, 0, 0, RETRY_MS);
      waitedMs += RETRY_MS;
    }
  }
}

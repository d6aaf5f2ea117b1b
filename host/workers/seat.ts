/**
 * One worker's number, and whoever has it: a thread that is started, told, asked and, when it dies, replaced.
 *
 *   running --throws, traps, ends--> gone --after a pause, when lives are short--> running, with the snapshot in force
 *
 * The thread itself is handed in (`WorkerThread`), so that all this can be played without one.
 */

import type { LogBatch } from "../access_log/sinks.ts";
import type { BoundListener } from "../listener/manager.ts";
import type { Logger } from "../log/logger.ts";
import type { StatReader } from "../stats/reader.ts";
import type { Counter } from "../stats/scope.ts";
import type { Ledger } from "../wasm/ledger.ts";
import type { FromWorker, Snapshot, ToWorker, WorkerBirth } from "./messages.ts";

/** What a seat needs of a thread; `Worker` of node:worker_threads is one. */
export interface WorkerThread {
  postMessage(message: ToWorker): void;
  terminate(): Promise<unknown>;
  on(event: "message", listener: (message: FromWorker) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
}

/** What all seats share. */
export interface SeatOptions {
  readonly ledger: Ledger;
  readonly reader: StatReader;
  readonly log: Logger;
  /** What each worker is born with, but for its number. */
  readonly birth: Omit<WorkerBirth, "index" | "life" | "seed" | "ledger">;
  /** Counts replaced workers. */
  readonly replaced: Counter;
  /** Begins a thread. */
  spawn(birth: WorkerBirth): WorkerThread;
  seed(): readonly [low: number, high: number];
  onLogLine(line: string): void;
  onAccessLog(batch: LogBatch): void;
  /** A worker died; `reason` is what it threw. */
  onReplaced(index: number, reason: string): void;
}

/** A worker that dies this soon after its start is started again with a growing pause. */
const SHORT_LIFE_MS = 10_000;
const PAUSE_BASE_MS = 100;
const PAUSE_MAX_MS = 5_000;
/** How long a worker may take to answer a question before the others' answers must do. */
const ANSWER_MS = 2_000;

/** What a snapshot's application came to, in one worker. */
export interface Applied {
  readonly bound: readonly BoundListener[];
  readonly refused: readonly string[];
  readonly problems: readonly string[];
}

/** One worker's number, and whoever has it. */
export class Seat {
  netKind = "";
  private readonly options: SeatOptions;
  private readonly current: () => Snapshot | null;
  private readonly index: number;
  private worker: WorkerThread | null = null;
  private life = 0;
  private startedMs = 0;
  private shortLives = 0;
  private reason = "";
  private readonly applications = new Map<number, ((applied: Applied) => void)[]>();
  private readonly asked = new Map<number, (answer: FromWorker | null) => void>();

  /** @param current what a successor shall serve; null: there shall be none */
  constructor(options: SeatOptions, index: number, current: () => Snapshot | null) {
    this.options = options;
    this.index = index;
    this.current = current;
  }

  /** Begins a thread; what it is told before it listens waits for it. */
  spawn(): void {
    const { options } = this;
    const birth: WorkerBirth = {
      ...options.birth,
      index: this.index,
      life: this.life++,
      ledger: options.ledger.share,
      seed: options.seed(),
    };
    this.startedMs = performance.now();
    this.reason = "";
    const worker = options.spawn(birth);
    this.worker = worker;
    worker.on("message", (message) => {
      if (this.worker === worker) this.onMessage(message);
    });
    worker.on("error", (error) => {
      if (this.worker === worker) this.reason ||= error.stack ?? String(error);
    });
    worker.on("exit", () => void this.onExit(worker));
  }

  apply(snapshot: Snapshot): Promise<Applied> {
    return new Promise((resolve) => {
      const waiting = this.applications.get(snapshot.version) ?? [];
      waiting.push(resolve);
      this.applications.set(snapshot.version, waiting);
      this.tell({ type: "snapshot", snapshot });
    });
  }

  tell(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  ask(message: ToWorker, id: number): Promise<FromWorker | null> {
    if (this.worker === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(null), ANSWER_MS);
      const answer = (value: FromWorker | null) => {
        clearTimeout(timer);
        this.asked.delete(id);
        resolve(value);
      };
      this.asked.set(id, answer);
      this.tell(message);
    });
  }

  async stop(): Promise<void> {
    await this.worker?.terminate();
  }

  private onMessage(message: FromWorker): void {
    const { options } = this;
    switch (message.type) {
      case "started":
        this.netKind = message.netKind;
        if (message.fallbackReason !== "" && this.index === 0)
          options.log.warning(`portable sockets are used: ${message.fallbackReason}`);
        break;
      case "applied":
        this.answerApplications(message.version, message);
        break;
      case "stat":
        options.reader.define(this.index + 1, message.definition);
        break;
      case "statsReleased":
        options.reader.release(this.index + 1, message.release.group);
        this.tell({ type: "reclaimStats", id: message.release.id });
        break;
      case "statsFull":
        options.log.error(`no room for more stats in worker ${this.index}: ${message.name} is not counted`);
        break;
      case "log":
        options.onLogLine(message.line);
        break;
      case "accessLog":
        this.tell({ type: "acknowledge", bytes: message.batch.bytes.length });
        options.onAccessLog(message.batch);
        break;
      case "synced":
      case "explained":
      case "held":
        this.asked.get(message.id)?.(message);
        break;
      case "fault":
        this.reason = message.reason;
        void this.worker?.terminate();
        break;
    }
  }

  private answerApplications(version: number, applied: Applied): void {
    const waiting = this.applications.get(version);
    this.applications.delete(version);
    for (const resolve of waiting ?? []) resolve(applied);
  }

  private async onExit(worker: WorkerThread): Promise<void> {
    if (this.worker !== worker) return;
    this.worker = null;
    const { options } = this;
    options.ledger.giveBack(this.index + 1);
    options.reader.retire(this.index + 1);
    for (const answer of [...this.asked.values()]) answer(null);
    const snapshot = this.current();
    const reason = this.reason || "it ended by itself";
    for (const version of [...this.applications.keys()])
      this.answerApplications(version, {
        bound: [],
        refused: [],
        problems: [`worker ${this.index} ended: ${firstLine(reason)}`],
      });
    if (snapshot === null) return;
    options.replaced.inc();
    options.log.critical(`worker ${this.index} is replaced: ${reason}`);
    options.onReplaced(this.index, firstLine(reason));
    this.shortLives = performance.now() - this.startedMs < SHORT_LIFE_MS ? this.shortLives + 1 : 0;
    if (this.shortLives > 1) {
      const pause = Math.min(PAUSE_BASE_MS * 2 ** (this.shortLives - 2), PAUSE_MAX_MS);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    const current = this.current();
    if (current === null) return;
    this.spawn();
    const successor = this.worker;
    const applied = await this.apply(current);
    // What it was told to serve it holds by now; it may be dead already, and then its own successor has the say.
    if (this.worker === successor) options.reader.succeeded(this.index + 1);
    for (const problem of applied.problems) options.log.error(`worker ${this.index}: ${problem}`);
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

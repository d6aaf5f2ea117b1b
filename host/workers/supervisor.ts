/**
 * The worker threads: started, told, asked, and replaced when they die.
 *
 * A worker that throws or traps takes its own connections with it and nobody else's. What it held in the ledger is given
 * back, its counters stay in the sums, and a new one with its number begins with the snapshot in force.
 */

import { Worker } from "node:worker_threads";
import type { LogBatch } from "../access_log/sinks.ts";
import type { ExplainQuery, Explanation } from "../explain/query.ts";
import type { BoundListener } from "../listener/manager.ts";
import type { Logger } from "../log/logger.ts";
import type { StatReader } from "../stats/reader.ts";
import type { Counter } from "../stats/scope.ts";
import { threadEntry } from "../wasm/assets.ts";
import type { Ledger } from "../wasm/ledger.ts";
import type { FromWorker, Snapshot, ToWorker, WorkerBirth } from "./messages.ts";

export interface SupervisorOptions {
  readonly concurrency: number;
  readonly ledger: Ledger;
  readonly reader: StatReader;
  readonly log: Logger;
  /** What each worker is born with, but for its number. */
  readonly birth: Omit<WorkerBirth, "index" | "life" | "seed" | "ledger">;
  /** Counts replaced workers. */
  readonly replaced: Counter;
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

export class Supervisor {
  readonly options: SupervisorOptions;
  private readonly seats: Seat[];
  private snapshot: Snapshot | null = null;
  private isStopping = false;
  private questions = 0;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.seats = Array.from({ length: options.concurrency }, (_, index) => new Seat(this, index));
  }

  /** Which sockets the workers use; empty before the first has started. */
  get netKind(): string {
    return this.seats[0]?.netKind ?? "";
  }

  get isStopped(): boolean {
    return this.isStopping;
  }

  /**
   * Starts the workers; the first one listens before the others, which take the ports that it was given.
   * @returns what each could not do
   * @param settle makes of what the first worker could do what all shall do: the ports that it was given
   */
  async start(snapshot: Snapshot, settle: (applied: Applied) => Snapshot): Promise<readonly string[]> {
    this.snapshot = snapshot;
    const [first] = this.seats;
    if (first === undefined) return [];
    // All threads load their code at once, and the first one is told before the others what to serve.
    for (const seat of this.seats) seat.spawn();
    const applied = await first.apply(snapshot);
    if (applied.problems.length > 0) return applied.problems;
    const settled = settle(applied);
    this.snapshot = settled;
    const rest = await Promise.all(this.seats.map((seat) => seat.apply(settled)));
    return unique(rest.flatMap((r) => r.problems));
  }

  /** Hands out a new snapshot, to the first worker first: what it cannot do, `settle` takes out for the others. */
  async apply(snapshot: Snapshot, settle: (applied: Applied) => Snapshot): Promise<readonly string[]> {
    const [first, ...others] = this.seats;
    if (first === undefined) return [];
    // Whoever is born from now on shall not know what has left the config.
    this.snapshot = snapshot;
    const applied = await first.apply(snapshot);
    const settled = settle(applied);
    this.snapshot = settled;
    const rest = await Promise.all([first.apply(settled), ...others.map((seat) => seat.apply(settled))]);
    return unique([...applied.problems, ...rest.flatMap((r) => r.problems)]);
  }

  tell(message: ToWorker): void {
    for (const seat of this.seats) seat.tell(message);
  }

  tellOne(index: number, message: ToWorker): void {
    this.seats[index]?.tell(message);
  }

  /** Changes what a worker is born with from now on: hosts that DNS found. */
  remember(snapshot: Snapshot): void {
    this.snapshot = snapshot;
  }

  /** Waits until every worker has done and told all that it was told; the connections that are open in all of them. */
  async sync(): Promise<number> {
    const id = ++this.questions;
    const answers = await Promise.all(this.seats.map((seat) => seat.ask({ type: "sync", id }, id)));
    return answers.reduce((sum, answer) => sum + (answer?.type === "synced" ? answer.activeConnections : 0), 0);
  }

  /** Which of these cells a worker may still count in; null when not every worker has answered. */
  async holding(cells: readonly number[]): Promise<ReadonlySet<number> | null> {
    const id = ++this.questions;
    const answers = await Promise.all(this.seats.map((seat) => seat.ask({ type: "holding", id, cells }, id)));
    const held = new Set<number>();
    for (const answer of answers) {
      if (answer?.type !== "held") return null;
      for (const cell of answer.cells) held.add(cell);
    }
    return held;
  }

  /** The first explanation that a worker has. */
  async explain(query: ExplainQuery): Promise<Explanation | null> {
    const id = ++this.questions;
    const seats = query.kind === "id" ? this.seats : this.seats.slice(0, 1);
    const answers = await Promise.all(seats.map((seat) => seat.ask({ type: "explain", id, query }, id)));
    for (const answer of answers)
      if (answer?.type === "explained" && answer.explanation !== null) return answer.explanation;
    return null;
  }

  /** Ends all workers; their connections with them. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.seats.map((seat) => seat.stop()));
  }

  /** A worker is gone: its number begins anew, unless we are stopping. */
  current(): Snapshot | null {
    return this.isStopping ? null : this.snapshot;
  }
}

/** One worker's number, and whoever has it. */
class Seat {
  netKind = "";
  private readonly supervisor: Supervisor;
  private readonly index: number;
  private worker: Worker | null = null;
  private life = 0;
  private startedMs = 0;
  private shortLives = 0;
  private reason = "";
  private readonly applications = new Map<number, ((applied: Applied) => void)[]>();
  private readonly asked = new Map<number, (answer: FromWorker | null) => void>();

  constructor(supervisor: Supervisor, index: number) {
    this.supervisor = supervisor;
    this.index = index;
  }

  start(snapshot: Snapshot): Promise<Applied> {
    this.spawn();
    return this.apply(snapshot);
  }

  /** Begins a thread; what it is told before it listens waits for it. */
  spawn(): void {
    const { options } = this.supervisor;
    const { script, options: entryOptions } = threadEntry("worker");
    const birth: WorkerBirth = {
      ...options.birth,
      index: this.index,
      life: this.life++,
      ledger: options.ledger.share,
      seed: options.seed(),
    };
    this.startedMs = performance.now();
    this.reason = "";
    const worker = new Worker(script, { ...entryOptions, workerData: birth, name: `worker_${this.index}` });
    this.worker = worker;
    worker.on("message", (message: FromWorker) => this.onMessage(message));
    worker.on("error", (error) => {
      this.reason ||= error.stack ?? String(error);
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
    const { options } = this.supervisor;
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

  private async onExit(worker: Worker): Promise<void> {
    if (this.worker !== worker) return;
    this.worker = null;
    const { options } = this.supervisor;
    options.ledger.giveBack(this.index + 1);
    options.reader.retire(this.index + 1);
    for (const answer of [...this.asked.values()]) answer(null);
    const snapshot = this.supervisor.current();
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
    const current = this.supervisor.current();
    if (current === null) return;
    const applied = await this.start(current);
    // What it was told to serve it holds by now; it may be dead already, and then its own successor has the say.
    if (this.worker !== null) options.reader.succeeded(this.index + 1);
    for (const problem of applied.problems) options.log.error(`worker ${this.index}: ${problem}`);
  }
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

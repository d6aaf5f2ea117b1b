/**
 * The worker threads: started, told, asked, and replaced when they die.
 *
 * A worker that throws or traps takes its own connections with it and nobody else's. What it held in the ledger is given
 * back, its counters stay in the sums, and a new one with its number begins with the snapshot in force.
 */

import { Worker } from "node:worker_threads";
import type { ExplainQuery, Explanation } from "../explain/query.ts";
import { threadEntry } from "../wasm/assets.ts";
import type { Snapshot, ToWorker, WorkerBirth } from "./messages.ts";
import { type Applied, Seat, type SeatOptions, type WorkerThread } from "./seat.ts";

export interface SupervisorOptions extends Omit<SeatOptions, "spawn"> {
  readonly concurrency: number;
  /** A test's: what begins a thread. */
  readonly spawn?: (birth: WorkerBirth) => WorkerThread;
}

export class Supervisor {
  private readonly seats: Seat[];
  private snapshot: Snapshot | null = null;
  private isStopping = false;
  private questions = 0;

  constructor(options: SupervisorOptions) {
    const seatOptions = { ...options, spawn: options.spawn ?? spawnThread };
    this.seats = Array.from(
      { length: options.concurrency },
      (_, index) => new Seat(seatOptions, index, () => (this.isStopping ? null : this.snapshot)),
    );
  }

  /** Which sockets the workers use; empty before the first has started. */
  get netKind(): string {
    return this.seats[0]?.netKind ?? "";
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
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function spawnThread(birth: WorkerBirth): WorkerThread {
  const { script, options } = threadEntry("worker");
  return new Worker(script, { ...options, workerData: birth, name: `worker_${birth.index}` });
}

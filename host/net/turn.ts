/**
 * One turn: everything that one event of the loop sets in motion in a worker. At its end the gathered output is written, and
 * objects that ended during the turn go back to their pools. Not earlier: code further up the stack may still hold them,
 * and must not meet them in their next life.
 */

import type { Output } from "./output.ts";

export interface Recyclable {
  /** Goes back to its pool. */
  recycle(): void;
}

/** What is to be done once, before the turn's output leaves. */
export interface TurnTask {
  onTurnEnd(): void;
}

export class Turn {
  readonly output: Output;
  /** [0, count) wait. The array keeps its length: setting that is a call into the engine, and growing again allocates. */
  private readonly retired: (Recyclable | null)[] = [];
  private count = 0;
  /** [0, taskCount) are due. */
  private readonly tasks: (TurnTask | null)[] = [];
  private taskCount = 0;
  private endIsDue = false;
  private readonly endNow = (): void => {
    this.endIsDue = false;
    this.end();
  };

  constructor(output: Output) {
    this.output = output;
  }

  /** Ends when the code that runs now has returned: for verbs that may be called outside of any event, by a filter that waited. */
  endSoon(): void {
    if (this.endIsDue) return;
    this.endIsDue = true;
    queueMicrotask(this.endNow);
  }

  /** To be called when the turn ends: for what must not happen in the middle of what the caller does. */
  atEnd(task: TurnTask): void {
    this.tasks[this.taskCount++] = task;
  }

  /** To be recycled when the turn ends. */
  retire(object: Recyclable): void {
    this.retired[this.count++] = object;
  }

  end(): void {
    if (this.taskCount > 0) this.runTasks();
    this.output.flush();
    this.recycle();
  }

  /** The end of a turn that began with bytes: what it has to say may wait for the other sockets that are ready. */
  endRead(): void {
    if (this.taskCount > 0) this.runTasks();
    this.output.defer();
    this.recycle();
  }

  /** Those that are added meanwhile too. */
  private runTasks(): void {
    const { tasks } = this;
    for (let i = 0; i < this.taskCount; i++) {
      const task = tasks[i] as TurnTask;
      tasks[i] = null;
      task.onTurnEnd();
    }
    this.taskCount = 0;
  }

  private recycle(): void {
    const { retired } = this;
    for (let i = 0; i < this.count; i++) {
      const object = retired[i] as Recyclable;
      retired[i] = null;
      object.recycle();
    }
    this.count = 0;
  }
}

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

export class Turn {
  readonly output: Output;
  private readonly retired: Recyclable[] = [];

  constructor(output: Output) {
    this.output = output;
  }

  /** To be recycled when the turn ends. */
  retire(object: Recyclable): void {
    this.retired.push(object);
  }

  end(): void {
    this.output.flush();
    const { retired } = this;
    if (retired.length === 0) return;
    for (let i = 0; i < retired.length; i++) (retired[i] as Recyclable).recycle();
    retired.length = 0;
  }
}

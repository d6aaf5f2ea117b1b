/**
 * Reading the event ring (assembly/memory/ring) without allocating:
 *
 *   const count = core.exports.http1Feed(connection, address, length);
 *   for (let i = 0; i < count; i++) switch (events.kind(i)) { case EVENT_DATA: ... events.a(i), events.b(i) ... }
 *
 * Records hold until the next call that feeds; a reader that may cause one (a callback) takes what it needs out first.
 */

import type { Core } from "./core.ts";
import { EVENT_BYTES, EVENT_RING_START } from "./layout.gen.ts";

const WORDS = EVENT_BYTES >> 2;
const FIRST = EVENT_RING_START >> 2;

export class EventRing {
  private readonly words: Uint32Array;

  constructor(core: Core) {
    this.words = core.words;
  }

  /** EVENT_... of record i. */
  kind(i: number): number {
    return this.words[FIRST + i * WORDS] as number;
  }

  a(i: number): number {
    return this.words[FIRST + i * WORDS + 1] as number;
  }

  b(i: number): number {
    return this.words[FIRST + i * WORDS + 2] as number;
  }

  c(i: number): number {
    return this.words[FIRST + i * WORDS + 3] as number;
  }
}

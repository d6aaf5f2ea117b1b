/**
 * The automaton made deterministic, where that stays small: one table look-up per byte in the core. What would grow too
 * large (`.*a.{20}`) is left to the core's simulation of the nondeterministic one; both take linear time.
 *
 * A state is a set of nodes not yet closed over empty-width conditions, together with what is known of the byte before
 * it: whether `^`, `$` or `\b` hold is only known once the next byte, or the end, is seen.
 */

import {
  DFA_DEAD,
  EMPTY_BEGIN_LINE,
  EMPTY_BEGIN_TEXT,
  EMPTY_END_LINE,
  EMPTY_END_TEXT,
  EMPTY_NO_WORD_BOUNDARY,
  EMPTY_WORD_BOUNDARY,
  NODE_BYTES,
  NODE_EMPTY,
  NODE_MATCH,
  NODE_SPLIT,
} from "../../wasm/layout.gen.ts";
import type { ByteNode, ByteProgram } from "./byte_program.ts";

/** More states than this, and the pattern stays nondeterministic. State numbers are u16 in the table. */
export const DFA_STATES_MAX = 512;
/** Node visits that building one table may cost: bounds the time at config load (a few ms). */
const DFA_WORK_MAX = 250_000;

export type Dfa = {
  /** Byte -> class; bytes of one class are never told apart by the pattern. */
  readonly classOf: Uint8Array;
  readonly classCount: number;
  /** `next[state * classCount + class]`; state DFA_DEAD (0) is dead, DFA_START (1) the start. */
  readonly next: Uint16Array;
  /** 1 where the text may end. */
  readonly accepts: Uint8Array;
};

// What a state knows of the byte before it.
const AFTER_START = 1;
const AFTER_NEWLINE = 2;
const AFTER_WORD = 4;

const NEWLINE = 10;

/** @returns undefined when the table would be too large */
export function buildDfa(program: ByteProgram): Dfa | undefined {
  return new DfaBuilder(program).build();
}

class DfaBuilder {
  private readonly program: ByteProgram;
  private readonly classOf: Uint8Array;
  private readonly representatives: number[];
  private readonly ids = new Map<string, number>();
  private readonly sets: { nodes: readonly number[]; context: number }[] = [];
  private readonly rows: number[][] = [];
  private readonly accepts: number[] = [];
  private readonly marks: Uint32Array;
  private epoch = 0;
  private work = 0;

  constructor(program: ByteProgram) {
    this.program = program;
    this.marks = new Uint32Array(program.nodes.length);
    const classes = byteClasses(program);
    this.classOf = classes.classOf;
    this.representatives = classes.representatives;
  }

  build(): Dfa | undefined {
    const { classOf, representatives } = this;
    this.state([], 0);
    this.state([this.program.start], this.contextOf(-1));
    for (let id = 0; id < this.sets.length; id++) {
      const set = this.sets[id];
      if (set === undefined) break;
      this.accepts[id] = this.closure(set.nodes, this.conditionsAt(set.context, -1)).matched ? 1 : 0;
      const row: number[] = [];
      for (const byte of representatives) row.push(this.step(set.nodes, set.context, byte));
      this.rows[id] = row;
      if (this.sets.length > DFA_STATES_MAX || this.work > DFA_WORK_MAX) return undefined;
    }
    return {
      classOf,
      classCount: representatives.length,
      next: Uint16Array.from(this.rows.flat()),
      accepts: Uint8Array.from(this.accepts),
    };
  }

  private step(nodes: readonly number[], context: number, byte: number): number {
    if (nodes.length === 0) return DFA_DEAD;
    const { consuming } = this.closure(nodes, this.conditionsAt(context, byte));
    const next = new Set<number>();
    for (const node of consuming) if (node.lo <= byte && byte <= node.hi) next.add(node.next);
    if (next.size === 0) return DFA_DEAD;
    return this.state(
      [...next].sort((a, b) => a - b),
      this.contextOf(byte),
    );
  }

  private state(nodes: readonly number[], context: number): number {
    const key = `${context}:${nodes.join()}`;
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.sets.length;
      this.ids.set(key, id);
      this.sets.push({ nodes, context });
    }
    return id;
  }

  private closure(nodes: readonly number[], conditions: number): { matched: boolean; consuming: ByteNode[] } {
    this.epoch++;
    const consuming: ByteNode[] = [];
    let matched = false;
    const stack = [...nodes];
    while (stack.length > 0) {
      const index = stack.pop() ?? 0;
      if (this.marks[index] === this.epoch) continue;
      this.marks[index] = this.epoch;
      this.work++;
      const node = this.program.nodes[index];
      if (node === undefined) continue;
      if (node.kind === NODE_BYTES) consuming.push(node);
      else if (node.kind === NODE_SPLIT) stack.push(node.next, node.other);
      else if (node.kind === NODE_EMPTY) {
        if ((node.lo & ~conditions) === 0) stack.push(node.next);
      } else if (node.kind === NODE_MATCH) matched = true;
    }
    return { matched, consuming };
  }

  /** What the byte leaves behind; only what the pattern asks for, so that states do not multiply without need. */
  private contextOf(byte: number): number {
    const { conditions } = this.program;
    let context = 0;
    if (byte < 0 && (conditions & (EMPTY_BEGIN_TEXT | EMPTY_BEGIN_LINE)) !== 0) context |= AFTER_START;
    if (byte === NEWLINE && (conditions & EMPTY_BEGIN_LINE) !== 0) context |= AFTER_NEWLINE;
    if (asksForWords(conditions) && isWord(byte)) context |= AFTER_WORD;
    return context;
  }

  /** The conditions that hold between the byte before (in `context`) and `next` (-1: the end). */
  private conditionsAt(context: number, next: number): number {
    let holds = 0;
    if ((context & AFTER_START) !== 0) holds |= EMPTY_BEGIN_TEXT | EMPTY_BEGIN_LINE;
    if ((context & AFTER_NEWLINE) !== 0) holds |= EMPTY_BEGIN_LINE;
    if (next < 0) holds |= EMPTY_END_TEXT | EMPTY_END_LINE;
    if (next === NEWLINE) holds |= EMPTY_END_LINE;
    const boundary = ((context & AFTER_WORD) !== 0) !== isWord(next);
    return holds | (boundary ? EMPTY_WORD_BOUNDARY : EMPTY_NO_WORD_BOUNDARY);
  }
}

function asksForWords(conditions: number): boolean {
  return (conditions & (EMPTY_WORD_BOUNDARY | EMPTY_NO_WORD_BOUNDARY)) !== 0;
}

function isWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || (byte >= 0x61 && byte <= 0x7a)
  );
}

function byteClasses(program: ByteProgram): { classOf: Uint8Array; representatives: number[] } {
  const cuts = new Uint8Array(257);
  const cut = (lo: number, hi: number) => {
    cuts[lo] = 1;
    cuts[hi + 1] = 1;
  };
  for (const node of program.nodes) if (node.kind === NODE_BYTES) cut(node.lo, node.hi);
  if ((program.conditions & (EMPTY_BEGIN_LINE | EMPTY_END_LINE)) !== 0) cut(NEWLINE, NEWLINE);
  if (asksForWords(program.conditions)) {
    cut(0x30, 0x39);
    cut(0x41, 0x5a);
    cut(0x5f, 0x5f);
    cut(0x61, 0x7a);
  }
  const classOf = new Uint8Array(256);
  const representatives = [0];
  for (let byte = 1; byte < 256; byte++) {
    if (cuts[byte] === 1) representatives.push(byte);
    classOf[byte] = representatives.length - 1;
  }
  return { classOf, representatives };
}

/**
 * A regular expression in RE2's syntax as a nondeterministic automaton over bytes. `re2js` parses, checks and compiles;
 * its instructions over characters become nodes over bytes here, and what only captures need falls away.
 *
 * A character is a byte: Envoy's RE2 reads patterns and texts as Latin-1. `.` takes one byte of a letter in UTF-8, and a
 * pattern's own letters beyond ASCII are the bytes of their UTF-8.
 */

import { RE2JS } from "re2js";
import { NODE_BYTES, NODE_EMPTY, NODE_FAIL, NODE_MATCH, NODE_SPLIT } from "../../wasm/layout.gen.ts";
import { utf8AsLatin1 } from "../../wasm/text.ts";

/** A node as the core's simulation takes it (NODE_ kinds and EMPTY_ conditions of `assembly/route/program.ts`). */
export type ByteNode = {
  readonly kind: number;
  /** First byte; with NODE_EMPTY the conditions. */
  readonly lo: number;
  readonly hi: number;
  readonly next: number;
  readonly other: number;
};

export type ByteProgram = {
  readonly nodes: readonly ByteNode[];
  readonly start: number;
  /** All EMPTY_ bits that some node asks for. */
  readonly conditions: number;
};

/** What we read of re2js's compiled program; its typings do not show it. */
type Re2Inst = { op: number; out: number; arg: number; runes: ArrayLike<number>; matchRune(rune: number): boolean };
type Re2Prog = { inst: Re2Inst[]; start: number };

// Instruction codes of re2js (Inst.ALT and so on).
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const NOP = 7;
const RUNE = 8;
const RUNE1 = 9;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;

const FOLD_CASE = 1;
const LAST_BYTE = 0xff;

/** Compiles `pattern`. Throws what re2js throws when it is no RE2 syntax. */
export function compileBytes(pattern: string): ByteProgram {
  const prog = (compileRe2(pattern).re2() as unknown as { prog: Re2Prog }).prog;
  return new Builder(prog).build();
}

/** The pattern as re2js takes it: over characters that are bytes. Throws what re2js throws when it is no RE2 syntax. */
export function compileRe2(pattern: string): RE2JS {
  return RE2JS.compile(utf8AsLatin1(pattern));
}

class Builder {
  private readonly nodes: ByteNode[] = [];
  private conditions = 0;
  private readonly prog: Re2Prog;

  constructor(prog: Re2Prog) {
    this.prog = prog;
  }

  build(): ByteProgram {
    const { prog } = this;
    // Instruction i is node i, so that loops need no patching; nodes that classes need follow behind.
    for (let i = 0; i < prog.inst.length; i++) this.nodes.push(FAIL_NODE);
    prog.inst.forEach((inst, i) => {
      this.nodes[i] = this.nodeOf(inst);
    });
    return { nodes: this.nodes, start: prog.start, conditions: this.conditions };
  }

  private nodeOf(inst: Re2Inst): ByteNode {
    switch (inst.op) {
      case ALT:
      case ALT_MATCH:
        return { kind: NODE_SPLIT, lo: 0, hi: 0, next: inst.out, other: inst.arg };
      case CAPTURE:
      case NOP:
        return { kind: NODE_SPLIT, lo: 0, hi: 0, next: inst.out, other: inst.out };
      case EMPTY_WIDTH:
        this.conditions |= inst.arg;
        return { kind: NODE_EMPTY, lo: inst.arg, hi: 0, next: inst.out, other: 0 };
      case FAIL:
        return FAIL_NODE;
      case MATCH:
        return { kind: NODE_MATCH, lo: 0, hi: 0, next: 0, other: 0 };
      case RUNE:
      case RUNE1:
      case RUNE_ANY:
      case RUNE_ANY_NOT_NL:
        return this.runes(rangesOf(inst), inst.out);
      default:
        throw new Error(`re2js gave an instruction that is not known here: ${inst.op}`);
    }
  }

  /** A node that takes one byte of `ranges` and goes to `out`. */
  private runes(ranges: readonly number[], out: number): ByteNode {
    let node = FAIL_NODE;
    for (let i = ranges.length - 2; i >= 0; i -= 2) {
      const lo = ranges[i] ?? 0;
      const hi = Math.min(ranges[i + 1] ?? 0, LAST_BYTE);
      if (lo > hi) continue;
      const range: ByteNode = { kind: NODE_BYTES, lo, hi, next: out, other: 0 };
      node =
        node === FAIL_NODE ? range : { kind: NODE_SPLIT, lo: 0, hi: 0, next: this.add(range), other: this.add(node) };
    }
    return node;
  }

  private add(node: ByteNode): number {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }
}

const FAIL_NODE: ByteNode = { kind: NODE_FAIL, lo: 0, hi: 0, next: 0, other: 0 };

function rangesOf(inst: Re2Inst): readonly number[] {
  if (inst.op === RUNE_ANY) return [0, LAST_BYTE];
  if (inst.op === RUNE_ANY_NOT_NL) return [0, 9, 11, LAST_BYTE];
  if (inst.runes.length !== 1) return Array.from(inst.runes);
  const rune = inst.runes[0] ?? 0;
  if ((inst.arg & FOLD_CASE) === 0) return [rune, rune];
  // re2js does not say what folds to the same, but answers for each.
  const ranges: number[] = [];
  for (let byte = 0; byte <= LAST_BYTE; byte++) if (inst.matchRune(byte)) ranges.push(byte, byte);
  return ranges;
}

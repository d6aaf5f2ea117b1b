/**
 * A regular expression in RE2's syntax as a nondeterministic automaton over bytes. `re2js` parses, checks and compiles;
 * its instructions over code points become nodes over bytes here, and what only captures need falls away.
 */

import { RE2JS } from "re2js";
import { NODE_BYTES, NODE_EMPTY, NODE_FAIL, NODE_MATCH, NODE_SPLIT } from "../../wasm/layout.gen.ts";
import { type ByteSequence, utf8Sequences } from "./utf8_ranges.ts";

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
const MAX_RUNE = 0x10ffff;
/** The only code points beyond ASCII that fold to ASCII letters: the long s and the Kelvin sign. */
const FOLDS_TO_ASCII = [0x17f, 0x212a] as const;
const ASCII_LETTERS_THAT_FOLD = [0x4b, 0x53, 0x6b, 0x73] as const;
/** No code point beyond this one folds to another. */
const MAX_FOLD = 0x1e943;

/** Compiles `pattern`. Throws what re2js throws when it is no RE2 syntax. */
export function compileBytes(pattern: string): ByteProgram {
  const prog = (RE2JS.compile(pattern).re2() as unknown as { prog: Re2Prog }).prog;
  return new Builder(prog).build();
}

class Builder {
  private readonly nodes: ByteNode[] = [];
  private readonly suffixes = new Map<number, number>();
  private conditions = 0;
  private readonly prog: Re2Prog;

  constructor(prog: Re2Prog) {
    this.prog = prog;
  }

  build(): ByteProgram {
    const { prog } = this;
    // Instruction i is node i, so that loops need no patching; the tails of multi-byte sequences follow behind.
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

  /** A node that takes one code point of `ranges` and goes to `out`. */
  private runes(ranges: readonly number[], out: number): ByteNode {
    const sequences: ByteSequence[] = [];
    for (let i = 0; i < ranges.length; i += 2) utf8Sequences(ranges[i] ?? 0, ranges[i + 1] ?? 0, sequences);
    let node = FAIL_NODE;
    let chosen = false;
    for (const sequence of sequences.reverse()) {
      const head = this.sequence(sequence, out);
      node = chosen ? { kind: NODE_SPLIT, lo: 0, hi: 0, next: this.add(head), other: this.add(node) } : head;
      chosen = true;
    }
    return node;
  }

  /** The first node of a sequence; the tail is shared with other sequences that end alike. */
  private sequence(sequence: ByteSequence, out: number): ByteNode {
    let next = out;
    for (let i = sequence.length - 2; i > 0; i -= 2) {
      const lo = sequence[i] ?? 0;
      const hi = sequence[i + 1] ?? 0;
      const key = next * 0x10000 + lo * 0x100 + hi;
      let tail = this.suffixes.get(key);
      if (tail === undefined) {
        tail = this.add({ kind: NODE_BYTES, lo, hi, next, other: 0 });
        this.suffixes.set(key, tail);
      }
      next = tail;
    }
    return { kind: NODE_BYTES, lo: sequence[0] ?? 0, hi: sequence[1] ?? 0, next, other: 0 };
  }

  private add(node: ByteNode): number {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }
}

const FAIL_NODE: ByteNode = { kind: NODE_FAIL, lo: 0, hi: 0, next: 0, other: 0 };

function rangesOf(inst: Re2Inst): readonly number[] {
  if (inst.op === RUNE_ANY) return [0, MAX_RUNE];
  if (inst.op === RUNE_ANY_NOT_NL) return [0, 9, 11, MAX_RUNE];
  if (inst.runes.length !== 1) return Array.from(inst.runes);
  const rune = inst.runes[0] ?? 0;
  return (inst.arg & FOLD_CASE) === 0 ? [rune, rune] : foldedRanges(inst, rune);
}

const foldedCache = new Map<number, readonly number[]>();

/** Every code point that folds to the same as `rune`. re2js does not say which, but answers for each. */
function foldedRanges(inst: Re2Inst, rune: number): readonly number[] {
  let ranges = foldedCache.get(rune);
  if (ranges === undefined) {
    const found = new Set([rune]);
    const isAscii = rune < 0x80;
    for (let candidate = isAscii ? 0 : 0x80; candidate <= (isAscii ? 0x7f : MAX_FOLD); candidate++) {
      if (inst.matchRune(candidate)) found.add(candidate);
    }
    for (const candidate of [...ASCII_LETTERS_THAT_FOLD, ...FOLDS_TO_ASCII]) {
      if (inst.matchRune(candidate)) found.add(candidate);
    }
    ranges = [...found].sort((a, b) => a - b).flatMap((found) => [found, found]);
    foldedCache.set(rune, ranges);
  }
  return ranges;
}

/**
 * The size of the program that RE2 would make of a regex. Envoy refuses a regex whose program has more than 100 instructions
 * (`re2.max_program_size.error_level`), so whether a config loads hangs on it.
 *
 * The graph is that of re2js, which parses and compiles as RE2 does; what is counted is what RE2's flattening makes of it: the
 * instructions that follow a root (the start, what stands behind each instruction that takes a byte, a capture or an
 * assertion, and whatever two roots share) are written out as one list, with a jump where a list runs into another
 * root. Envoy's RE2 reads Latin-1: a class costs one instruction for each range of bytes, letters of both cases one for both.
 */
import type { RE2JS } from "re2js";

/** Envoy's limit, and ours. */
export const PROGRAM_SIZE_MAX = 100;

/** What we read of re2js's compiled program; its typings do not show it. */
interface Inst {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}
interface Prog {
  readonly inst: readonly Inst[];
  readonly start: number;
}

const ALT = 1;
const ALT_MATCH = 2;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const NOP = 7;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;
const FOLD_CASE = 1;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const BYTE_MAX = 0xff;
/** The failing instruction that every program begins with. */
const PROGRAM_START = 1;
/** The loop that lets a match begin anywhere: any byte, and a jump to the start. */
const UNANCHORED = 2;

/** Instructions of RE2's program for a regex and its pattern; a few too many for some unusual ones. */
export function programSize(regex: RE2JS, pattern: string): number {
  const { inst, start } = (regex.re2() as unknown as { prog: Prog }).prog;
  const graph = new Graph(inst);
  let first = start;
  let isAnchored = false;
  for (;;) {
    const node = inst[first] as Inst;
    if (node.op === EMPTY_WIDTH && node.arg === BEGIN_TEXT) isAnchored = true;
    else if (node.op !== NOP) break;
    first = node.out;
  }
  // A literal right behind `^` is compared before the program runs, which then need not be anchored. Once compiled,
  // `a{3}` looks like the literal `aaa`, which it is not.
  const hasLiteral = isAnchored && !/\{\d/.test(pattern);
  const behind = hasLiteral ? graph.skipLiteral(first) : first;
  const size = PROGRAM_START + graph.flatSize(behind);
  return isAnchored && behind === first ? size : size + UNANCHORED;
}

class Graph {
  readonly #inst: readonly Inst[];
  /** Predecessors of each instruction that are choices. */
  readonly #choicesBefore = new Map<number, number[]>();

  constructor(inst: readonly Inst[]) {
    this.#inst = inst;
  }

  /** The first instruction behind the chain of single characters at `start` that nothing jumps into. */
  skipLiteral(start: number): number {
    const uses = new Map<number, number>();
    for (const inst of this.#inst) {
      const outs = inst.op === ALT || inst.op === ALT_MATCH ? [inst.out, inst.arg] : [inst.out];
      for (const out of outs) uses.set(out, (uses.get(out) ?? 0) + 1);
    }
    let at = start;
    for (;;) {
      const inst = this.#at(at);
      const isLiteral = inst.op > NOP && inst.op < RUNE_ANY && inst.runes.length === 1;
      if (!isLiteral || (uses.get(at) ?? 0) > 1) return at;
      at = inst.out;
    }
  }

  /** Instructions of all lists that are reached from `start`. */
  flatSize(start: number): number {
    const roots = this.#roots(start);
    let size = 0;
    for (const root of roots) size += this.#listSize(root, roots);
    return size;
  }

  #at(index: number): Inst {
    return this.#inst[index] as Inst;
  }

  #roots(start: number): Set<number> {
    const roots = new Set([start]);
    const seen = new Set<number>();
    const stack = [start];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const inst = this.#at(at);
      if (inst.op === ALT || inst.op === ALT_MATCH) {
        for (const out of [inst.out, inst.arg]) {
          this.#choicesBefore.set(out, [...(this.#choicesBefore.get(out) ?? []), at]);
          stack.push(out);
        }
      } else if (inst.op !== MATCH && inst.op !== FAIL) {
        if (inst.op !== NOP && !this.#isFinalAssertion(inst)) roots.add(inst.out);
        stack.push(inst.out);
      }
    }
    // What is reached from outside of a root's tree as well becomes a root of its own.
    for (const root of [...roots].sort((a, b) => b - a)) {
      if (root !== start) this.#addShared(root, roots);
    }
    return roots;
  }

  #addShared(root: number, roots: Set<number>): void {
    const tree = this.#tree(root, roots);
    for (const at of tree) {
      const before = this.#choicesBefore.get(at) ?? [];
      if (before.some((choice) => !tree.has(choice))) roots.add(at);
    }
  }

  /** What is reached from `root` without taking anything, up to other roots. */
  #tree(root: number, roots: ReadonlySet<number>): Set<number> {
    const tree = new Set<number>();
    const stack = [root];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (tree.has(at)) continue;
      tree.add(at);
      if (at !== root && roots.has(at)) continue;
      stack.push(...this.#silentOuts(at));
    }
    return tree;
  }

  #listSize(root: number, roots: ReadonlySet<number>): number {
    let size = 0;
    for (const at of this.#tree(root, roots)) {
      const inst = this.#at(at);
      if (at !== root && roots.has(at)) size += 1;
      else if (this.#silentOuts(at).length === 0) size += inst.op >= RUNE_ANY || inst.op > NOP ? byteRanges(inst) : 1;
    }
    return size;
  }

  #silentOuts(at: number): number[] {
    const inst = this.#at(at);
    if (inst.op === ALT || inst.op === ALT_MATCH) return [inst.out, inst.arg];
    return inst.op === NOP || this.#isFinalAssertion(inst) ? [inst.out] : [];
  }

  /** `$` or `\z` at the very end is no instruction but a property of the program. */
  #isFinalAssertion(inst: Inst): boolean {
    return inst.op === EMPTY_WIDTH && inst.arg === END_TEXT && this.#at(inst.out).op === MATCH;
  }
}

/** How many instructions a class takes in Latin-1. */
function byteRanges(inst: Inst): number {
  if (inst.op === RUNE_ANY) return 1;
  if (inst.op === RUNE_ANY_NOT_NL) return 2;
  if (inst.runes.length === 1) return 1;
  const ranges: [number, number][] = [];
  for (let i = 0; i < inst.runes.length; i += 2) {
    const low = inst.runes[i] as number;
    if (low <= BYTE_MAX) ranges.push([low, Math.min(BYTE_MAX, inst.runes[i + 1] as number)]);
  }
  // A class with both cases of its letters names the lower ones only, with a flag.
  const folds = (inst.arg & FOLD_CASE) !== 0 || foldsAscii(ranges);
  return ranges.filter(([low, high]) => !(folds && low >= 0x41 && high <= 0x5a)).length;
}

function foldsAscii(ranges: readonly [number, number][]): boolean {
  const has = (byte: number): boolean => ranges.some(([low, high]) => low <= byte && byte <= high);
  for (let letter = 0x41; letter <= 0x5a; letter++) if (has(letter) !== has(letter + 0x20)) return false;
  return true;
}

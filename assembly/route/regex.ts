// Matching a regular expression against a whole text, in time linear in its length and in bounded memory, whatever the expression: RE2's promise.
// Two forms, both made by the host: a table (one look-up per byte), and for what would make too large a table the set of nodes that are
// alive, advanced byte by byte (Thompson's simulation). Captures are not needed to match, and rewriting is not hot: that stays in the host.

import { REGEX_NODES_MAX, REGEX_START } from "../abi/limits";
import {
  DFA_CLASS_COUNT,
  DFA_CLASSES,
  DFA_DEAD,
  DFA_START,
  DFA_STATE_COUNT,
  DFA_TABLE,
  EMPTY_BEGIN_LINE,
  EMPTY_BEGIN_TEXT,
  EMPTY_END_LINE,
  EMPTY_END_TEXT,
  EMPTY_NO_WORD_BOUNDARY,
  EMPTY_WORD_BOUNDARY,
  NFA_CONDITIONS,
  NFA_NODE_BYTES,
  NFA_NODE_COUNT,
  NFA_NODES,
  NFA_START,
  NODE_BYTES,
  NODE_EMPTY,
  NODE_MATCH,
  NODE_SPLIT,
  REGEX_DFA,
  REGEX_KIND,
} from "./program";

/** Whether the expression at `regex` matches all of the text. */
export function regexMatch(regex: u32, text: usize, length: u32): bool {
  return load<u32>(regex + REGEX_KIND) == REGEX_DFA ? table(regex, text, length) : simulate(regex, text, length);
}

function table(regex: u32, text: usize, length: u32): bool {
  const classes = load<u32>(regex + DFA_CLASS_COUNT);
  const rows: usize = regex + DFA_TABLE;
  let state: u32 = DFA_START;
  for (let i: u32 = 0; i < length; i++) {
    const group: u32 = load<u8>(regex + DFA_CLASSES + <u32>load<u8>(text + i));
    state = load<u16>(rows + (state * classes + group) * 2);
    if (state == DFA_DEAD) return false;
  }
  return load<u8>(rows + load<u32>(regex + DFA_STATE_COUNT) * classes * 2 + state) != 0;
}

// Memory of the simulation: four arrays of a word per node.
//   marks    step at which a node was last added, so that no node is added twice in a step
//   current  nodes alive before the byte      following  nodes alive behind it      stack  nodes to visit
const MARKS: u32 = REGEX_START;
const LIST_A: u32 = MARKS + REGEX_NODES_MAX * 4;
const LIST_B: u32 = LIST_A + REGEX_NODES_MAX * 4;
const STACK: u32 = LIST_B + REGEX_NODES_MAX * 4; // one word more than the others, see REGEX_BYTES

function simulate(regex: u32, text: usize, length: u32): bool {
  const nodes = load<u32>(regex + NFA_NODE_COUNT);
  assert(nodes <= REGEX_NODES_MAX);
  memory.fill(MARKS, 0, nodes * 4);
  let current = LIST_A;
  let following = LIST_B;
  store<u32>(current, load<u32>(regex + NFA_START));
  let alive: u32 = 1;
  let before: i32 = -1;
  for (let i: u32 = 0; i <= length; i++) {
    const byte: i32 = i < length ? <i32>load<u8>(text + i) : -1;
    alive = step(regex, current, alive, following, i + 1, before, byte);
    if (byte < 0) return alive != 0;
    if (alive == 0) return false;
    const swap = current;
    current = following;
    following = swap;
    before = byte;
  }
  return false;
}

/**
 * Closes the nodes of `from` over what takes no byte, then moves those that take `byte` on to `to`. At the end (byte -1) tells instead whether a match is
 * among them. Nodes are marked when they are visited: each is visited once in a step.
 */
function step(regex: u32, from: u32, count: u32, to: u32, mark: u32, before: i32, byte: i32): u32 {
  const holds = load<u32>(regex + NFA_CONDITIONS) != 0 ? conditions(before, byte) : 0;
  let moved: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    let depth: u32 = 1;
    store<u32>(STACK, load<u32>(from + i * 4));
    while (depth > 0) {
      const index = load<u32>(STACK + --depth * 4);
      if (load<u32>(MARKS + index * 4) == mark) continue;
      store<u32>(MARKS + index * 4, mark);
      const node = regex + NFA_NODES + index * NFA_NODE_BYTES;
      const kind: u32 = load<u8>(node);
      if (kind == NODE_BYTES) {
        if (byte >= <i32>load<u8>(node, 1) && byte <= <i32>load<u8>(node, 2)) {
          store<u32>(to + moved++ * 4, load<u16>(node, 4));
        }
      } else if (kind == NODE_SPLIT) {
        // Two in for one out, and each node only once: the stack never holds more than one word per node, plus one.
        store<u32>(STACK + depth++ * 4, load<u16>(node, 6));
        store<u32>(STACK + depth++ * 4, load<u16>(node, 4));
      } else if (kind == NODE_EMPTY) {
        if ((load<u8>(node, 1) & ~holds) == 0) store<u32>(STACK + depth++ * 4, load<u16>(node, 4));
      } else if (kind == NODE_MATCH && byte < 0) {
        return 1;
      }
    }
  }
  return byte < 0 ? 0 : moved;
}

/** The conditions that hold between two bytes (-1: start or end of the text). */
function conditions(before: i32, after: i32): u32 {
  let holds: u32 = 0;
  if (before < 0) holds |= EMPTY_BEGIN_TEXT | EMPTY_BEGIN_LINE;
  else if (before == 0x0a) holds |= EMPTY_BEGIN_LINE;
  if (after < 0) holds |= EMPTY_END_TEXT | EMPTY_END_LINE;
  else if (after == 0x0a) holds |= EMPTY_END_LINE;
  return holds | (isWord(before) != isWord(after) ? EMPTY_WORD_BOUNDARY : EMPTY_NO_WORD_BOUNDARY);
}

function isWord(byte: i32): bool {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a && byte > 0) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5f;
}

/** Writes a compiled regular expression into a match program: as a table where that stays small, else as nodes. */

import {
  DFA_CLASS_COUNT,
  DFA_CLASSES,
  DFA_STATE_COUNT,
  DFA_TABLE,
  NFA_CONDITIONS,
  NFA_NODE_BYTES,
  NFA_NODE_COUNT,
  NFA_NODES,
  NFA_START,
  REGEX_DFA,
  REGEX_KIND,
  REGEX_NFA,
  REGEX_NODES_MAX,
} from "../wasm/layout.gen.ts";
import type { ProgramWriter } from "./program_writer.ts";
import { type ByteProgram, compileBytes } from "./regex/byte_program.ts";
import { buildDfa, type Dfa } from "./regex/dfa.ts";

/**
 * Writes the expression that matches a whole text as `pattern` does. Throws an Error with a reason for the operator when
 * the pattern is no RE2 syntax, or is larger than REGEX_NODES_MAX.
 *
 * @returns its offset
 */
export function writeRegex(writer: ProgramWriter, pattern: string): number {
  const program = compileBytes(pattern);
  const dfa = buildDfa(program);
  if (dfa !== undefined) return writeDfa(writer, dfa);
  if (program.nodes.length > REGEX_NODES_MAX) {
    throw new Error(`regular expression too large: ${program.nodes.length} steps, at most ${REGEX_NODES_MAX}`);
  }
  return writeNfa(writer, program);
}

function writeDfa(writer: ProgramWriter, dfa: Dfa): number {
  const offset = writer.reserve(DFA_TABLE + dfa.next.length * 2 + dfa.accepts.length);
  writer.u32(offset + REGEX_KIND, REGEX_DFA);
  writer.u32(offset + DFA_CLASS_COUNT, dfa.classCount);
  writer.u32(offset + DFA_STATE_COUNT, dfa.accepts.length);
  writer.copy(offset + DFA_CLASSES, dfa.classOf);
  const table = offset + DFA_TABLE;
  dfa.next.forEach((state, i) => {
    writer.u16(table + i * 2, state);
  });
  writer.copy(table + dfa.next.length * 2, dfa.accepts);
  return offset;
}

/** Writes the nodes as they are, without a table. @returns their offset */
export function writeNfa(writer: ProgramWriter, program: ByteProgram): number {
  const offset = writer.reserve(NFA_NODES + program.nodes.length * NFA_NODE_BYTES);
  writer.u32(offset + REGEX_KIND, REGEX_NFA);
  writer.u32(offset + NFA_START, program.start);
  writer.u32(offset + NFA_CONDITIONS, program.conditions);
  writer.u32(offset + NFA_NODE_COUNT, program.nodes.length);
  program.nodes.forEach((node, i) => {
    const at = offset + NFA_NODES + i * NFA_NODE_BYTES;
    writer.u8(at, node.kind);
    writer.u8(at + 1, node.lo);
    writer.u8(at + 2, node.hi);
    writer.u16(at + 4, node.next);
    writer.u16(at + 6, node.other);
  });
  return offset;
}

// The header mutations of a route that need no formatting: one call applies all levels to a head. Names and values lie in the config arena.
//
//   count u32, 0 | op: kind u32, known id u32, name u32, name length u32, value u32, value length u32 | ...
//
// Names and values are offsets from the start of the program. The host writes the ops in the order in which they are to be applied.

import {
  headerAdd,
  headerAddId,
  headerAppendAt,
  headerRemove,
  headerRemoveId,
  headerSet,
  headerSetId,
} from "../header/mutate";
import { headerFind, headerFindId } from "../header/read";
import { RESULT } from "../memory/arena";

export const MUTATIONS_COUNT: u32 = 0;
export const MUTATIONS_FIRST: u32 = 8;
export const MUTATION_KIND: u32 = 0;
export const MUTATION_ID: u32 = 4;
export const MUTATION_NAME: u32 = 8;
export const MUTATION_NAME_LENGTH: u32 = 12;
export const MUTATION_VALUE: u32 = 16;
export const MUTATION_VALUE_LENGTH: u32 = 20;
export const MUTATION_BYTES: u32 = 24;

export const MUTATE_REMOVE: u32 = 0;
/** Adds a field, whatever is there. */
export const MUTATE_ADD: u32 = 1;
/** Appends `,value` to the first field of that name, or adds it: headers that Envoy keeps as one. */
export const MUTATE_JOIN: u32 = 2;
export const MUTATE_ADD_IF_ABSENT: u32 = 3;
export const MUTATE_SET: u32 = 4;
export const MUTATE_SET_IF_PRESENT: u32 = 5;

const COMMA: u32 = RESULT + 60;

/**
 * Applies a mutation program. Returns the handle that holds from now on; result word 0 is the number of ops that were applied: fewer than there are
 * means that no block had room for the next one.
 */
export function headerMutate(block: u32, program: u32): u32 {
  const count = load<u32>(program + MUTATIONS_COUNT);
  let held = block;
  let op = program + MUTATIONS_FIRST;
  for (let i: u32 = 0; i < count; i++) {
    const moved = apply(held, program, op);
    if (moved == 0) {
      store<u32>(RESULT, i);
      return held;
    }
    held = moved;
    op += MUTATION_BYTES;
  }
  store<u32>(RESULT, count);
  return held;
}

function apply(block: u32, program: u32, op: u32): u32 {
  const kind = load<u32>(op + MUTATION_KIND);
  const id = load<u32>(op + MUTATION_ID);
  const name: usize = program + load<u32>(op + MUTATION_NAME);
  const nameLength = load<u32>(op + MUTATION_NAME_LENGTH);
  if (kind == MUTATE_REMOVE) {
    if (id != 0) headerRemoveId(block, id);
    else headerRemove(block, name, nameLength);
    return block;
  }
  const value: usize = program + load<u32>(op + MUTATION_VALUE);
  const valueLength = load<u32>(op + MUTATION_VALUE_LENGTH);
  if (kind != MUTATE_ADD && kind != MUTATE_SET) {
    const found = id != 0 ? headerFindId(block, id) : headerFind(block, name, nameLength);
    if (kind == MUTATE_JOIN && found >= 0) {
      store<u8>(COMMA, 0x2c);
      return headerAppendAt(block, found, COMMA, 1, value, valueLength);
    }
    if (kind == MUTATE_ADD_IF_ABSENT && found >= 0) return block;
    if (kind == MUTATE_SET_IF_PRESENT && found < 0) return block;
  }
  if (kind == MUTATE_SET || kind == MUTATE_SET_IF_PRESENT) {
    return id != 0
      ? headerSetId(block, id, value, valueLength)
      : headerSet(block, name, nameLength, value, valueLength);
  }
  return id != 0 ? headerAddId(block, id, value, valueLength) : headerAdd(block, name, nameLength, value, valueLength);
}

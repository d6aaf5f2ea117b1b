// Looking into a block. Indices count fields in the order of the message; they hold until the next mutation.

import { JOIN_BYTES, JOIN_START } from "../abi/limits";
import { copyBytes, equalBytes } from "../bytes/copy";
import { RESULT } from "../memory/arena";
import { blockAt, Field, fieldAt, fieldName, fieldNameLength, fieldValue, isPresent } from "./block";
import { nameId } from "./names";

/** Number of fields, pseudo fields included. */
export function headerCount(block: u32): u32 {
  return blockAt(block).fieldCount;
}

/** Leaves field i in the result words: name address, name length, value address, value length, known id. */
export function headerAt(block: u32, i: u32): void {
  assert(i < blockAt(block).fieldCount);
  const field = fieldAt(block, i);
  store<u32>(RESULT, <u32>fieldName(block, field));
  store<u32>(RESULT, fieldNameLength(field), 4);
  store<u32>(RESULT, <u32>fieldValue(block, field), 8);
  store<u32>(RESULT, field.valueLength, 12);
  store<u32>(RESULT, field.id, 16);
}

/** Index of the first field of that name (lower case), or -1. */
export function headerFind(block: u32, name: usize, nameBytes: u32): i32 {
  return headerFindNext(block, name, nameBytes, 0);
}

/** Index of the first field of that name (lower case) at or after `from`, or -1. */
export function headerFindNext(block: u32, name: usize, nameBytes: u32, from: u32): i32 {
  const id = nameId(name, nameBytes);
  if (id != 0) return headerFindIdNext(block, id, from);
  const count = blockAt(block).fieldCount;
  for (let i = from; i < count; i++) if (isNamed(block, fieldAt(block, i), name, nameBytes)) return i;
  return -1;
}

/** Index of the first field of a known name, or -1. */
export function headerFindId(block: u32, id: u32): i32 {
  return headerFindIdNext(block, id, 0);
}

/** Index of the first field of a known name at or after `from`, or -1. */
export function headerFindIdNext(block: u32, id: u32, from: u32): i32 {
  const it = blockAt(block);
  if (!isPresent(it, id)) return -1;
  const count = it.fieldCount;
  for (let i = from; i < count; i++) if (fieldAt(block, i).id == id) return i;
  return -1;
}

/** Whether a known name is there: a bit test. */
export function headerHasId(block: u32, id: u32): bool {
  return isPresent(blockAt(block), id);
}

/**
 * Leaves the value of a name in result words 0 (address) and 1 (length); several values are joined with "," (Envoy's getAllOfHeaderAsString),
 * valid until the next join. Returns the number of fields; 0: absent, and the words are 0.
 */
export function headerJoin(block: u32, name: usize, nameBytes: u32): u32 {
  const id = nameId(name, nameBytes);
  if (id != 0) return headerJoinId(block, id);
  return join(block, 0, name, nameBytes, headerFindNext(block, name, nameBytes, 0));
}

/** `headerJoin` for a known name. */
export function headerJoinId(block: u32, id: u32): u32 {
  return join(block, id, 0, 0, headerFindIdNext(block, id, 0));
}

function join(block: u32, id: u32, name: usize, nameBytes: u32, first: i32): u32 {
  if (first < 0) {
    store<u64>(RESULT, 0);
    return 0;
  }
  const field = fieldAt(block, first);
  store<u32>(RESULT, <u32>fieldValue(block, field));
  store<u32>(RESULT, field.valueLength, 4);
  const count = blockAt(block).fieldCount;
  let found: u32 = 1;
  let length: u32 = 0;
  for (let i: u32 = first + 1; i < count; i++) {
    const next = fieldAt(block, i);
    if (id != 0 ? next.id != id : !isNamed(block, next, name, nameBytes)) continue;
    if (found == 1) length = put(0, fieldValue(block, field), field.valueLength);
    store<u8>(JOIN_START + length, 0x2c);
    length = put(length + 1, fieldValue(block, next), next.valueLength);
    found++;
  }
  if (found > 1) {
    store<u32>(RESULT, JOIN_START);
    store<u32>(RESULT, length, 4);
  }
  return found;
}

/** Copies into the join area. Fields never overlap and cost 16 bytes each, so the sum is below that of the largest block. */
function put(at: u32, from: usize, length: u32): u32 {
  assert(at + length < JOIN_BYTES);
  copyBytes(JOIN_START + at, from, length);
  return at + length;
}

/** Whether a field has a name that is not a known one. */
export function isNamed(block: u32, field: Field, name: usize, nameBytes: u32): bool {
  return field.id == 0 && field.nameLength == nameBytes && equalBytes(fieldName(block, field), name, nameBytes);
}

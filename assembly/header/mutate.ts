// Changing a block. Each function that may need room returns the handle that holds from now on, or 0 when there is none (the block is
// then unchanged and the old handle holds).
//
// A new field is written to the text as a whole line, so that it is encoded by copying. Replaced and removed text stays behind as garbage; when a block is full
// it is packed first (only live text moves), and only then does it grow. So mutations in a loop cannot grow a block for ever.

import { SCRATCH_START } from "../abi/limits";
import { copyBytes, equalBytes } from "../bytes/copy";
import { writeDecimal } from "../bytes/digits";
import {
  BLOCK_SPARE_FIELDS,
  BLOCK_SPARE_TEXT,
  blockAt,
  blockFree,
  blockRoom,
  blockText,
  copyFacts,
  FIELD_BYTES,
  FIELD_LINE,
  Field,
  fieldAt,
  fieldName,
  fieldNameLength,
  fieldValue,
  markAbsent,
  markPresent,
  take,
} from "./block";
import { HEADER_LAST_PSEUDO, nameId, nameLength, nameText } from "./names";
import { headerFindIdNext, headerFindNext, isNamed } from "./read";

/** `: ` and CRLF: what a line has beside name and value. */
export const LINE_EXTRA: u32 = 4;
/** A name's length is 16 bits. */
const NAME_MAX: u32 = 0xffff;

/** Appends a field at the end. The name is in lower case. `name` and `value` must not point into a block. */
export function headerAdd(block: u32, name: usize, nameBytes: u32, value: usize, valueBytes: u32): u32 {
  if (nameBytes > NAME_MAX) return 0;
  return append(block, nameId(name, nameBytes), name, nameBytes, value, valueBytes);
}

/** `headerAdd` for a known name. */
export function headerAddId(block: u32, id: u32, value: usize, valueBytes: u32): u32 {
  return append(block, id, nameText(id), nameLength(id), value, valueBytes);
}

/** Leaves exactly one field of that name, with that value, where the first one was or at the end. */
export function headerSet(block: u32, name: usize, nameBytes: u32, value: usize, valueBytes: u32): u32 {
  const id = nameId(name, nameBytes);
  if (id != 0) return headerSetId(block, id, value, valueBytes);
  const first = headerFindNext(block, name, nameBytes, 0);
  if (first < 0) return headerAdd(block, name, nameBytes, value, valueBytes);
  const held = headerSetValueAt(block, first, value, valueBytes);
  if (held == 0) return 0;
  let next = headerFindNext(held, name, nameBytes, first + 1);
  while (next >= 0) {
    headerRemoveAt(held, next);
    next = headerFindNext(held, name, nameBytes, next);
  }
  return held;
}

/** `headerSet` for a known name. */
export function headerSetId(block: u32, id: u32, value: usize, valueBytes: u32): u32 {
  const first = headerFindIdNext(block, id, 0);
  if (first < 0) return headerAddId(block, id, value, valueBytes);
  const held = headerSetValueAt(block, first, value, valueBytes);
  if (held == 0) return 0;
  let next = headerFindIdNext(held, id, first + 1);
  while (next >= 0) {
    headerRemoveAt(held, next);
    next = headerFindIdNext(held, id, next);
  }
  return held;
}

/** `headerSetId` with the decimal text of a number. */
export function headerSetIdNumber(block: u32, id: u32, value: u32): u32 {
  return headerSetId(block, id, SCRATCH_START, writeDecimal(SCRATCH_START, value));
}

/** Replaces the value of field i. A value that is not longer takes the old one's place; else the line is written anew. */
export function headerSetValueAt(block: u32, i: u32, value: usize, valueBytes: u32): u32 {
  assert(i < blockAt(block).fieldCount);
  const field = fieldAt(block, i);
  if (valueBytes <= field.valueLength) {
    const at = fieldValue(block, field);
    copyBytes(at, value, valueBytes);
    if ((field.flags & FIELD_LINE) != 0) store<u16>(at + valueBytes, 0x0a0d);
    field.valueLength = valueBytes;
    return block;
  }
  const nameBytes = fieldNameLength(field);
  const held = makeRoom(block, nameBytes + valueBytes + LINE_EXTRA, 0);
  if (held == 0) return 0;
  const moved = fieldAt(held, i);
  writeLine(held, moved, fieldName(held, moved), nameBytes, value, valueBytes);
  return held;
}

/** Appends `separator value` to the value of field i: how x-forwarded-for grows. */
export function headerAppendAt(
  block: u32,
  i: u32,
  separator: usize,
  separatorBytes: u32,
  value: usize,
  valueBytes: u32,
): u32 {
  assert(i < blockAt(block).fieldCount);
  const before = fieldAt(block, i);
  const nameBytes = fieldNameLength(before);
  const oldBytes = before.valueLength;
  const whole = oldBytes + separatorBytes + valueBytes;
  const held = makeRoom(block, nameBytes + whole + LINE_EXTRA, 0);
  if (held == 0) return 0;
  const field = fieldAt(held, i);
  const oldValue = fieldValue(held, field);
  writeLine(held, field, fieldName(held, field), nameBytes, oldValue, oldBytes);
  const it = blockAt(held);
  const at = fieldValue(held, field) + oldBytes;
  copyBytes(at, separator, separatorBytes);
  copyBytes(at + separatorBytes, value, valueBytes);
  store<u16>(at + separatorBytes + valueBytes, 0x0a0d);
  field.valueLength = whole;
  it.textEnd += separatorBytes + valueBytes;
  return held;
}

/** Removes all fields of that name (lower case); how many there were. */
export function headerRemove(block: u32, name: usize, nameBytes: u32): u32 {
  const id = nameId(name, nameBytes);
  if (id != 0) return headerRemoveId(block, id);
  const it = blockAt(block);
  let kept: u32 = 0;
  const count = it.fieldCount;
  for (let i: u32 = 0; i < count; i++) {
    if (!isNamed(block, fieldAt(block, i), name, nameBytes)) keep(block, kept++, i);
  }
  it.fieldCount = kept;
  return count - kept;
}

/** Removes all fields of a known name; how many there were. */
export function headerRemoveId(block: u32, id: u32): u32 {
  if (headerFindIdNext(block, id, 0) < 0) return 0;
  const it = blockAt(block);
  let kept: u32 = 0;
  const count = it.fieldCount;
  for (let i: u32 = 0; i < count; i++) if (fieldAt(block, i).id != id) keep(block, kept++, i);
  it.fieldCount = kept;
  markAbsent(it, id);
  return count - kept;
}

/** Removes all fields of the known names whose bits are set (ids 0 to 63, 64 to 127), in one walk. */
export function headerRemoveIds(block: u32, low: u64, high: u64): void {
  const it = blockAt(block);
  if ((it.presentLow & low) == 0 && (it.presentHigh & high) == 0) return;
  const count = it.fieldCount;
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const id: u32 = fieldAt(block, i).id;
    if (id != 0 && (((id < 64 ? low : high) >> (id & 63)) & 1) != 0) continue;
    keep(block, kept++, i);
  }
  it.fieldCount = kept;
  it.presentLow &= ~low;
  it.presentHigh &= ~high;
}

/** Removes all fields whose name starts so (pseudo fields stay); how many there were. */
export function headerRemovePrefix(block: u32, prefix: usize, prefixBytes: u32): u32 {
  const it = blockAt(block);
  let kept: u32 = 0;
  const count = it.fieldCount;
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    const id: u32 = field.id;
    const pseudo = id != 0 && id <= HEADER_LAST_PSEUDO;
    if (!pseudo && fieldNameLength(field) >= prefixBytes && equalBytes(fieldName(block, field), prefix, prefixBytes)) {
      if (id != 0) markAbsent(it, id);
    } else {
      keep(block, kept++, i);
    }
  }
  it.fieldCount = kept;
  return count - kept;
}

/** Removes field i; those behind it move up by one. */
export function headerRemoveAt(block: u32, i: u32): void {
  const it = blockAt(block);
  assert(i < it.fieldCount);
  const id: u32 = fieldAt(block, i).id;
  // Field n-1 is lowest in memory: the fields behind i lie below it, and move up.
  const lowest = changetype<usize>(fieldAt(block, it.fieldCount - 1));
  copyBytes(lowest + FIELD_BYTES, lowest, (it.fieldCount - 1 - i) * FIELD_BYTES);
  it.fieldCount--;
  if (id == 0) return;
  markAbsent(it, id);
  for (let k: u32 = 0; k < it.fieldCount; k++) {
    if (fieldAt(block, k).id != id) continue;
    markPresent(it, id);
    return;
  }
}

/** Moves field `from` to place `to` <= from: the step of a loop that closes gaps. */
export function keep(block: u32, to: u32, from: u32): void {
  if (to != from) {
    copyBytes(changetype<usize>(fieldAt(block, to)), changetype<usize>(fieldAt(block, from)), FIELD_BYTES);
  }
}

/** Room for a mutation: as it is, else packed, else packed into a larger class. The handle that holds, or 0. */
export function makeRoom(block: u32, textBytes: u32, fields: u32): u32 {
  const wanted = textBytes + fields * FIELD_BYTES;
  if (blockRoom(block) >= wanted) return block;
  const it = blockAt(block);
  const count = it.fieldCount;
  let live: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    live += fieldNameLength(field) + field.valueLength + LINE_EXTRA;
  }
  const packed = take(live + wanted + BLOCK_SPARE_TEXT + (count + BLOCK_SPARE_FIELDS) * FIELD_BYTES);
  if (packed == 0) return 0;
  const fresh = blockAt(packed);
  fresh.fieldCount = count;
  copyFacts(fresh, it);
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    const copy = fieldAt(packed, i);
    copy.id = field.id;
    copy.flags = field.flags;
    const name = fieldName(block, field);
    writeLine(packed, copy, name, fieldNameLength(field), fieldValue(block, field), field.valueLength);
  }
  blockFree(block);
  return packed;
}

function append(block: u32, id: u32, name: usize, nameBytes: u32, value: usize, valueBytes: u32): u32 {
  const held = makeRoom(block, nameBytes + valueBytes + LINE_EXTRA, 1);
  if (held == 0) return 0;
  const it = blockAt(held);
  const field = fieldAt(held, it.fieldCount++);
  field.id = <u8>id;
  field.flags = 0;
  writeLine(held, field, name, nameBytes, value, valueBytes);
  markPresent(it, id);
  return held;
}

/** Writes `name: value CRLF` at the end of the text, where room was made, and points the field there. */
function writeLine(block: u32, field: Field, name: usize, nameBytes: u32, value: usize, valueBytes: u32): void {
  const it = blockAt(block);
  const at = blockText(block) + it.textEnd;
  copyBytes(at, name, nameBytes);
  store<u16>(at + nameBytes, 0x203a);
  copyBytes(at + nameBytes + 2, value, valueBytes);
  store<u16>(at + nameBytes + 2 + valueBytes, 0x0a0d);
  field.nameOffset = it.textEnd;
  field.nameLength = <u16>nameBytes;
  field.valueOffset = it.textEnd + nameBytes + 2;
  field.valueLength = valueBytes;
  field.flags |= <u8>FIELD_LINE;
  it.textEnd += nameBytes + valueBytes + LINE_EXTRA;
}

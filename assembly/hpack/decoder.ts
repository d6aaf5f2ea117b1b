// From an encoded field section to a header block, RFC 7541 3 and 6, in one walk.
//
// A field is written where it stays: as the line `name: value CRLF` in the text of the block, which HTTP/1 sends on by copying, and a row
// in its table. The limits on size and number are looked at before a field is built, by its declared length; a section beyond them is read to its
// end without being kept, since the dynamic table must go on as the peer's does (RFC 9113 10.5.1).
//
// Cookie crumbs that stand together become one field at once (RFC 9113 8.2.3), so that thousands of them are no table of thousands.

import { SCRATCH_START } from "../abi/limits";
import {
  H2_NO_BLOCK,
  HPACK_HUFFMAN,
  HPACK_INDEX,
  HPACK_INTEGER,
  HPACK_STRING,
  HPACK_TABLE_SIZE,
  HPACK_TABLE_SIZE_LATE,
  HPACK_TABLE_SIZE_MISSING,
  OK,
} from "../abi/result";
import { copyBytes } from "../bytes/copy";
import {
  blockAt,
  blockFree,
  blockNew,
  blockReserve,
  blockText,
  FIELD_LINE,
  FIELD_SENSITIVE,
  fieldAt,
  markPresent,
} from "../header/block";
import { HEADER_COOKIE, HEADER_LAST_PSEUDO, nameId, nameText } from "../header/names";
import { HPACK_STATIC_COUNT } from "../memory/arena";
import { DynamicTable, entryAt, entryName, entryValue, tableInsert, tableResize } from "./dynamic_table";
import { HUFFMAN_INVALID, HUFFMAN_NO_ROOM, huffmanDecode } from "./huffman";
import { integerEnd, NOT_AN_INTEGER, readInteger } from "./integer";
import { staticAt } from "./static_table";

/** A name's length is 16 bits in a block. */
const NAME_MAX: u32 = 0xffff;
/** `: ` and CRLF. */
const LINE_EXTRA: u32 = 4;
/** Fields that a first block is made for; more of them make it grow. */
const FIELDS_USUAL: u32 = 24;

// --- after `decodeSection` returned OK
/** The header block; 0: beyond a limit, and one of the two flags says which. */
export let section: u32 = 0;
export let tooLarge: bool = false;
export let tooMany: bool = false;

// --- the walk
let at: usize = 0;
let end: usize = 0;
/** Bytes of names and values that may still come. */
let budget: u32 = 0;
/** Fields that may still come. */
let fieldsLeft: u32 = 0;
let noBlock: bool = false;

// --- the field at hand: its name from a table, or both its strings as they lie
/** Static row, when `fromStatic`; else the number of a dynamic entry. */
let entry: u32 = 0;
let fromStatic: bool = false;
let entryId: u32 = 0;
let entryNameLength: u32 = 0;
let entryValueLength: u32 = 0;
/** The string read last: where it lies, its length there, and whether it is Huffman code. */
let stringAt: usize = 0;
let stringLength: u32 = 0;
let stringCoded: bool = false;

/**
 * Decodes the field section [from, to). At most `maxBytes` of names and values and `maxFields` fields are kept. `tableMax` is the largest table that we allow;
 * `mustShrink`: it was larger before, so the section begins with an update. A result code; other than OK the connection is at its end, and
 * there is no block.
 */
export function decodeSection(
  table: DynamicTable,
  from: usize,
  to: usize,
  maxBytes: u32,
  maxFields: u32,
  tableMax: u32,
  mustShrink: bool,
): u32 {
  at = from;
  end = to;
  budget = maxBytes;
  fieldsLeft = maxFields;
  tooLarge = false;
  tooMany = false;
  noBlock = false;
  section = blockNew(min(<u32>(to - from) * 2, maxBytes), FIELDS_USUAL);
  if (section == 0) return H2_NO_BLOCK;
  let fault = readSizeUpdates(table, tableMax, mustShrink);
  while (fault == OK && at < end) {
    const byte: u32 = load<u8>(at);
    if (byte >= 0x80) fault = readIndexed(table);
    else if (byte >= 0x40) fault = readLiteral(table, 6, true, 0);
    else if (byte >= 0x20) fault = HPACK_TABLE_SIZE_LATE;
    else fault = readLiteral(table, 4, false, byte >= 0x10 ? FIELD_SENSITIVE : 0);
  }
  if (fault == OK && noBlock) fault = H2_NO_BLOCK;
  if (fault != OK) drop();
  return fault;
}

/** 6.3: dynamic table size updates, which stand in front of all fields (4.2). */
function readSizeUpdates(table: DynamicTable, tableMax: u32, mustShrink: bool): u32 {
  let seen = false;
  while (at < end && (load<u8>(at) & 0xe0) == 0x20) {
    const size = readInteger(at, end, 5);
    if (size == NOT_AN_INTEGER) return HPACK_INTEGER;
    if (size > tableMax) return HPACK_TABLE_SIZE;
    at = integerEnd;
    tableResize(table, size);
    seen = true;
  }
  return mustShrink && !seen && table.limit > tableMax ? HPACK_TABLE_SIZE_MISSING : OK;
}

/** 6.1: a whole field by its index. */
function readIndexed(table: DynamicTable): u32 {
  const index = readInteger(at, end, 7);
  if (index == NOT_AN_INTEGER) return HPACK_INTEGER;
  at = integerEnd;
  if (index == 0 || !findEntry(table, index)) return HPACK_INDEX;
  if (!admits(entryNameLength + entryValueLength)) return OK;
  if (!reserve(entryNameLength + entryValueLength)) return OK;
  const text = blockText(section) + blockAt(section).textEnd;
  const value = text + putEntryName(table, text);
  if (fromStatic) copyBytes(value, staticAt(entry).value, entryValueLength);
  else entryValue(table, entryAt(table, entry), value);
  addField(entryId, text, entryNameLength, value, entryValueLength, 0);
  return OK;
}

/** 6.2: a literal value, its name from a table or literal too. */
function readLiteral(table: DynamicTable, bits: u32, indexes: bool, flags: u32): u32 {
  const index = readInteger(at, end, bits);
  if (index == NOT_AN_INTEGER) return HPACK_INTEGER;
  at = integerEnd;
  let fault: u32;
  if (index == 0) {
    fault = readString();
    if (fault != OK) return fault;
  } else if (!findEntry(table, index)) {
    return HPACK_INDEX;
  }
  const nameAt = stringAt;
  const nameLength = stringLength;
  const nameCoded = stringCoded;
  fault = readString();
  if (fault != OK) return fault;

  // The shortest that the two can be: no code is longer than 30 bits.
  const least =
    (index == 0 ? leastLength(nameLength, nameCoded) : entryNameLength) + leastLength(stringLength, stringCoded);
  if (admits(least)) {
    const most =
      (index == 0 ? mostLength(nameLength, nameCoded) : entryNameLength) + mostLength(stringLength, stringCoded);
    if (reserve(min(most, budget + least))) {
      fault = buildLiteral(table, index == 0, nameAt, nameLength, nameCoded, indexes, flags, budget + least);
      if (fault != OK || section != 0) return fault;
    }
  }
  return indexes ? insertUnkept(table, index == 0, nameAt, nameLength, nameCoded) : OK;
}

/** Writes the literal at hand into the block, at most `room` bytes of name and value; drops the section when there are more. */
function buildLiteral(
  table: DynamicTable,
  isNew: bool,
  nameAt: usize,
  nameLength: u32,
  nameCoded: bool,
  indexes: bool,
  flags: u32,
  room: u32,
): u32 {
  const text = blockText(section) + blockAt(section).textEnd;
  let id = entryId;
  let length = entryNameLength;
  let value = text;
  if (isNew) {
    length = copyString(nameAt, nameLength, nameCoded, text, text + min(room, NAME_MAX));
    if (length == HUFFMAN_INVALID) return HPACK_HUFFMAN;
    if (length == HUFFMAN_NO_ROOM) return overflow();
    id = nameId(text, length);
    if (id == 0 || id > HEADER_LAST_PSEUDO) value = text + length + 2;
  } else {
    value = text + putEntryName(table, text);
  }
  const bytes = copyString(stringAt, stringLength, stringCoded, value, value + (room - length));
  if (bytes == HUFFMAN_INVALID) return HPACK_HUFFMAN;
  if (bytes == HUFFMAN_NO_ROOM) return overflow();
  budget = room - length - bytes;
  if (indexes) tableInsert(table, id, id != 0 ? nameText(id) : text, length, value, bytes);
  addField(id, text, length, value, bytes, flags);
  return OK;
}

/** A literal of a section that is not kept: the table takes it all the same. */
function insertUnkept(table: DynamicTable, isNew: bool, nameAt: usize, nameLength: u32, nameCoded: bool): u32 {
  // What does not fit empties the table, whatever it says: its text need not be known.
  const most = table.limit;
  let length = entryNameLength;
  if (isNew) length = copyString(nameAt, nameLength, nameCoded, SCRATCH_START, SCRATCH_START + most);
  else if (length <= most) putEntryName(table, SCRATCH_START);
  if (length == HUFFMAN_INVALID) return HPACK_HUFFMAN;
  const value = SCRATCH_START + most;
  const bytes = copyString(stringAt, stringLength, stringCoded, value, value + most);
  if (bytes == HUFFMAN_INVALID) return HPACK_HUFFMAN;
  if (length > most || bytes > most) tableInsert(table, 0, 0, most + 1, 0, 0);
  else tableInsert(table, nameId(SCRATCH_START, length), SCRATCH_START, length, value, bytes);
  return OK;
}

/** Looks an index up in the two tables (2.3.3). */
function findEntry(table: DynamicTable, index: u32): bool {
  fromStatic = index <= HPACK_STATIC_COUNT;
  if (fromStatic) {
    const row = staticAt(index);
    entry = index;
    entryId = row.id;
    entryNameLength = row.nameLength;
    entryValueLength = row.valueLength;
    return true;
  }
  const age = index - HPACK_STATIC_COUNT;
  if (age > table.count) return false;
  entry = table.inserted - age;
  const found = entryAt(table, entry);
  entryId = found.id;
  entryNameLength = found.nameLength;
  entryValueLength = found.valueLength;
  return true;
}

/** 5.2: a string's head; it must end in this section. */
function readString(): u32 {
  if (at >= end) return HPACK_STRING;
  stringCoded = load<u8>(at) >= 0x80;
  stringLength = readInteger(at, end, 7);
  if (stringLength == NOT_AN_INTEGER) return HPACK_INTEGER;
  stringAt = integerEnd;
  if (stringLength > <u32>(end - stringAt)) return HPACK_STRING;
  at = stringAt + stringLength;
  return OK;
}

function leastLength(length: u32, coded: bool): u32 {
  return coded ? <u32>((<u64>length * 8) / 30) : length;
}

function mostLength(length: u32, coded: bool): u32 {
  return coded ? <u32>((<u64>length * 8) / 5) : length;
}

/** Writes a string's text at `to`, not beyond `toEnd`: its length, HUFFMAN_INVALID or HUFFMAN_NO_ROOM. */
function copyString(from: usize, length: u32, coded: bool, to: usize, toEnd: usize): u32 {
  if (coded) return huffmanDecode(from, from + length, to, toEnd);
  if (length > <u32>(toEnd - to)) return HUFFMAN_NO_ROOM;
  copyBytes(to, from, length);
  return length;
}

/** Writes the name of the entry at hand where a line begins; how far its value is from there. A pseudo field has no line. */
function putEntryName(table: DynamicTable, to: usize): u32 {
  if (entryId != 0 && entryId <= HEADER_LAST_PSEUDO && to != SCRATCH_START) return 0;
  if (fromStatic) copyBytes(to, staticAt(entry).name, entryNameLength);
  else entryName(table, entryAt(table, entry), to);
  return entryNameLength + 2;
}

/** Whether a field of at least so many bytes is within the limits, and kept. Takes them off the budget. */
function admits(bytes: u32): bool {
  if (section == 0) return false;
  if (bytes > budget) {
    tooLarge = true;
    drop();
    return false;
  }
  if (fieldsLeft == 0) {
    tooMany = true;
    drop();
    return false;
  }
  budget -= bytes;
  fieldsLeft--;
  return true;
}

/** The literal is longer than the budget. Always OK: the section is dropped. */
function overflow(): u32 {
  tooLarge = true;
  drop();
  return OK;
}

/** Room for one more line. Without it there is no block any more, which is told at the end: the table must be kept until then. */
function reserve(bytes: u32): bool {
  const held = blockReserve(section, bytes + LINE_EXTRA, 1);
  if (held == 0) {
    noBlock = true;
    drop();
    return false;
  }
  section = held;
  return true;
}

/** A row for the line whose name (unless it is a pseudo field) and value were written at the end of the text. */
function addField(id: u32, name: usize, nameLength: u32, value: usize, valueLength: u32, flags: u32): void {
  const it = blockAt(section);
  const text = blockText(section);
  const isPseudo = id != 0 && id <= HEADER_LAST_PSEUDO;
  const valueEnd = value + valueLength;
  if (isPseudo) {
    it.textEnd = <u32>(valueEnd - text);
  } else {
    store<u16>(name + nameLength, 0x203a);
    store<u16>(valueEnd, 0x0a0d);
    it.textEnd = <u32>(valueEnd + 2 - text);
    flags |= FIELD_LINE;
  }
  if (id == HEADER_COOKIE && it.fieldCount > 0 && joinsCookie(value, valueLength, flags)) return;
  const field = fieldAt(section, it.fieldCount++);
  field.nameOffset = isPseudo ? 0 : <u32>(name - text);
  field.nameLength = <u16>nameLength;
  field.id = <u8>id;
  field.flags = <u8>flags;
  field.valueOffset = <u32>(value - text);
  field.valueLength = valueLength;
  markPresent(it, id);
}

/** A crumb directly behind another becomes a part of its value: "; " takes the place of the line's end. */
function joinsCookie(value: usize, length: u32, flags: u32): bool {
  const it = blockAt(section);
  const before = fieldAt(section, it.fieldCount - 1);
  if (before.id != HEADER_COOKIE) return false;
  const joint = blockText(section) + before.valueOffset + before.valueLength;
  store<u16>(joint, 0x203b);
  copyBytes(joint + 2, value, length);
  store<u16>(joint + 2 + length, 0x0a0d);
  before.valueLength += 2 + length;
  before.flags |= <u8>flags;
  it.textEnd = before.valueOffset + before.valueLength + 2;
  // The crumb is no field of its own; the two bytes between them count as the peer's.
  fieldsLeft++;
  budget -= min(budget, 2);
  return true;
}

function drop(): void {
  if (section != 0) blockFree(section);
  section = 0;
}

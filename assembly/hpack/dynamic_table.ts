// The dynamic table, RFC 7541 2.3.2 and 4: the fields seen last, newest first, in a ring of text and a ring of entries that never move.
//
//   data     | ... value | name value | name value | name ...        text of entry n directly behind that of n-1, around the end
//   entries  8 bytes each: {offset u16, nameLength u16, valueLength u16, id u8, unused u8}, entry n at n modulo their number
//
// The text ring is as large as the table may ever be, and each entry counts 32 bytes more than its text, so live text never overlaps.

import { HPACK_ENTRY_BYTES, HPACK_ENTRY_OVERHEAD } from "../abi/limits";
import { copyBytes, equalBytes } from "../bytes/copy";

/** 40 bytes, inside its connection. */
@unmanaged
export class DynamicTable {
  data: u32;
  /** Bytes of the text ring: a power of two. */
  dataBytes: u32;
  entries: u32;
  /** Number of entries that the ring holds, less one. */
  entryMask: u32;
  /** The size that the encoder of the two chose last (4.2). */
  limit: u32;
  size: u32;
  count: u32;
  /** Entries ever inserted: the number of the next one. */
  inserted: u32;
  /** Where the next text goes. */
  offset: u32;
}

@unmanaged
export class DynamicEntry {
  offset: u16;
  nameLength: u16;
  valueLength: u16;
  /** Known name, or 0. */
  id: u8;
}

/** An empty table over the two rings; `limit` <= dataBytes. */
export function tableInit(it: DynamicTable, data: u32, dataBytes: u32, entries: u32, limit: u32): void {
  assert((dataBytes & (dataBytes - 1)) == 0 && limit <= dataBytes);
  it.data = data;
  it.dataBytes = dataBytes;
  it.entries = entries;
  it.entryMask = dataBytes / HPACK_ENTRY_OVERHEAD - 1;
  it.limit = limit;
  it.size = 0;
  it.count = 0;
  it.inserted = 0;
  it.offset = 0;
}

/** Entry by its number; it is live. */
export function entryAt(it: DynamicTable, number: u32): DynamicEntry {
  return changetype<DynamicEntry>(<usize>(it.entries + (number & it.entryMask) * HPACK_ENTRY_BYTES));
}

/** The smallest number of a live entry. */
export function oldestEntry(it: DynamicTable): u32 {
  return it.inserted - it.count;
}

/** RFC 7541 4.3. */
export function tableResize(it: DynamicTable, limit: u32): void {
  assert(limit <= it.dataBytes);
  it.limit = limit;
  evict(it, 0);
}

/** Inserts a field whose text lies outside of the ring; one that is larger than the table empties it (4.4). */
export function tableInsert(
  it: DynamicTable,
  id: u32,
  name: usize,
  nameLength: u32,
  value: usize,
  valueLength: u32,
): void {
  const size = nameLength + valueLength + HPACK_ENTRY_OVERHEAD;
  evict(it, size);
  if (size > it.limit) return;
  const entry = entryAt(it, it.inserted++);
  entry.offset = <u16>it.offset;
  entry.nameLength = <u16>nameLength;
  entry.valueLength = <u16>valueLength;
  entry.id = <u8>id;
  copyIn(it, name, nameLength);
  copyIn(it, value, valueLength);
  it.size += size;
  it.count++;
}

/** Copies an entry's name out. */
export function entryName(it: DynamicTable, entry: DynamicEntry, to: usize): void {
  copyOut(it, entry.offset, entry.nameLength, to);
}

/** Copies an entry's value out. */
export function entryValue(it: DynamicTable, entry: DynamicEntry, to: usize): void {
  copyOut(it, (<u32>entry.offset + entry.nameLength) & (it.dataBytes - 1), entry.valueLength, to);
}

/** Whether an entry has this name and value. */
export function entryEquals(
  it: DynamicTable,
  entry: DynamicEntry,
  name: usize,
  nameLength: u32,
  value: usize,
  valueLength: u32,
): bool {
  if (entry.nameLength != nameLength || entry.valueLength != valueLength) return false;
  const valueOffset = (<u32>entry.offset + nameLength) & (it.dataBytes - 1);
  return equalsAt(it, valueOffset, value, valueLength) && equalsAt(it, entry.offset, name, nameLength);
}

/** Whether an entry has this name. */
export function entryNamed(it: DynamicTable, entry: DynamicEntry, name: usize, nameLength: u32): bool {
  return entry.nameLength == nameLength && equalsAt(it, entry.offset, name, nameLength);
}

/** Drops the oldest entries until so many bytes are free, or none is left. */
function evict(it: DynamicTable, wanted: u32): void {
  while (it.count > 0 && it.size + wanted > it.limit) {
    const entry = entryAt(it, oldestEntry(it));
    it.size -= <u32>entry.nameLength + entry.valueLength + HPACK_ENTRY_OVERHEAD;
    it.count--;
  }
}

function copyIn(it: DynamicTable, from: usize, length: u32): void {
  const first = min(length, it.dataBytes - it.offset);
  copyBytes(it.data + it.offset, from, first);
  if (first < length) copyBytes(it.data, from + first, length - first);
  it.offset = (it.offset + length) & (it.dataBytes - 1);
}

function copyOut(it: DynamicTable, offset: u32, length: u32, to: usize): void {
  const first = min(length, it.dataBytes - offset);
  copyBytes(to, it.data + offset, first);
  if (first < length) copyBytes(to + first, it.data, length - first);
}

function equalsAt(it: DynamicTable, offset: u32, text: usize, length: u32): bool {
  const first = min(length, it.dataBytes - offset);
  if (!equalBytes(it.data + offset, text, first)) return false;
  return first == length || equalBytes(it.data, text + first, length - first);
}

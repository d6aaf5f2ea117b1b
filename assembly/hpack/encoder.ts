// From a header block to an encoded field section, RFC 7541 6.
//
// What a field becomes, by what its name is:
//   in a table with this value                 its index
//   a secret, or came as never indexed         literal, never indexed (7.1.3)
//   differs from message to message            literal, not indexed: it would only push others out of the table
//   else                                       literal, and an entry of the table
//
// The table is searched through a hash of 256 entries that remembers the newest one for each hash; what it forgets costs a few bytes, no search.

import { H2_ENCODER_TABLE_MAX, HPACK_ENTRY_OVERHEAD, HPACK_HASH_SLOTS } from "../abi/limits";
import { copyBytes } from "../bytes/copy";
import { blockAt, FIELD_SENSITIVE, Field, fieldAt, fieldName, fieldNameLength, fieldValue } from "../header/block";
import {
  HEADER_AGE,
  HEADER_AUTHORIZATION,
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_RANGE,
  HEADER_COOKIE,
  HEADER_ETAG,
  HEADER_GRPC_TIMEOUT,
  HEADER_HOST,
  HEADER_IF_MODIFIED_SINCE,
  HEADER_IF_NONE_MATCH,
  HEADER_KEEP_ALIVE,
  HEADER_LAST_MODIFIED,
  HEADER_LAST_PSEUDO,
  HEADER_LOCATION,
  HEADER_PATH,
  HEADER_PROXY_AUTHORIZATION,
  HEADER_PROXY_CONNECTION,
  HEADER_RANGE,
  HEADER_SET_COOKIE,
  HEADER_TE,
  HEADER_TRACEPARENT,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  HEADER_X_B3_SPANID,
  HEADER_X_B3_TRACEID,
  HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
  HEADER_X_ENVOY_ORIGINAL_PATH,
  HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME,
  HEADER_X_FORWARDED_FOR,
  HEADER_X_REQUEST_ID,
} from "../header/names";
import { HPACK_STATIC_COUNT } from "../memory/arena";
import { DynamicTable, entryAt, entryEquals, entryNamed, tableInsert, tableResize } from "./dynamic_table";
import { huffmanEncode, huffmanLength } from "./huffman";
import { writeInteger } from "./integer";
import { staticExact, staticIndex } from "./static_table";

/** Bytes that a field takes at most beside its text: two string heads and an index. */
const FIELD_EXTRA: u32 = 18;
/** Two table size updates. */
const UPDATES_MAX: u32 = 12;
/** A value that takes more of the table than this would push out too much. */
const INDEXED_MAX: u32 = H2_ENCODER_TABLE_MAX / 4;
/** A secret shorter than this could be guessed byte by byte from the size of what we send (7.1). */
const COOKIE_SECRET: u32 = 20;

/** The encoder of one connection: 64 bytes inside it. */
@unmanaged
export class Encoder {
  /** u16 numbers of the newest entry for each hash. */
  hash: u32;
  /** What the peer allows and we keep, whichever is smaller. */
  tableMax: u32;
  /** The smallest of these since the last section; ENCODER_UNCHANGED: no update is owed. */
  smallest: u32;
}

export const ENCODER_UNCHANGED: u32 = 0xffff_ffff;

let to: usize = 0;

export function encoderInit(it: Encoder, hash: u32, limit: u32): void {
  it.hash = hash;
  it.tableMax = limit;
  it.smallest = ENCODER_UNCHANGED;
}

/** The peer's SETTINGS_HEADER_TABLE_SIZE: told to its decoder at the start of the next section (4.2). */
export function encoderResize(it: Encoder, allowed: u32): void {
  const size = min(allowed, H2_ENCODER_TABLE_MAX);
  if (size == it.tableMax) return;
  it.tableMax = size;
  it.smallest = min(it.smallest, size);
}

/** The most bytes that `encodeSection` writes for this block. */
export function sectionBound(block: u32): u32 {
  const count = blockAt(block).fieldCount;
  let bytes: u32 = UPDATES_MAX;
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    bytes += fieldNameLength(field) + field.valueLength + FIELD_EXTRA;
  }
  return bytes;
}

/** Writes the fields of a block at `out`, which has room for `sectionBound`; the length. Pseudo fields first (RFC 9113 8.3). */
export function encodeSection(it: Encoder, table: DynamicTable, block: u32, out: usize): u32 {
  to = out;
  putSizeUpdates(it, table);
  const count = blockAt(block).fieldCount;
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    if (isPseudo(field)) putField(it, table, block, field);
  }
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    if (!isPseudo(field) && !isOfConnection(block, field)) putField(it, table, block, field);
  }
  return <u32>(to - out);
}

/** Writes `:status` and nothing else: an interim response of our own. */
export function encodeStatus(it: Encoder, table: DynamicTable, status: u32, out: usize): u32 {
  to = out;
  putSizeUpdates(it, table);
  // A literal without indexing, its name that of static field 8.
  store<u8>(to, 0x08);
  store<u8>(to, 3, 1);
  store<u8>(to, 0x30 + status / 100, 2);
  store<u8>(to, 0x30 + ((status / 10) % 10), 3);
  store<u8>(to, 0x30 + (status % 10), 4);
  return <u32>(to + 5 - out);
}

function putSizeUpdates(it: Encoder, table: DynamicTable): void {
  if (it.smallest == ENCODER_UNCHANGED) return;
  if (it.smallest < it.tableMax) {
    tableResize(table, it.smallest);
    to += writeInteger(to, it.smallest, 5, 0x20);
  }
  tableResize(table, it.tableMax);
  to += writeInteger(to, it.tableMax, 5, 0x20);
  it.smallest = ENCODER_UNCHANGED;
}

function putField(it: Encoder, table: DynamicTable, block: u32, field: Field): void {
  const id: u32 = field.id;
  const name = fieldName(block, field);
  const nameLength = fieldNameLength(field);
  const value = fieldValue(block, field);
  const valueLength = field.valueLength;
  const known = id != 0 ? staticIndex(id) : 0;
  if (isSecret(field)) {
    putLiteral(0x10, 4, known, name, nameLength, value, valueLength);
    return;
  }
  if (known != 0) {
    const exact = staticExact(known, value, valueLength);
    if (exact != 0) {
      to += writeInteger(to, exact, 7, 0x80);
      return;
    }
  }
  const size = nameLength + valueLength + HPACK_ENTRY_OVERHEAD;
  if (size > INDEXED_MAX || size > table.limit || isFleeting(id)) {
    putLiteral(0, 4, known, name, nameLength, value, valueLength);
    return;
  }
  const nameHash = mix(name, nameLength, 0);
  const wholeSlot = it.hash + slotOf(mix(value, valueLength, nameHash)) * 2;
  const nameSlot = it.hash + slotOf(nameHash) * 2;
  const found = liveEntry(table, load<u16>(wholeSlot));
  if (found >= 0 && entryEquals(table, entryAt(table, <u32>found), name, nameLength, value, valueLength)) {
    to += writeInteger(to, HPACK_STATIC_COUNT + table.inserted - <u32>found, 7, 0x80);
    return;
  }
  let index = known;
  if (index == 0) {
    const named = liveEntry(table, load<u16>(nameSlot));
    if (named >= 0 && entryNamed(table, entryAt(table, <u32>named), name, nameLength)) {
      index = HPACK_STATIC_COUNT + table.inserted - <u32>named;
    }
  }
  putLiteral(0x40, 6, index, name, nameLength, value, valueLength);
  store<u16>(wholeSlot, <u16>table.inserted);
  store<u16>(nameSlot, <u16>table.inserted);
  tableInsert(table, id, name, nameLength, value, valueLength);
}

/** The whole number of a live entry from its lower 16 bits; -1: it has gone. */
function liveEntry(table: DynamicTable, low: u32): i64 {
  const age = (table.inserted - low) & 0xffff;
  return age == 0 || age > table.count ? -1 : <i64>(table.inserted - age);
}

function putLiteral(
  upper: u32,
  bits: u32,
  index: u32,
  name: usize,
  nameLength: u32,
  value: usize,
  valueLength: u32,
): void {
  to += writeInteger(to, index, bits, upper);
  if (index == 0) putString(name, nameLength);
  putString(value, valueLength);
}

/** Huffman code where it is shorter. */
function putString(from: usize, length: u32): void {
  const coded = huffmanLength(from, length);
  if (coded < length) {
    to += writeInteger(to, coded, 7, 0x80);
    to = huffmanEncode(to, from, length);
  } else {
    to += writeInteger(to, length, 7, 0);
    copyBytes(to, from, length);
    to += length;
  }
}

function isPseudo(field: Field): bool {
  const id: u32 = field.id;
  return id != 0 && id <= HEADER_LAST_PSEUDO;
}

/** RFC 9113 8.2.2: what an HTTP/2 message must not have, when the message came by HTTP/1. `host` has become `:authority`. */
function isOfConnection(block: u32, field: Field): bool {
  const id: u32 = field.id;
  if (id > HEADER_UPGRADE) return false;
  if (id == HEADER_TE) {
    return field.valueLength != 8 || load<u64>(fieldValue(block, field)) != 0x73_72_65_6c_69_61_72_74; // trailers
  }
  return (
    id == HEADER_HOST ||
    id == HEADER_CONNECTION ||
    id == HEADER_KEEP_ALIVE ||
    id == HEADER_PROXY_CONNECTION ||
    id == HEADER_TRANSFER_ENCODING ||
    id == HEADER_UPGRADE
  );
}

function isSecret(field: Field): bool {
  const id: u32 = field.id;
  return (
    (field.flags & FIELD_SENSITIVE) != 0 ||
    id == HEADER_AUTHORIZATION ||
    id == HEADER_PROXY_AUTHORIZATION ||
    id == HEADER_SET_COOKIE ||
    (id == HEADER_COOKIE && field.valueLength < COOKIE_SECRET)
  );
}

/** Bits of the known names whose values seldom come again. */
const FLEETING_LOW: u64 =
  ((<u64>1) << HEADER_PATH) |
  ((<u64>1) << HEADER_CONTENT_LENGTH) |
  ((<u64>1) << HEADER_X_FORWARDED_FOR) |
  ((<u64>1) << HEADER_X_REQUEST_ID) |
  ((<u64>1) << HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS) |
  ((<u64>1) << HEADER_X_ENVOY_ORIGINAL_PATH) |
  ((<u64>1) << HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME);
const FLEETING_HIGH: u64 =
  ((<u64>1) << (HEADER_AGE - 64)) |
  ((<u64>1) << (HEADER_CONTENT_RANGE - 64)) |
  ((<u64>1) << (HEADER_ETAG - 64)) |
  ((<u64>1) << (HEADER_GRPC_TIMEOUT - 64)) |
  ((<u64>1) << (HEADER_IF_MODIFIED_SINCE - 64)) |
  ((<u64>1) << (HEADER_IF_NONE_MATCH - 64)) |
  ((<u64>1) << (HEADER_LAST_MODIFIED - 64)) |
  ((<u64>1) << (HEADER_LOCATION - 64)) |
  ((<u64>1) << (HEADER_RANGE - 64)) |
  ((<u64>1) << (HEADER_TRACEPARENT - 64)) |
  ((<u64>1) << (HEADER_X_B3_SPANID - 64)) |
  ((<u64>1) << (HEADER_X_B3_TRACEID - 64));

function isFleeting(id: u32): bool {
  return (((id < 64 ? FLEETING_LOW : FLEETING_HIGH) >> (id & 63)) & 1) != 0;
}

/** Mixes a length and the first, middle and last bytes into a hash: equal texts are compared anyway. */
function mix(text: usize, length: u32, seed: u32): u32 {
  let mixed = (seed ^ length) * 0x9e3779b1;
  if (length >= 4) {
    mixed = (mixed ^ load<u32>(text)) * 0x85ebca6b;
    mixed = (mixed ^ load<u32>(text + (length >> 1) - 2)) * 0xc2b2ae35;
    mixed = (mixed ^ load<u32>(text + length - 4)) * 0x27d4eb2f;
  } else {
    for (let i: u32 = 0; i < length; i++) mixed = (mixed ^ load<u8>(text + i)) * 0x85ebca6b;
  }
  return mixed ^ (mixed >> 15);
}

function slotOf(hash: u32): u32 {
  return (hash >> 7) & (HPACK_HASH_SLOTS - 1);
}

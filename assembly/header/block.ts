// A header block: one head, or one trailer section, with all its mutations, in one contiguous area.
//
//   block + 0          + 64                  + 64 + textEnd                           + capacity
//   | struct           | text, growing up →  |   room   |  ← field table, growing down |
//                                                       | field n-1 | ... | field 0    |
//
// A field is 16 bytes of spans. Offsets are relative to the start of the text, so a block may move to a larger class
// by one copy: every function that can need room returns the handle that holds from now on, or 0 when there is no room at all
// (then the old handle still holds). A handle is the block's address; a live block has a class other than 0.
//
// Names are in lower case. A known name (id != 0) is read from the table of names and need not be in the text at all.
// A field whose text is exactly `name: value CRLF` carries FIELD_LINE: neighbours of that kind are encoded by one copy.

import {
  BLOCK_1_BYTES,
  BLOCK_1_COUNT,
  BLOCK_1_START,
  BLOCK_2_BYTES,
  BLOCK_2_COUNT,
  BLOCK_2_START,
  BLOCK_3_BYTES,
  BLOCK_3_COUNT,
  BLOCK_3_START,
  BLOCK_4_BYTES,
  BLOCK_4_COUNT,
  BLOCK_4_START,
  BLOCK_5_BYTES,
  BLOCK_5_COUNT,
  BLOCK_5_START,
  BLOCK_6_BYTES,
  BLOCK_6_COUNT,
  BLOCK_6_START,
  BLOCK_CLASSES,
} from "../abi/limits";
import { copyBytes } from "../bytes/copy";
import { BLOCK_POOL_BYTES, BLOCK_POOLS } from "../memory/arena";
import { nameLength, nameText } from "./names";

/** The struct at the head of a block: 64 bytes. */
@unmanaged
export class Block {
  /** 1..6, 0: free. */
  sizeClass: u32;
  /** Bytes of the whole block. */
  capacity: u32;
  /** Bytes of text in use. */
  textEnd: u32;
  fieldCount: u32;
  /** A bit for each known name that a field has; exact. */
  presentLow: u64;
  presentHigh: u64;
  /** Method id of a request (header/method). */
  method: u32;
  /** Status of a response. */
  status: u32;
  /** BLOCK_... bits. */
  flags: u32;
  /** Next free block, while free. */
  next: u32;
}

export const BLOCK_STRUCT_BYTES: u32 = 64;
/** A known name came a second time; stays when one of the two goes. Without it nobody need look for fields to join. */
export const BLOCK_REPEATED: u32 = 1;
/** The bits of known names: four words, those of the lowest ids first. */
export const BLOCK_PRESENT: u32 = offsetof<Block>("presentLow");
/** Bytes of memory that the block takes, whatever of it is used. */
export const BLOCK_CAPACITY: u32 = offsetof<Block>("capacity");
export const BLOCK_METHOD: u32 = offsetof<Block>("method");
export const BLOCK_STATUS: u32 = offsetof<Block>("status");

/** One field: 16 bytes. */
@unmanaged
export class Field {
  nameOffset: u32;
  nameLength: u16;
  /** Known name, or 0. */
  id: u8;
  flags: u8;
  valueOffset: u32;
  valueLength: u32;
}

export const FIELD_BYTES: u32 = 16;
/** The text at nameOffset is `name: value CRLF`, name in lower case. */
export const FIELD_LINE: u32 = 1;
/** The parser's own conclusion, which the peer did not send: the `:scheme` of a request whose target names none. */
export const FIELD_DERIVED: u32 = 2;
/** RFC 7541 7.1.3: came as never indexed, and goes on as never indexed. */
export const FIELD_SENSITIVE: u32 = 4;

/** Room that a new block keeps for what the proxy adds (x-forwarded-*, x-request-id, x-envoy-*). */
export const BLOCK_SPARE_TEXT: u32 = 384;
export const BLOCK_SPARE_FIELDS: u32 = 10;

@unmanaged
class Pool {
  free: u32;
  /** Blocks ever taken: behind them all is virgin. */
  touched: u32;
  live: u32;
  start: u32;
  bytes: u32;
  count: u32;
}

/** Prepares the pools. Once, from `init`. */
export function blocksInit(): void {
  poolInit(1, BLOCK_1_START, BLOCK_1_BYTES, BLOCK_1_COUNT);
  poolInit(2, BLOCK_2_START, BLOCK_2_BYTES, BLOCK_2_COUNT);
  poolInit(3, BLOCK_3_START, BLOCK_3_BYTES, BLOCK_3_COUNT);
  poolInit(4, BLOCK_4_START, BLOCK_4_BYTES, BLOCK_4_COUNT);
  poolInit(5, BLOCK_5_START, BLOCK_5_BYTES, BLOCK_5_COUNT);
  poolInit(6, BLOCK_6_START, BLOCK_6_BYTES, BLOCK_6_COUNT);
}

/** A new, empty block with room for so much text and so many fields, and spare room for the proxy's own; 0: none left. */
export function blockNew(textBytes: u32, fields: u32): u32 {
  return take(textBytes + BLOCK_SPARE_TEXT + (fields + BLOCK_SPARE_FIELDS) * FIELD_BYTES);
}

/** Gives a block back. Twice traps. */
export function blockFree(block: u32): void {
  const it = blockAt(block);
  const pool = poolOf(it.sizeClass);
  it.sizeClass = 0;
  it.next = pool.free;
  pool.free = block;
  pool.live--;
}

/** A copy with the same text, fields and spare room; 0: none left. */
export function blockClone(block: u32): u32 {
  const it = blockAt(block);
  return copyInto(take(it.textEnd + BLOCK_SPARE_TEXT + (it.fieldCount + BLOCK_SPARE_FIELDS) * FIELD_BYTES), block);
}

/** Live blocks, all classes: for stats and for tests that count leaks. */
export function blocksLive(): u32 {
  let live: u32 = 0;
  for (let i: u32 = 1; i <= BLOCK_CLASSES; i++) live += poolOf(i).live;
  return live;
}

/** The struct of a live block. */
export function blockAt(block: u32): Block {
  const it = changetype<Block>(<usize>block);
  if (it.sizeClass == 0) unreachable(); // not assert(): a call would keep this from being inlined
  return it;
}

/** Start of the text: spans are relative to it. */
export function blockText(block: u32): usize {
  return block + BLOCK_STRUCT_BYTES;
}

/** Free bytes between text and table. */
export function blockRoom(block: u32): u32 {
  const it = blockAt(block);
  return it.capacity - BLOCK_STRUCT_BYTES - it.textEnd - it.fieldCount * FIELD_BYTES;
}

/**
 * Makes room for so much more text and so many more fields. Text and spans stay as they are (a parser's unfinished line too). The handle that holds from
 * now on; 0: no room, the old handle still holds.
 */
export function blockReserve(block: u32, textBytes: u32, fields: u32): u32 {
  const wanted = textBytes + fields * FIELD_BYTES;
  if (blockRoom(block) >= wanted) return block;
  const it = blockAt(block);
  // Twice over: a head that comes in byte by byte is copied a bounded number of times.
  const larger = copyInto(take(it.textEnd + it.fieldCount * FIELD_BYTES + wanted + BLOCK_SPARE_TEXT), block);
  if (larger != 0) blockFree(block);
  return larger;
}

/** Appends raw text (part of a head that is still coming). The handle that holds; 0: no room. */
export function blockAppendText(block: u32, from: usize, length: u32): u32 {
  const held = blockReserve(block, length, 0);
  if (held == 0) return 0;
  const it = blockAt(held);
  copyBytes(blockText(held) + it.textEnd, from, length);
  it.textEnd += length;
  return held;
}

/** Field i, counted in the order of the message. No check: the caller knows i < fieldCount. */
export function fieldAt(block: u32, i: u32): Field {
  return changetype<Field>(<usize>(block + changetype<Block>(<usize>block).capacity - (i + 1) * FIELD_BYTES));
}

/** Address of a field's name. */
export function fieldName(block: u32, field: Field): usize {
  const id: u32 = field.id;
  return id != 0 ? nameText(id) : blockText(block) + field.nameOffset;
}

/** Length of a field's name. */
export function fieldNameLength(field: Field): u32 {
  const id: u32 = field.id;
  return id != 0 ? nameLength(id) : field.nameLength;
}

/** Address of a field's value. */
export function fieldValue(block: u32, field: Field): usize {
  return blockText(block) + field.valueOffset;
}

/** Whether a known name is among the fields. */
export function isPresent(it: Block, id: u32): bool {
  return (((id < 64 ? it.presentLow : it.presentHigh) >> (id & 63)) & 1) != 0;
}

export function markPresent(it: Block, id: u32): void {
  if (id == 0) return;
  const bit = (<u64>1) << (id & 63);
  if (isPresent(it, id)) it.flags |= BLOCK_REPEATED;
  else if (id < 64) it.presentLow |= bit;
  else it.presentHigh |= bit;
}

export function markAbsent(it: Block, id: u32): void {
  if (id < 64) it.presentLow &= ~((<u64>1) << id);
  else it.presentHigh &= ~((<u64>1) << (id - 64));
}

/** A cleared block of the smallest class that holds so many bytes behind the struct, or of a larger one; 0: none left. */
export function take(bytes: u32): u32 {
  const whole = bytes + BLOCK_STRUCT_BYTES;
  for (let i: u32 = 1; i <= BLOCK_CLASSES; i++) {
    const pool = poolOf(i);
    if (pool.bytes < whole) continue;
    let block = pool.free;
    if (block != 0) pool.free = changetype<Block>(<usize>block).next;
    else if (pool.touched < pool.count) block = pool.start + pool.touched++ * pool.bytes;
    else continue;
    pool.live++;
    const it = changetype<Block>(<usize>block);
    it.sizeClass = i;
    it.capacity = pool.bytes;
    it.textEnd = 0;
    it.fieldCount = 0;
    it.presentLow = 0;
    it.presentHigh = 0;
    it.method = 0;
    it.status = 0;
    it.flags = 0;
    return block;
  }
  return 0;
}

/** Copies text, fields and facts of `from` into the empty block `to` (0 passes through). */
function copyInto(to: u32, from: u32): u32 {
  if (to == 0) return 0;
  const it = blockAt(from);
  const copy = blockAt(to);
  copyBytes(blockText(to), blockText(from), it.textEnd);
  const table = it.fieldCount * FIELD_BYTES;
  copyBytes(to + copy.capacity - table, from + it.capacity - table, table);
  copy.textEnd = it.textEnd;
  copy.fieldCount = it.fieldCount;
  copyFacts(copy, it);
  return to;
}

/** Copies what is not text or table. */
export function copyFacts(to: Block, from: Block): void {
  to.presentLow = from.presentLow;
  to.presentHigh = from.presentHigh;
  to.method = from.method;
  to.status = from.status;
  to.flags = from.flags;
}

function poolOf(sizeClass: u32): Pool {
  return changetype<Pool>(<usize>(BLOCK_POOLS + sizeClass * BLOCK_POOL_BYTES));
}

function poolInit(sizeClass: u32, start: u32, bytes: u32, count: u32): void {
  const pool = poolOf(sizeClass);
  pool.free = 0;
  pool.touched = 0;
  pool.live = 0;
  pool.start = start;
  pool.bytes = bytes;
  pool.count = count;
}

// A section of field lines (a head or trailers), from its first byte to the empty line that ends it, as raw text in a header block.
//
// One pass looks for the end; a section that came in one read is copied once into a block that fits, an unfinished one waits in its
// block and the search goes on where it stopped, so that a client who sends byte by byte costs no more than the bytes.

import { H1_NO_BLOCK } from "../abi/result";
import { copyBytes } from "../bytes/copy";
import { findByte } from "../bytes/scan";
import { blockAppendText, blockAt, blockNew, blockReserve, blockText } from "../header/block";
import { Connection } from "./connection";
import { GAINED_TEXT_MAX, PSEUDO_FIELDS_MAX } from "./message_limits";

const CR: u32 = 13;
const LF: u32 = 10;
/** As they lie in memory. */
const CRLF: u32 = 0x0a0d;

/** After `gather`: the section is whole, `it.block` holds it, and it has so many lines (at most). */
export let whole: bool = false;
export let lines: u32 = 0;
/** After `gather`: offset of the first LF in what was searched this time, 0 if there is none. */
export let firstLineEnd: u32 = 0;
/** After `gather`: a result code, 0 when all is well. */
export let sectionFault: u32 = 0;

/** Where the search goes on. */
let resume: usize = 0;

/**
 * Takes bytes [from, end) into the section under way; the address behind what it took. `tooLarge` is the code for a
 * section above the connection's limit.
 */
export function gather(it: Connection, from: usize, end: usize, tooLarge: u32): usize {
  sectionFault = 0;
  if (it.block != 0) return grow(it, from, end, tooLarge);
  const past = findEnd(from, from, end);
  whole = past != 0;
  const length: u32 = <u32>((whole ? past : end) - from);
  if (length > it.maxHeadBytes) return refuse(tooLarge, end);
  const block = whole ? blockNew(length + GAINED_TEXT_MAX, lines + PSEUDO_FIELDS_MAX) : blockNew(length, 0);
  if (block == 0) return refuse(H1_NO_BLOCK, end);
  copyBytes(blockText(block), from, length);
  blockAt(block).textEnd = length;
  it.block = block;
  it.scanned = whole ? 0 : <u32>(resume - from);
  return from + length;
}

function grow(it: Connection, from: usize, end: usize, tooLarge: u32): usize {
  const had = blockAt(it.block).textEnd;
  // One byte beyond the limit is enough to know.
  const taken: u32 = min(<u32>(end - from), it.maxHeadBytes + 1 - had);
  let block = blockAppendText(it.block, from, taken);
  if (block == 0) return refuse(H1_NO_BLOCK, end);
  it.block = block;
  const text = blockText(block);
  const past = findEnd(text, text + it.scanned, text + had + taken);
  whole = past != 0;
  const length: u32 = whole ? <u32>(past - text) : had + taken;
  if (length > it.maxHeadBytes) return refuse(tooLarge, end);
  if (!whole) {
    it.scanned = <u32>(resume - text);
    return from + taken;
  }
  blockAt(block).textEnd = length;
  lines = countLines(text, past);
  block = blockReserve(block, GAINED_TEXT_MAX, lines + PSEUDO_FIELDS_MAX);
  if (block == 0) return refuse(H1_NO_BLOCK, end);
  it.block = block;
  return from + (length - had);
}

function refuse(code: u32, end: usize): usize {
  sectionFault = code;
  whole = false;
  return end;
}

/** The address behind the empty line that ends the section which begins at `start`; 0: it is not there yet. Searches from `from`. */
function findEnd(start: usize, from: usize, end: usize): usize {
  lines = 0;
  firstLineEnd = 0;
  let at = from;
  if (at == start) {
    // No line at all: an empty trailer section.
    const first: u32 = load<u8>(at);
    if (first == LF) return at + 1;
    if (first == CR) {
      if (at + 1 == end) {
        resume = at;
        return 0;
      }
      if (load<u8>(at + 1) == LF) return at + 2;
    }
  }
  for (; at < end; at += 16) {
    // A bit for each LF among the next sixteen bytes; what lies behind `end` does not count.
    let marks = lineFeeds(at);
    if (end - at < 16) marks &= (1 << (<u32>(end - at))) - 1;
    while (marks != 0) {
      const lf = at + ctz(marks);
      marks &= marks - 1;
      if (firstLineEnd == 0) firstLineEnd = <u32>(lf - start);
      lines++;
      const left = end - lf;
      if (left > 1 && load<u8>(lf, 1) == LF) return lf + 2;
      if (left > 2 && load<u16>(lf, 1) == CRLF) return lf + 3;
      if (left == 1 || (left == 2 && load<u8>(lf, 1) == CR)) {
        // The line ends where the bytes do: whether an empty one follows is not known. Search from its LF again.
        resume = lf;
        return 0;
      }
    }
  }
  resume = end;
  return 0;
}

function lineFeeds(at: usize): u32 {
  if (ASC_FEATURE_SIMD) return i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(<i8>LF)));
  let marks: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) if (load<u8>(at + i) == LF) marks |= 1 << i;
  return marks;
}

function countLines(from: usize, end: usize): u32 {
  let count: u32 = 0;
  for (let at = findByte(from, end, LF); at < end; at = findByte(at + 1, end, LF)) count++;
  return count;
}

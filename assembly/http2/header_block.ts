// HEADERS and CONTINUATION, RFC 9113 6.2 and 6.10: a header block is decoded in place when it is one frame in one read, else it is gathered first.
import {
  H2_CONTINUATION,
  H2_FLOOD_CONTINUATION,
  H2_FRAME_SIZE,
  H2_FRAME_STREAM,
  H2_HEADER_BLOCK,
  H2_NO_BLOCK,
  H2_PADDING,
  H2_SELF_DEPENDENCY,
  OK,
} from "../abi/result";
import { blockAppendText, blockAt, blockFree, blockNew, blockText } from "../header/block";
import { H2_CONTINUATIONS_MAX, H2_HEADER_BLOCK_MARGIN, spendEmpty } from "./budget";
import { Http2Connection, PHASE_DEAD, PHASE_FRAGMENT } from "./connection";
import { fail, failStream } from "./ending";
import { FLAG_END_HEADERS, FLAG_PADDED, FLAG_PRIORITY, readU32, STREAM_ID_MAX } from "./frame";
import { judge, skip, want } from "./phase";
import { readSection } from "./section";
import { streamFind } from "./stream";

/** Of HEADERS: exclusive bit and stream, weight. */
export const PRIORITY_BYTES: u32 = 5;
/** Beside the flags of HEADERS in `sectionFlags`. */
const SECTION_DEPENDS_ON_ITSELF: u32 = 0x100;

export function beginHeaders(it: Http2Connection, length: u32, flags: u32, stream: u32): u32 {
  if (stream == 0) return H2_FRAME_STREAM;
  it.sectionStream = stream;
  it.sectionFlags = flags;
  it.continuations = 0;
  const prefix: u32 = ((flags & FLAG_PADDED) != 0 ? 1 : 0) + ((flags & FLAG_PRIORITY) != 0 ? PRIORITY_BYTES : 0);
  if (prefix > length) return H2_FRAME_SIZE;
  if (prefix > 0) return want(it, prefix);
  return beginFragment(it);
}

/** Pad length and priority of HEADERS. */
export function prefixHeaders(it: Http2Connection, from: usize): u32 {
  let at = from;
  if ((it.frameFlags & FLAG_PADDED) != 0) {
    it.padding = load<u8>(at++);
    if (<u32>it.padding > it.frameLeft) return H2_PADDING;
  }
  if ((it.frameFlags & FLAG_PRIORITY) != 0 && (readU32(at) & STREAM_ID_MAX) == it.sectionStream) {
    // Told when the block is whole: the tables of HPACK go on.
    it.sectionFlags |= SECTION_DEPENDS_ON_ITSELF;
  }
  return beginFragment(it);
}

export function beginContinuation(it: Http2Connection, stream: u32): u32 {
  if (stream != it.sectionStream) return H2_CONTINUATION;
  if (++it.continuations > H2_CONTINUATIONS_MAX) return H2_FLOOD_CONTINUATION;
  return beginFragment(it);
}

function beginFragment(it: Http2Connection): u32 {
  if (it.frameLeft == it.padding && (it.frameFlags & FLAG_END_HEADERS) == 0) {
    const flood = spendEmpty(it);
    if (flood != OK) return flood;
  } else {
    it.emptyFrames = 0;
  }
  it.phase = <u8>PHASE_FRAGMENT;
  return it.frameLeft == it.padding ? endFragment(it, 0, 0) : OK;
}

export function readFragment(it: Http2Connection, from: usize, end: usize): usize {
  const content = it.frameLeft - it.padding;
  const n = min(<u32>(end - from), content);
  it.frameLeft -= n;
  const isWhole = n == content;
  if (isWhole && it.fragment == 0 && (it.frameFlags & FLAG_END_HEADERS) != 0) {
    judge(it, endFragment(it, from, from + n));
    return from + n;
  }
  const had: u32 = it.fragment == 0 ? 0 : blockAt(it.fragment).textEnd;
  if (had + n > it.maxHeadBytes + H2_HEADER_BLOCK_MARGIN) {
    fail(it, H2_HEADER_BLOCK);
    return end;
  }
  if (it.fragment == 0) it.fragment = blockNew(n, 0);
  const held = it.fragment == 0 ? 0 : blockAppendText(it.fragment, from, n);
  if (held == 0) {
    fail(it, H2_NO_BLOCK);
    return end;
  }
  it.fragment = held;
  if (isWhole) judge(it, endFragment(it, 0, 0));
  return from + n;
}

/** A frame's fragment is whole. The block too, if this was its last: it lies at [from, end), or in what was gathered. */
function endFragment(it: Http2Connection, from: usize, end: usize): u32 {
  if ((it.frameFlags & FLAG_END_HEADERS) == 0) return skip(it);
  const id = it.sectionStream;
  const gathered = it.fragment;
  it.sectionStream = 0;
  it.fragment = 0;
  if (gathered != 0) {
    const text = blockText(gathered);
    readSection(it, id, text, text + blockAt(gathered).textEnd, it.nowMs);
    blockFree(gathered);
  } else {
    readSection(it, id, from, end, it.nowMs);
  }
  if ((it.sectionFlags & SECTION_DEPENDS_ON_ITSELF) != 0 && it.phase != PHASE_DEAD) {
    if (streamFind(it, id) != null) failStream(it, id, H2_SELF_DEPENDENCY);
  }
  return skip(it);
}

// The reader of a connection: bytes in, events out. Frames are parsed where they lie; a read may end anywhere.
//
//   PREFACE     24 bytes, compared as they come
//   FRAME_HEAD  nine bytes, gathered if the read cuts them; what can be judged by them alone is judged here (frame size, stream, order)
//   PREFIX      the few bytes of a frame that are looked at together, gathered in the same way
//   DATA        content: told as it comes
//   FRAGMENT    of a header block: decoded in place when the block is one frame in one read, else gathered
//   SKIP        padding, debug data, frames that are not for us

import { EVENT_DATA, EVENT_DATA_END, EVENT_GOAWAY, EVENT_PING_ACK, EVENT_RESET, EVENT_SETTINGS } from "../abi/event";
import { READ_BUFFER_BYTES } from "../abi/limits";
import {
  H2_CONTENT_MISMATCH,
  H2_CONTINUATION,
  H2_CUT_SHORT,
  H2_FIRST_FRAME,
  H2_FLOOD_CONTINUATION,
  H2_FRAME_SIZE,
  H2_FRAME_STREAM,
  H2_GOAWAY_ID,
  H2_HEADER_BLOCK,
  H2_IDLE_STREAM,
  H2_NO_BLOCK,
  H2_PADDING,
  H2_PREFACE,
  H2_PRIORITY_SIZE,
  H2_PUSH,
  H2_SELF_DEPENDENCY,
  H2_SEQUENCE,
  H2_SETTINGS_ACK,
  H2_STREAM_CLOSED,
  H2_STREAM_WINDOW_EXCEEDED,
  H2_STREAM_WINDOW_ZERO,
  H2_WINDOW_EXCEEDED,
  H2_WINDOW_ZERO,
  OK,
} from "../abi/result";
import { copyBytes } from "../bytes/copy";
import { blockAppendText, blockAt, blockFree, blockNew, blockText } from "../header/block";
import { eventPush, eventsReset, eventsWritten } from "../memory/ring";
import {
  checkControlFrames,
  H2_CONTINUATIONS_MAX,
  H2_HEADER_BLOCK_MARGIN,
  spendEmpty,
  spendPadding,
  spendPing,
  spendPriority,
  spendReset,
  spendSettings,
  spendUnknown,
  spendWindowUpdate,
  startSecond,
} from "./budget";
import {
  H2_CLIENT,
  H2_FACT_GOAWAY_RECEIVED,
  H2_FACT_GREETED,
  H2_FACT_HEAD_STARTED,
  H2_FACT_SETTLED,
  H2_SERVER,
  Http2Connection,
  http2At,
  PHASE_DATA,
  PHASE_DEAD,
  PHASE_FRAGMENT,
  PHASE_FRAME_HEAD,
  PHASE_PREFACE,
  PHASE_PREFIX,
  PHASE_SKIP,
} from "./connection";
import { PREFACE, PREFACE_BYTES, putPingAck, putSettingsAck } from "./control";
import { endHalf, endStream, fail, failStream } from "./ending";
import { REFUSED_STREAM } from "./errors";
import { creditConnection, enlargeConnection, enlargeStream, tellWritable } from "./flow";
import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME_BYTES_MAX,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEAD_BYTES,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  readU32,
  STREAM_ID_MAX,
} from "./frame";
import { readSection } from "./section";
import { applySetting, settle } from "./settings";
import {
  canReceive,
  ENDED_BY_PEER,
  ENDED_BY_US,
  howClosed,
  STEP_RECEIVED_END,
  STEP_RESET,
  STREAM_HAS_LENGTH,
  STREAM_HEAD_IN,
  Stream,
  streamFind,
  streamStep,
} from "./stream";

const SETTING_BYTES: u32 = 6;
const PRIORITY_BYTES: u32 = 5;

/** The clock of the call under way. */
let now: u32 = 0;

/** Reads bytes [from, from + length) at the time `nowMs` (any clock that goes forward). How many events the ring holds. */
export function http2Feed(handle: u32, from: usize, length: u32, nowMs: u32): u32 {
  assert(length <= READ_BUFFER_BYTES);
  const it = http2At(handle);
  eventsReset();
  now = nowMs;
  startSecond(it, now);
  read(it, from, from + length);
  tellWritable(it);
  noteHead(it);
  return eventsWritten();
}

/** The peer's FIN. How many events the ring holds: an error, when a stream or a frame was not at its end. */
export function http2Eof(handle: u32): u32 {
  const it = http2At(handle);
  eventsReset();
  const between = it.phase == PHASE_FRAME_HEAD && it.held == 0 && it.sectionStream == 0;
  if (it.openStreams > 0 || !between) fail(it, H2_CUT_SHORT);
  return eventsWritten();
}

function noteHead(it: Http2Connection): void {
  const started =
    it.sectionStream != 0 || it.phase == PHASE_PREFACE || (it.phase == PHASE_PREFIX && it.frameType == FRAME_HEADERS);
  if (started) it.facts |= H2_FACT_HEAD_STARTED;
  else it.facts &= ~H2_FACT_HEAD_STARTED;
}

function read(it: Http2Connection, from: usize, end: usize): void {
  let at = from;
  while (at < end) {
    const phase: u32 = it.phase;
    if (phase == PHASE_FRAME_HEAD) {
      if (it.held == 0 && end - at >= <usize>FRAME_HEAD_BYTES) {
        judge(it, beginFrame(it, at));
        at += FRAME_HEAD_BYTES;
      } else {
        at = gather(it, at, end, FRAME_HEAD_BYTES);
        if (it.held < FRAME_HEAD_BYTES) return;
        it.held = 0;
        judge(it, beginFrame(it, heldBytes(it)));
      }
    } else if (phase == PHASE_PREFIX) {
      const wanted: u32 = it.wanted;
      if (it.held == 0 && <u32>(end - at) >= wanted) {
        it.frameLeft -= wanted;
        judge(it, readPrefix(it, at));
        at += wanted;
      } else {
        at = gather(it, at, end, wanted);
        if (it.held < wanted) return;
        it.held = 0;
        it.frameLeft -= wanted;
        judge(it, readPrefix(it, heldBytes(it)));
      }
    } else if (phase == PHASE_DATA) {
      at = readData(it, at, end);
    } else if (phase == PHASE_FRAGMENT) {
      at = readFragment(it, at, end);
    } else if (phase == PHASE_SKIP) {
      const n = min(<u32>(end - at), it.frameLeft);
      it.frameLeft -= n;
      if (it.frameType == FRAME_DATA) creditConnection(it, n);
      at += n;
      if (it.frameLeft == 0 && it.phase == PHASE_SKIP) endFrame(it);
    } else if (phase == PHASE_PREFACE) {
      at = readPreface(it, at, end);
    } else {
      assert(phase == PHASE_DEAD);
      return;
    }
  }
}

/** What the parts of the reader return: a result code of the connection, which ends with it. Errors of one stream are settled where they are found. */
function judge(it: Http2Connection, fault: u32): void {
  if (fault != OK) fail(it, fault);
}

function heldBytes(it: Http2Connection): usize {
  return changetype<usize>(it) + offsetof<Http2Connection>("heldA");
}

/** Adds bytes to what is held, up to `wanted` (at most 16); the address behind them. */
function gather(it: Http2Connection, at: usize, end: usize, wanted: u32): usize {
  const n = min(<u32>(end - at), wanted - it.held);
  copyBytes(heldBytes(it) + it.held, at, n);
  it.held = <u8>(it.held + n);
  return at + n;
}

function readPreface(it: Http2Connection, from: usize, end: usize): usize {
  let at = from;
  while (at < end && it.held < PREFACE_BYTES) {
    if (load<u8>(at) != load<u8>(PREFACE + it.held)) {
      fail(it, H2_PREFACE);
      return end;
    }
    it.held++;
    at++;
  }
  if (it.held == PREFACE_BYTES) {
    it.held = 0;
    it.phase = <u8>PHASE_FRAME_HEAD;
  }
  return at;
}

/** Reads a frame's head, judges what can be judged by it, and says how the payload is read. */
function beginFrame(it: Http2Connection, head: usize): u32 {
  const word = readU32(head);
  const length = word >> 8;
  const type = word & 0xff;
  const flags: u32 = load<u8>(head, 4);
  const stream = readU32(head + 5) & STREAM_ID_MAX;
  it.frameType = <u8>type;
  it.frameFlags = <u8>flags;
  it.frameStream = stream;
  it.frameLeft = length;
  it.padding = 0;
  if (length > FRAME_BYTES_MAX) return H2_FRAME_SIZE;
  if ((it.facts & H2_FACT_GREETED) == 0) {
    if (type != FRAME_SETTINGS || (flags & FLAG_ACK) != 0) return H2_FIRST_FRAME;
  }
  if ((it.sectionStream != 0) != (type == FRAME_CONTINUATION)) return H2_CONTINUATION;
  switch (type) {
    case FRAME_DATA:
      return beginData(it, length, flags, stream);
    case FRAME_HEADERS:
      return beginHeaders(it, length, flags, stream);
    case FRAME_CONTINUATION:
      return beginContinuation(it, stream);
    case FRAME_PRIORITY: {
      if (stream == 0) return H2_FRAME_STREAM;
      const flood = spendPriority(it);
      if (flood != OK) return flood;
      if (length != PRIORITY_BYTES) {
        if (isIdle(it, stream)) return H2_FRAME_SIZE;
        failStream(it, stream, H2_PRIORITY_SIZE);
        return skip(it);
      }
      return want(it, PRIORITY_BYTES);
    }
    case FRAME_RST_STREAM:
      if (stream == 0) return H2_FRAME_STREAM;
      if (length != 4) return H2_FRAME_SIZE;
      return want(it, 4);
    case FRAME_SETTINGS:
      return beginSettings(it, length, flags, stream);
    case FRAME_PUSH_PROMISE:
      return H2_PUSH;
    case FRAME_PING:
      if (stream != 0) return H2_FRAME_STREAM;
      if (length != 8) return H2_FRAME_SIZE;
      return want(it, 8);
    case FRAME_GOAWAY:
      if (stream != 0) return H2_FRAME_STREAM;
      if (length < 8) return H2_FRAME_SIZE;
      return want(it, 8);
    case FRAME_WINDOW_UPDATE:
      if (length != 4) return H2_FRAME_SIZE;
      return want(it, 4);
    default: {
      // 5.5: extensions are ignored.
      const flood = spendUnknown(it);
      if (flood != OK) return flood;
      return skip(it);
    }
  }
}

function want(it: Http2Connection, bytes: u32): u32 {
  it.wanted = <u8>bytes;
  it.phase = <u8>PHASE_PREFIX;
  return OK;
}

function skip(it: Http2Connection): u32 {
  if (it.phase == PHASE_DEAD) return OK;
  it.phase = <u8>PHASE_SKIP;
  return it.frameLeft == 0 ? endFrame(it) : OK;
}

function endFrame(it: Http2Connection): u32 {
  if (it.phase != PHASE_DEAD) it.phase = <u8>PHASE_FRAME_HEAD;
  return OK;
}

/** Whether nobody has opened this stream, nor one behind it. Streams of a server's own are never opened. */
function isIdle(it: Http2Connection, stream: u32): bool {
  return (stream & 1) == 0 || stream > it.lastStream;
}

// --- SETTINGS

function beginSettings(it: Http2Connection, length: u32, flags: u32, stream: u32): u32 {
  if (stream != 0) return H2_FRAME_STREAM;
  if ((flags & FLAG_ACK) != 0) {
    if (length != 0) return H2_FRAME_SIZE;
    if ((it.facts & H2_FACT_SETTLED) != 0) return H2_SETTINGS_ACK;
    settle(it);
    return endFrame(it);
  }
  if (length % SETTING_BYTES != 0) return H2_FRAME_SIZE;
  const flood = spendSettings(it);
  if (flood != OK) return flood;
  if (length == 0) return endSettings(it);
  return want(it, SETTING_BYTES);
}

function endSettings(it: Http2Connection): u32 {
  it.facts |= H2_FACT_GREETED;
  if (!putSettingsAck(it)) return H2_NO_BLOCK;
  const flood = checkControlFrames(it);
  if (flood != OK) return flood;
  eventPush(EVENT_SETTINGS, 0, 0, 0);
  return endFrame(it);
}

// --- DATA

function beginData(it: Http2Connection, length: u32, flags: u32, id: u32): u32 {
  if (id == 0) return H2_FRAME_STREAM;
  if (<i32>length > it.receiveWindow) return H2_WINDOW_EXCEEDED;
  it.receiveWindow -= <i32>length;
  const stream = streamFind(it, id);
  if (stream == null) {
    if (isIdle(it, id)) return H2_IDLE_STREAM;
    // What was under way when we reset the stream is no fault (5.1).
    if (howClosed(it, id) != ENDED_BY_US) failStream(it, id, H2_STREAM_CLOSED);
    return skip(it);
  }
  if (!canReceive(stream)) {
    failStream(it, id, H2_STREAM_CLOSED);
    return skip(it);
  }
  if ((stream.flags & STREAM_HEAD_IN) == 0) {
    failStream(it, id, H2_SEQUENCE);
    return skip(it);
  }
  if (<i32>length > stream.receiveWindow) {
    failStream(it, id, H2_STREAM_WINDOW_EXCEEDED);
    return skip(it);
  }
  stream.receiveWindow -= <i32>length;
  if (length == 0 && (flags & FLAG_END_STREAM) == 0) {
    const flood = spendEmpty(it);
    if (flood != OK) return flood;
    return endFrame(it);
  }
  if ((flags & FLAG_PADDED) != 0) {
    if (length == 0) return H2_FRAME_SIZE;
    return want(it, 1);
  }
  it.emptyFrames = 0;
  return beginContent(it, stream, length);
}

/** So many bytes of content are in this frame: by its head it is known whether they keep to content-length (RFC 9113 8.1.1). */
function beginContent(it: Http2Connection, stream: Stream, content: u32): u32 {
  if ((stream.flags & STREAM_HAS_LENGTH) != 0) {
    const ends = (it.frameFlags & FLAG_END_STREAM) != 0;
    if (<u64>content > stream.contentLeft || (ends && <u64>content != stream.contentLeft)) {
      failStream(it, stream.id, H2_CONTENT_MISMATCH);
      return skip(it);
    }
    stream.contentLeft -= content;
  }
  if (content == 0) return endData(it, stream, false);
  it.phase = <u8>PHASE_DATA;
  return OK;
}

/** The pad length of DATA has been read. */
function padData(it: Http2Connection, padding: u32): u32 {
  if (padding > it.frameLeft) return H2_PADDING;
  it.padding = <u8>padding;
  const content = it.frameLeft - padding;
  if (padding > content) {
    const flood = spendPadding(it);
    if (flood != OK) return flood;
  }
  if (content > 0 || (it.frameFlags & FLAG_END_STREAM) != 0) {
    it.emptyFrames = 0;
  } else {
    const flood = spendEmpty(it);
    if (flood != OK) return flood;
  }
  const stream = streamFind(it, it.frameStream);
  // Nobody holds padding: the stream has it back at once, the connection as it is skipped.
  creditConnection(it, 1);
  if (stream == null) return skip(it);
  stream.credit += padding + 1;
  return beginContent(it, stream, content);
}

function readData(it: Http2Connection, from: usize, end: usize): usize {
  const content = it.frameLeft - it.padding;
  const n = min(<u32>(end - from), content);
  const stream = streamFind(it, it.frameStream);
  if (stream == null) {
    // The host, or a setting, ended it in the middle of a frame.
    skip(it);
    return from;
  }
  it.frameLeft -= n;
  stream.held += n;
  const isWhole = n == content;
  const ends = isWhole && (it.frameFlags & FLAG_END_STREAM) != 0;
  eventPush(EVENT_DATA, <u32>from, ends ? n | EVENT_DATA_END : n, it.frameStream);
  if (isWhole) endData(it, stream, true);
  return from + n;
}

/** All content of a DATA frame has been told; `told`: its END_STREAM too. */
function endData(it: Http2Connection, stream: Stream, told: bool): u32 {
  if ((it.frameFlags & FLAG_END_STREAM) != 0) {
    if (!told) eventPush(EVENT_DATA, 0, EVENT_DATA_END, it.frameStream);
    endHalf(it, stream, STEP_RECEIVED_END);
  }
  return skip(it);
}

// --- HEADERS and CONTINUATION

function beginHeaders(it: Http2Connection, length: u32, flags: u32, stream: u32): u32 {
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
function prefixHeaders(it: Http2Connection, from: usize): u32 {
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

/** Beside the flags of HEADERS in `sectionFlags`. */
export const SECTION_DEPENDS_ON_ITSELF: u32 = 0x100;

function beginContinuation(it: Http2Connection, stream: u32): u32 {
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

function readFragment(it: Http2Connection, from: usize, end: usize): usize {
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
    readSection(it, id, text, text + blockAt(gathered).textEnd, now);
    blockFree(gathered);
  } else {
    readSection(it, id, from, end, now);
  }
  if ((it.sectionFlags & SECTION_DEPENDS_ON_ITSELF) != 0 && it.phase != PHASE_DEAD) {
    if (streamFind(it, id) != null) failStream(it, id, H2_SELF_DEPENDENCY);
  }
  return skip(it);
}

// --- frames that are read whole

function readPrefix(it: Http2Connection, from: usize): u32 {
  switch (<u32>it.frameType) {
    case FRAME_DATA:
      return padData(it, load<u8>(from));
    case FRAME_HEADERS:
      return prefixHeaders(it, from);
    case FRAME_SETTINGS: {
      const fault = applySetting(it, bswap<u16>(load<u16>(from)), readU32(from + 2));
      if (fault != OK) return fault;
      return it.frameLeft == 0 ? endSettings(it) : OK;
    }
    case FRAME_PRIORITY:
      if ((readU32(from) & STREAM_ID_MAX) != it.frameStream) return endFrame(it);
      // A reset of an idle stream would itself be an error (6.4).
      if (isIdle(it, it.frameStream)) return H2_IDLE_STREAM;
      failStream(it, it.frameStream, H2_SELF_DEPENDENCY);
      return endFrame(it);
    case FRAME_RST_STREAM:
      return readReset(it, readU32(from));
    case FRAME_PING:
      return readPing(it, from);
    case FRAME_GOAWAY:
      return readGoaway(it, readU32(from) & STREAM_ID_MAX, readU32(from + 4));
    default:
      assert(it.frameType == FRAME_WINDOW_UPDATE);
      return readWindowUpdate(it, readU32(from) & STREAM_ID_MAX);
  }
}

function readReset(it: Http2Connection, error: u32): u32 {
  const id = it.frameStream;
  if (isIdle(it, id)) return H2_IDLE_STREAM;
  endFrame(it);
  const stream = streamFind(it, id);
  if (stream == null) return OK;
  const flood = it.kind == H2_SERVER ? spendReset(it, stream, now) : OK;
  streamStep(stream, STEP_RESET);
  endStream(it, stream, ENDED_BY_PEER);
  eventPush(EVENT_RESET, error, 0, id);
  return flood;
}

function readPing(it: Http2Connection, from: usize): u32 {
  if ((it.frameFlags & FLAG_ACK) != 0) {
    eventPush(EVENT_PING_ACK, load<u32>(from), load<u32>(from, 4), 0);
    return endFrame(it);
  }
  const flood = spendPing(it);
  if (flood != OK) return flood;
  if (!putPingAck(it, from)) return H2_NO_BLOCK;
  endFrame(it);
  return checkControlFrames(it);
}

function readGoaway(it: Http2Connection, last: u32, error: u32): u32 {
  if (last > it.goawayReceived) return H2_GOAWAY_ID;
  it.goawayReceived = last;
  it.facts |= H2_FACT_GOAWAY_RECEIVED;
  eventPush(EVENT_GOAWAY, error, last, 0);
  if (it.kind == H2_CLIENT) {
    let at = it.firstStream;
    while (at != 0) {
      const stream = changetype<Stream>(<usize>at);
      at = stream.listNext;
      const id = stream.id;
      if (id <= last) continue;
      // Not processed: another connection may carry the request (8.7).
      streamStep(stream, STEP_RESET);
      endStream(it, stream, ENDED_BY_PEER);
      eventPush(EVENT_RESET, REFUSED_STREAM, 0, id);
    }
  }
  return skip(it);
}

function readWindowUpdate(it: Http2Connection, increment: u32): u32 {
  const flood = spendWindowUpdate(it);
  if (flood != OK) return flood;
  endFrame(it);
  const id = it.frameStream;
  if (id == 0) return increment == 0 ? H2_WINDOW_ZERO : enlargeConnection(it, increment);
  if (isIdle(it, id)) return H2_IDLE_STREAM;
  const stream = streamFind(it, id);
  if (stream == null) return OK;
  const fault = increment == 0 ? H2_STREAM_WINDOW_ZERO : enlargeStream(stream, increment);
  if (fault != OK) failStream(it, id, fault);
  return OK;
}

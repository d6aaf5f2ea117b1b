// The reader of a connection: bytes in, events out. Frames are parsed where they lie; a read may end anywhere.
//
//   PREFACE     24 bytes, compared as they come
//   FRAME_HEAD  nine bytes, gathered if the read cuts them; what can be judged by them alone is judged here (frame size, stream, order)
//   PREFIX      the few bytes of a frame that are looked at together, gathered in the same way
//   DATA        content: told as it comes
//   FRAGMENT    of a header block: decoded in place when the block is one frame in one read, else gathered
//   SKIP        padding, debug data, frames that are not for us

import { READ_BUFFER_BYTES } from "../abi/limits";
import {
  H2_CONTINUATION,
  H2_CUT_SHORT,
  H2_FIRST_FRAME,
  H2_FRAME_SIZE,
  H2_FRAME_STREAM,
  H2_IDLE_STREAM,
  H2_PREFACE,
  H2_PRIORITY_SIZE,
  H2_PUSH,
  H2_SELF_DEPENDENCY,
  OK,
} from "../abi/result";
import { copyBytes } from "../bytes/copy";
import { eventsReset, eventsWritten } from "../memory/ring";
import { spendPriority, spendUnknown, startSecond } from "./budget";
import {
  H2_FACT_GREETED,
  H2_FACT_HEAD_STARTED,
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
import { PREFACE, PREFACE_BYTES } from "./control";
import { beginData, padData, readData } from "./data";
import { fail, failStream } from "./ending";
import { creditConnection, tellWritable } from "./flow";
import {
  FLAG_ACK,
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
import { beginContinuation, beginHeaders, PRIORITY_BYTES, prefixHeaders, readFragment } from "./header_block";
import { endFrame, isIdle, judge, skip, want } from "./phase";
import { applySetting } from "./settings";
import { beginSettings, endSettings, readGoaway, readPing, readReset, readWindowUpdate } from "./small_frames";

/** Reads bytes [from, from + length) at the time `nowMs` (any clock that goes forward). How many events the ring holds. */
export function http2Feed(handle: u32, from: usize, length: u32, nowMs: u32): u32 {
  assert(length <= READ_BUFFER_BYTES);
  const it = http2At(handle);
  eventsReset();
  it.nowMs = nowMs;
  startSecond(it, nowMs);
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

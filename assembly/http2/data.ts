// DATA, RFC 9113 6.1: content is told as it comes, padding is skipped, windows and content-length are judged by the frame's head.
import { EVENT_DATA, EVENT_DATA_END } from "../abi/event";
import {
  H2_CONTENT_MISMATCH,
  H2_FRAME_SIZE,
  H2_FRAME_STREAM,
  H2_IDLE_STREAM,
  H2_PADDING,
  H2_SEQUENCE,
  H2_STREAM_CLOSED,
  H2_STREAM_WINDOW_EXCEEDED,
  H2_WINDOW_EXCEEDED,
  OK,
} from "../abi/result";
import { eventPush } from "../memory/ring";
import { spendEmpty, spendPadding } from "./budget";
import { Http2Connection, PHASE_DATA } from "./connection";
import { endHalf, failStream } from "./ending";
import { creditConnection } from "./flow";
import { FLAG_END_STREAM, FLAG_PADDED } from "./frame";
import { endFrame, isIdle, skip, want } from "./phase";
import {
  canReceive,
  ENDED_BY_US,
  howClosed,
  STEP_RECEIVED_END,
  STREAM_HAS_LENGTH,
  STREAM_HEAD_IN,
  Stream,
  streamFind,
} from "./stream";

export function beginData(it: Http2Connection, length: u32, flags: u32, id: u32): u32 {
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
export function padData(it: Http2Connection, padding: u32): u32 {
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

export function readData(it: Http2Connection, from: usize, end: usize): usize {
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

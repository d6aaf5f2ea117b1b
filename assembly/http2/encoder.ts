// The writer of a connection: header blocks and content out, as frames that the peer's windows and settings allow. RFC 9113 6.1, 6.2, 6.10, 8.1.
//
// What the connection itself has to say goes first, in the same bytes. Heads go out in the order in which they are encoded: both sides' tables depend on it. So a caller writes what it gets before anything else of
// this connection.

import { H2_STREAMS_PER_CONNECTION_MAX } from "../abi/limits";
import { blockAt, fieldAt, fieldValue } from "../header/block";
import { METHOD_OTHER, methodId } from "../header/method";
import { HEADER_METHOD, HEADER_STATUS } from "../header/names";
import { headerFindId } from "../header/read";
import { encodeSection, encodeStatus, sectionBound } from "../hpack/encoder";
import { ENCODE_NO_ROOM } from "../http1/encoder";
import { RESULT } from "../memory/arena";
import {
  encoderOf,
  encoderTableOf,
  H2_CLIENT,
  H2_FACT_GOAWAY_RECEIVED,
  H2_FACT_GOAWAY_SENT,
  H2_SERVER,
  Http2Connection,
  http2At,
  PHASE_DEAD,
} from "./connection";
import { controlBytes, takeControl } from "./control";
import { endHalf } from "./ending";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_BYTES_MAX,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEAD_BYTES,
  FRAME_HEADERS,
  putFrameHead,
  STREAM_ID_MAX,
} from "./frame";
import { block, canSend, STEP_SENT_END, STREAM_HEAD_OUT, Stream, streamFind, streamOpen } from "./stream";

/** What `http2Encode...` returns for a stream that has ended, or whose own half has: nothing was written, and nothing will be. */
export const ENCODE_GONE: i32 = -2;
/** A table of streams is full: the request must go elsewhere. */
export const ENCODE_REFUSED: i32 = -3;

/** Frame heads and an interim response. */
const MARGIN: u32 = 64;

/**
 * The id for the next request of a client; 0: no more now (the peer's max_concurrent_streams, GOAWAY, an error) or ever (ids used up). Ids are used in
 * the order in which they are given; one that is passed over is closed (RFC 9113 5.1.1).
 */
export function http2StartStream(handle: u32): u32 {
  const it = http2At(handle);
  assert(it.kind == H2_CLIENT);
  const most = min(it.peerMaxStreams, H2_STREAMS_PER_CONNECTION_MAX);
  const ended = it.phase == PHASE_DEAD || (it.facts & (H2_FACT_GOAWAY_RECEIVED | H2_FACT_GOAWAY_SENT)) != 0;
  if (ended || it.openStreams >= most || it.nextStream > STREAM_ID_MAX) return 0;
  const id = it.nextStream;
  it.nextStream += 2;
  return id;
}

/**
 * Writes a head at `out`: of a request (this opens the stream), or a response, interim ones too. Its length, ENCODE_NO_ROOM, ENCODE_GONE, or ENCODE_REFUSED. `now` is
 * the time as given to `http2Feed`.
 */
export function http2EncodeHeaders(
  handle: u32,
  id: u32,
  head: u32,
  endStream: bool,
  out: usize,
  room: u32,
  now: u32,
): i32 {
  const it = http2At(handle);
  let stream = streamFind(it, id);
  if (it.kind == H2_SERVER) {
    if (stream == null || !canSend(stream)) return ENCODE_GONE;
  } else {
    if (stream != null || id <= it.lastStream || it.phase == PHASE_DEAD) return ENCODE_GONE;
    assert(id < it.nextStream);
  }
  if (!fits(it, head, room)) return ENCODE_NO_ROOM;
  if (it.kind == H2_CLIENT) {
    stream = streamOpen(it, id, now);
    if (stream == null) return ENCODE_REFUSED;
    it.lastStream = id;
    it.inboundStreams++;
    stream.method = <u8>methodOf(head);
  }
  const open = changetype<Stream>(changetype<usize>(stream));
  const isFinal = it.kind == H2_CLIENT || !isInterim(head);
  assert(isFinal || !endStream);
  assert((open.flags & STREAM_HEAD_OUT) == 0);
  const length = putSection(it, id, head, endStream, out);
  if (isFinal) open.flags |= <u8>STREAM_HEAD_OUT;
  if (endStream) endHalf(it, open, STEP_SENT_END);
  return length;
}

/** Writes a trailer section and ends the stream; returns as `http2EncodeHeaders`. Content that waits for a window must be out before. */
export function http2EncodeTrailers(handle: u32, id: u32, trailers: u32, out: usize, room: u32): i32 {
  const it = http2At(handle);
  const stream = streamFind(it, id);
  if (stream == null || !canSend(stream)) return ENCODE_GONE;
  assert((stream.flags & STREAM_HEAD_OUT) != 0);
  if (!fits(it, trailers, room)) return ENCODE_NO_ROOM;
  const length = putSection(it, id, trailers, true, out);
  endHalf(it, stream, STEP_SENT_END);
  return length;
}

/** Writes an interim response without fields, such as 100; returns as `http2EncodeHeaders`. */
export function http2EncodeInterim(handle: u32, id: u32, status: u32, out: usize, room: u32): i32 {
  const it = http2At(handle);
  const stream = streamFind(it, id);
  assert(it.kind == H2_SERVER && status < 200);
  if (stream == null || !canSend(stream) || (stream.flags & STREAM_HEAD_OUT) != 0) return ENCODE_GONE;
  if (room < controlBytes(it) + MARGIN) return ENCODE_NO_ROOM;
  const before = takeControl(it, out);
  const head = out + before;
  const length = encodeStatus(encoderOf(it), encoderTableOf(it), status, head + FRAME_HEAD_BYTES);
  putFrameHead(head, length, FRAME_HEADERS, FLAG_END_HEADERS, id);
  it.outboundFrames++;
  return <i32>(before + FRAME_HEAD_BYTES + length);
}

/**
 * Writes content at `out`, as much of it as windows and max_outbound_frames allow; result word 0 is how much that is. The rest is the caller's: EVENT_WRITABLE comes
 * when more may be sent. The stream ends when `endStream` and all was taken. Returns as `http2EncodeHeaders`.
 */
export function http2EncodeData(
  handle: u32,
  id: u32,
  from: usize,
  length: u32,
  endStream: bool,
  out: usize,
  room: u32,
): i32 {
  const it = http2At(handle);
  store<u32>(RESULT, 0);
  const stream = streamFind(it, id);
  if (stream == null || !canSend(stream)) return ENCODE_GONE;
  assert((stream.flags & STREAM_HEAD_OUT) != 0);
  const frame = min(it.peerMaxFrame, FRAME_BYTES_MAX);
  let allowed = min(length, <u32>max(min(stream.sendWindow, it.sendWindow), 0));
  const frames = it.outboundFrames < it.maxOutboundFrames ? it.maxOutboundFrames - it.outboundFrames : 0;
  if (frames < allowed / frame + 1) allowed = min(allowed, frames * frame);
  if (controlBytes(it) + allowed + (allowed / frame + 1) * FRAME_HEAD_BYTES > room) return ENCODE_NO_ROOM;
  const ends = endStream && allowed == length;
  let to = out + takeControl(it, out);
  let taken: u32 = 0;
  let ended = false;
  while (taken < allowed || (ends && !ended)) {
    const n = min(allowed - taken, frame);
    const isLast = ends && taken + n == allowed;
    ended = isLast;
    to = putFrameHead(to, n, FRAME_DATA, isLast ? FLAG_END_STREAM : 0, id);
    memory.copy(to, from + taken, n);
    to += n;
    taken += n;
    it.outboundFrames++;
    it.dataFramesSent++;
  }
  stream.sendWindow -= <i32>taken;
  it.sendWindow -= <i32>taken;
  store<u32>(RESULT, taken);
  if (taken < length) block(it, stream);
  if (ends) endHalf(it, stream, STEP_SENT_END);
  return <i32>(to - out);
}

/** HEADERS, and CONTINUATION where the peer's frames are too small for it. */
function putSection(it: Http2Connection, id: u32, head: u32, endStream: bool, begin: usize): i32 {
  const before = takeControl(it, begin);
  const out = begin + before;
  const length = encodeSection(encoderOf(it), encoderTableOf(it), head, out + FRAME_HEAD_BYTES);
  const frame = min(it.peerMaxFrame, FRAME_BYTES_MAX);
  const flags = endStream ? FLAG_END_STREAM : 0;
  const more = length == 0 ? 0 : (length - 1) / frame;
  // From the last fragment to the first: each moves behind the heads in front of it.
  for (let i = more; i > 0; i--) {
    const start = out + FRAME_HEAD_BYTES + i * frame;
    const n = min(frame, length - i * frame);
    memory.copy(start + i * FRAME_HEAD_BYTES, start, n);
    putFrameHead(start + (i - 1) * FRAME_HEAD_BYTES, n, FRAME_CONTINUATION, i == more ? FLAG_END_HEADERS : 0, id);
  }
  putFrameHead(out, min(frame, length), FRAME_HEADERS, more == 0 ? flags | FLAG_END_HEADERS : flags, id);
  it.outboundFrames += more + 1;
  return <i32>(before + length + (more + 1) * FRAME_HEAD_BYTES);
}

function fits(it: Http2Connection, head: u32, room: u32): bool {
  const bytes = sectionBound(head);
  return controlBytes(it) + bytes + (bytes / min(it.peerMaxFrame, FRAME_BYTES_MAX) + 1) * FRAME_HEAD_BYTES <= room;
}

function methodOf(head: u32): u32 {
  const at = headerFindId(head, HEADER_METHOD);
  if (at < 0) return METHOD_OTHER;
  const field = fieldAt(head, at);
  return methodId(fieldValue(head, field), field.valueLength);
}

/** 1xx. A response without a status of three digits is our own fault. */
function isInterim(head: u32): bool {
  const at = headerFindId(head, HEADER_STATUS);
  assert(at >= 0);
  const field = fieldAt(head, at);
  assert(field.valueLength == 3 && blockAt(head).fieldCount > 0);
  return load<u8>(fieldValue(head, field)) == 0x31;
}

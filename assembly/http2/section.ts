// A whole header block: what it is to its stream (a head, an interim response, trailers, nothing any more), and what becomes of it. RFC 9113 8.1.

import { END_STREAM, EVENT_ERROR, EVENT_HEADERS, EVENT_TRAILERS } from "../abi/event";
import {
  H2_CONTENT_MISMATCH,
  H2_HEAD_TOO_LARGE,
  H2_REFUSED,
  H2_SEQUENCE,
  H2_STATUS,
  H2_STREAM_CLOSED,
  H2_STREAM_ENDED,
  H2_STREAM_ID,
  H2_TOO_MANY_FIELDS,
  H2_TRAILERS_GO_ON,
  OK,
} from "../abi/result";
import { blockFree } from "../header/block";
import { METHOD_CONNECT, METHOD_HEAD } from "../header/method";
import { decodeSection, section, tooMany } from "../hpack/decoder";
import { eventPush } from "../memory/ring";
import { spendStreamError } from "./budget";
import { decoderOf, H2_FACT_SETTLED, H2_SERVER, Http2Connection } from "./connection";
import { endHalf, fail, failStream } from "./ending";
import { FLAG_END_STREAM } from "./frame";
import {
  checked,
  checkRequest,
  checkResponse,
  checkTrailers,
  contentLength,
  hasLength,
  messageCode,
  messageFlags,
} from "./message";
import {
  canReceive,
  ENDED_BOTH,
  ENDED_BY_US,
  howClosed,
  STEP_RECEIVED_END,
  STREAM_HAS_LENGTH,
  STREAM_HEAD_IN,
  Stream,
  streamFind,
  streamOpen,
} from "./stream";

/** Interim responses before one final response, as in HTTP/1. */
const INTERIM_MAX: u32 = 256;

/** Reads the encoded block [from, end) of a stream. */
export function readSection(it: Http2Connection, id: u32, from: usize, end: usize, now: u32): void {
  const decoder = decoderOf(it);
  const mustShrink = (it.facts & H2_FACT_SETTLED) != 0;
  const fault = decodeSection(decoder, from, end, it.maxHeadBytes, it.maxFields, it.tableMax, mustShrink);
  if (fault != OK) {
    fail(it, fault);
    return;
  }
  const block = section;
  const stream = streamFind(it, id);
  const ends = (it.sectionFlags & FLAG_END_STREAM) != 0;
  if (stream != null) readMore(it, stream, block, ends);
  else if (it.kind == H2_SERVER && id > it.lastStream && (id & 1) == 1) openByPeer(it, id, block, ends, now);
  else readLate(it, id, block);
}

/** The code of a section that was not kept. */
function limitCode(): u32 {
  return tooMany ? H2_TOO_MANY_FIELDS : H2_HEAD_TOO_LARGE;
}

function discard(block: u32): void {
  if (block != 0) blockFree(block);
}

/** HEADERS of a stream that is not open: one that has ended, or must not be. */
function readLate(it: Http2Connection, id: u32, block: u32): void {
  discard(block);
  if ((id & 1) == 0 || id > it.lastStream) {
    fail(it, H2_STREAM_ID);
    return;
  }
  const how = howClosed(it, id);
  if (how == ENDED_BY_US) return;
  if (how == ENDED_BOTH) {
    fail(it, H2_STREAM_ENDED);
    return;
  }
  if (how == 0) {
    fail(it, H2_STREAM_ID);
    return;
  }
  failStream(it, id, H2_STREAM_CLOSED);
}

/** A request. */
function openByPeer(it: Http2Connection, id: u32, block: u32, ends: bool, now: u32): void {
  it.lastStream = id;
  it.inboundStreams++;
  // Behind our last GOAWAY: another connection will carry it (6.8). It is remembered, so that its DATA does no harm.
  if (id > it.goawaySent || it.openStreams >= it.maxStreams) {
    discard(block);
    failStream(it, id, H2_REFUSED);
    return;
  }
  if (block != 0) {
    const fault = checkRequest(block, it.options);
    if (fault != OK) {
      blockFree(checked);
      failStream(it, id, fault);
      return;
    }
  }
  const stream = streamOpen(it, id, now);
  if (stream == null) {
    if (block != 0) blockFree(checked);
    failStream(it, id, H2_REFUSED);
    return;
  }
  stream.flags |= <u8>STREAM_HEAD_IN;
  if (block == 0) {
    // Beyond a limit: the host answers 431, or resets.
    const code = limitCode();
    eventPush(EVENT_ERROR, code, 0, id);
    if (ends) endHalf(it, stream, STEP_RECEIVED_END);
    const flood = spendStreamError(it, code);
    if (flood != OK) fail(it, flood);
    return;
  }
  stream.method = <u8>messageCode;
  if (!takeLength(it, stream, ends, messageCode == METHOD_CONNECT)) {
    blockFree(checked);
    return;
  }
  tellHead(it, stream, ends);
}

/** A section of an open stream. */
function readMore(it: Http2Connection, stream: Stream, block: u32, ends: bool): void {
  if (!canReceive(stream)) {
    discard(block);
    failStream(it, stream.id, H2_STREAM_CLOSED);
    return;
  }
  if (block == 0) {
    failStream(it, stream.id, limitCode());
    return;
  }
  if (it.kind == H2_SERVER || (stream.flags & STREAM_HEAD_IN) != 0) readTrailers(it, stream, block, ends);
  else readResponse(it, stream, block, ends);
}

function readTrailers(it: Http2Connection, stream: Stream, block: u32, ends: bool): void {
  let fault = ends ? checkTrailers(block, it.options) : H2_TRAILERS_GO_ON;
  if (fault == OK && (stream.flags & STREAM_HAS_LENGTH) != 0 && stream.contentLeft != 0) fault = H2_CONTENT_MISMATCH;
  if (fault != OK) {
    blockFree(ends ? checked : block);
    failStream(it, stream.id, fault);
    return;
  }
  eventPush(EVENT_TRAILERS, checked, END_STREAM, stream.id);
  endHalf(it, stream, STEP_RECEIVED_END);
}

function readResponse(it: Http2Connection, stream: Stream, block: u32, ends: bool): void {
  let fault = checkResponse(block, it.options);
  const isInterim = messageCode < 200;
  if (fault == OK && isInterim) {
    if (ends) fault = H2_STATUS;
    else if (++stream.interim > INTERIM_MAX) fault = H2_SEQUENCE;
  }
  if (fault != OK) {
    blockFree(checked);
    failStream(it, stream.id, fault);
    return;
  }
  if (!isInterim) {
    stream.flags |= <u8>STREAM_HEAD_IN;
    const status = messageCode;
    const bare = stream.method == METHOD_HEAD || status == 204 || status == 304;
    const opens = stream.method == METHOD_CONNECT && status < 300;
    if (!takeLength(it, stream, ends, bare || opens)) {
      blockFree(checked);
      return;
    }
  }
  tellHead(it, stream, ends);
}

/** Notes how much content must come. Without an end it is counted down; with one there must be none. False: it is not so, and the stream is gone. */
function takeLength(it: Http2Connection, stream: Stream, ends: bool, meansNothing: bool): bool {
  if (!hasLength || meansNothing) return true;
  if (ends && contentLength != 0) {
    failStream(it, stream.id, H2_CONTENT_MISMATCH);
    return false;
  }
  stream.contentLeft = contentLength;
  stream.flags |= <u8>STREAM_HAS_LENGTH;
  return true;
}

function tellHead(it: Http2Connection, stream: Stream, ends: bool): void {
  const flags = ends ? messageFlags | END_STREAM : messageFlags;
  eventPush(EVENT_HEADERS, checked, flags | (messageCode << 16), stream.id);
  if (ends) endHalf(it, stream, STEP_RECEIVED_END);
}

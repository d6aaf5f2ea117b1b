// The writer of a connection: header blocks and content out, with the framing that the other side understands (RFC 9112 6).
//
//   has content-length            its bytes as they come
//   no content possible           none, and none is announced (1xx, 204; HEAD and 304 keep the fields that they have)
//   ends with its head            content-length: 0, except for requests whose method has no content
//   else                          chunked; to a client of HTTP/1.0 until close
//
// Field lines that are in the block as they are to be sent stand side by side mostly, and are copied in one run.

import { copyBytes } from "../bytes/copy";
import { writeHex } from "../bytes/digits";
import {
  Block,
  blockAt,
  blockText,
  FIELD_LINE,
  fieldAt,
  fieldName,
  fieldNameLength,
  fieldValue,
  isPresent,
} from "../header/block";
import { METHOD_CONNECT, METHOD_DELETE, METHOD_GET, METHOD_HEAD, METHOD_TRACE, methodId } from "../header/method";
import {
  HEADER_AUTHORITY,
  HEADER_CONTENT_LENGTH,
  HEADER_HOST,
  HEADER_LAST_PSEUDO,
  HEADER_METHOD,
  HEADER_PATH,
  HEADER_STATUS,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
} from "../header/names";
import { headerFindId } from "../header/read";
import {
  CLIENT,
  Connection,
  connectionAt,
  FLAG_CLOSE,
  FLAG_HTTP10,
  FLAG_UPGRADE,
  noteFacts,
  OPTION_TRAILERS,
  OUT_CHUNKED,
  OUT_DONE,
  OUT_EMPTY,
  OUT_PLAIN,
  SERVER,
  STATE_HEAD,
  STATE_IDLE,
} from "./connection";
import { reasonOf } from "./reason";

/** The head ends its message. */
export const ENCODE_END_STREAM: u32 = 1;
/** This side closes behind the message: `connection: close` is written. */
export const ENCODE_CLOSE: u32 = 2;

/** What `http1Encode...` returns when the room is too small. Nothing was written, and no state changed. */
export const ENCODE_NO_ROOM: i32 = -1;
/** What a head needs at most beside its fields: start line, host, the fields of framing and persistence. */
export const ENCODE_MARGIN: u32 = 256;

/** Where the next byte goes. */
let to: usize = 0;

/**
 * Writes a request head at `out`; its length, or ENCODE_NO_ROOM. From then on its response is expected. A connection takes one request at a time
 * (FACT_IDLE).
 */
export function http1EncodeRequest(handle: u32, block: u32, flags: u32, out: usize, room: u32): i32 {
  const it = connectionAt(handle);
  assert(it.kind == CLIENT && it.state == STATE_IDLE);
  const facts = blockAt(block);
  if (!fits(facts, block, room)) return ENCODE_NO_ROOM;
  to = out;
  expect(it, block, facts);
  const isConnect = it.method == METHOD_CONNECT;
  putValue(block, HEADER_METHOD);
  put(0x20);
  putValue(block, isConnect ? HEADER_AUTHORITY : HEADER_PATH);
  putText(" HTTP/1.1\r\nhost: ");
  putValue(block, HEADER_AUTHORITY);
  putLineEnd();
  putFields(block, facts);
  if (isPresent(facts, HEADER_CONTENT_LENGTH)) {
    it.out = <u8>((flags & ENCODE_END_STREAM) != 0 ? OUT_DONE : OUT_PLAIN);
  } else if ((flags & ENCODE_END_STREAM) != 0) {
    if (expectsContent(it.method)) putText("content-length: 0\r\n");
    it.out = <u8>OUT_DONE;
  } else if ((it.flags & FLAG_UPGRADE) != 0) {
    it.out = <u8>OUT_PLAIN;
  } else {
    putText("transfer-encoding: chunked\r\n");
    it.out = <u8>OUT_CHUNKED;
  }
  if ((flags & ENCODE_CLOSE) != 0) {
    putText("connection: close\r\n");
    it.flags |= FLAG_CLOSE;
  }
  putLineEnd();
  noteFacts(it);
  return <i32>(to - out);
}

/** Makes the connection read the response to this request. */
function expect(it: Connection, block: u32, facts: Block): void {
  const at = headerFindId(block, HEADER_METHOD);
  assert(at >= 0);
  const field = fieldAt(block, at);
  it.method = <u8>methodId(fieldValue(block, field), field.valueLength);
  it.state = <u8>STATE_HEAD;
  it.flags = it.method == METHOD_CONNECT || isPresent(facts, HEADER_UPGRADE) ? FLAG_UPGRADE : 0;
  it.interim = 0;
}

/** Writes a response head at `out`; its length, or ENCODE_NO_ROOM. Its status is that of `:status`. */
export function http1EncodeResponse(handle: u32, block: u32, flags: u32, out: usize, room: u32): i32 {
  const it = connectionAt(handle);
  assert(it.kind == SERVER);
  const facts = blockAt(block);
  if (!fits(facts, block, room)) return ENCODE_NO_ROOM;
  to = out;
  const status = statusOf(block);
  putStatusLine(it, status);
  putFields(block, facts);
  if (status < 200) {
    // 101 opens a tunnel; the others are interim, and the final response is still to come.
    if (status == 101) it.out = <u8>OUT_PLAIN;
  } else {
    putResponseFraming(it, facts, status, (flags & ENCODE_END_STREAM) != 0);
    if ((flags & ENCODE_CLOSE) != 0) it.flags |= FLAG_CLOSE;
    if ((it.flags & FLAG_CLOSE) != 0 && !opensTunnel(it, status)) putText("connection: close\r\n");
    // RFC 9112 9.3: a client of HTTP/1.0 that may stay wants to be told.
    else if ((it.flags & FLAG_HTTP10) != 0) putText("connection: keep-alive\r\n");
    if ((flags & ENCODE_END_STREAM) != 0) it.out = <u8>OUT_DONE;
  }
  putLineEnd();
  noteFacts(it);
  return <i32>(to - out);
}

/** Writes content at `out`, framed; its length, or ENCODE_NO_ROOM. */
export function http1EncodeData(handle: u32, from: usize, length: u32, endStream: bool, out: usize, room: u32): i32 {
  const it = connectionAt(handle);
  if (length + ENCODE_MARGIN > room) return ENCODE_NO_ROOM;
  to = out;
  const owed: u32 = it.out;
  if (owed == OUT_CHUNKED) {
    if (length > 0) {
      to += writeHex(to, length);
      putLineEnd();
      memory.copy(to, from, length);
      to += length;
      putLineEnd();
    }
    if (endStream) putText("0\r\n\r\n");
  } else if (owed == OUT_PLAIN) {
    memory.copy(to, from, length);
    to += length;
  } else {
    assert(owed == OUT_EMPTY);
  }
  if (endStream) {
    it.out = <u8>OUT_DONE;
    noteFacts(it);
  }
  return <i32>(to - out);
}

/** Writes trailers and ends the message; the length, or ENCODE_NO_ROOM. Without chunks, or the option, there is nobody to read them. */
export function http1EncodeTrailers(handle: u32, block: u32, out: usize, room: u32): i32 {
  const it = connectionAt(handle);
  const facts = blockAt(block);
  if (!fits(facts, block, room)) return ENCODE_NO_ROOM;
  to = out;
  if (it.out == OUT_CHUNKED) {
    putText("0\r\n");
    if ((it.options & OPTION_TRAILERS) != 0) putFields(block, facts);
    putLineEnd();
  }
  it.out = <u8>OUT_DONE;
  noteFacts(it);
  return <i32>(to - out);
}

/** Writes an interim response without fields, such as 100; its length, or ENCODE_NO_ROOM. */
export function http1EncodeInterim(handle: u32, status: u32, out: usize, room: u32): i32 {
  const it = connectionAt(handle);
  assert(it.kind == SERVER && status < 200);
  if (room < ENCODE_MARGIN) return ENCODE_NO_ROOM;
  to = out;
  putStatusLine(it, status);
  putLineEnd();
  return <i32>(to - out);
}

function putResponseFraming(it: Connection, facts: Block, status: u32, endStream: bool): void {
  const hasLength = isPresent(facts, HEADER_CONTENT_LENGTH);
  if (opensTunnel(it, status)) {
    it.out = <u8>OUT_PLAIN;
  } else if (it.method == METHOD_HEAD && status != 204 && status != 304) {
    // What a GET would have got is announced, and nothing follows.
    if (!hasLength && (it.flags & FLAG_HTTP10) == 0) putText("transfer-encoding: chunked\r\n");
    it.out = <u8>OUT_EMPTY;
  } else if (status == 204 || status == 304) {
    it.out = <u8>OUT_EMPTY;
  } else if (hasLength) {
    it.out = <u8>OUT_PLAIN;
  } else if (endStream) {
    putText("content-length: 0\r\n");
  } else if ((it.flags & FLAG_HTTP10) != 0) {
    it.flags |= FLAG_CLOSE;
    it.out = <u8>OUT_PLAIN;
  } else {
    putText("transfer-encoding: chunked\r\n");
    it.out = <u8>OUT_CHUNKED;
  }
}

/** 2xx to CONNECT: no framing fields (RFC 9110 9.3.6). */
function opensTunnel(it: Connection, status: u32): bool {
  return it.method == METHOD_CONNECT && status < 300;
}

/** RFC 9110 8.6: these methods give a request no content, so its absence need not be said. */
function expectsContent(method: u32): bool {
  return (
    method != METHOD_GET &&
    method != METHOD_HEAD &&
    method != METHOD_DELETE &&
    method != METHOD_TRACE &&
    method != METHOD_CONNECT
  );
}

/** The status in `:status`: three digits, or our own fault. */
function statusOf(block: u32): u32 {
  const at = headerFindId(block, HEADER_STATUS);
  assert(at >= 0);
  const field = fieldAt(block, at);
  assert(field.valueLength == 3);
  const text = fieldValue(block, field);
  return (<u32>load<u8>(text) - 0x30) * 100 + (<u32>load<u8>(text, 1) - 0x30) * 10 + (<u32>load<u8>(text, 2) - 0x30);
}

function putStatusLine(it: Connection, status: u32): void {
  putText((it.flags & FLAG_HTTP10) != 0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  store<u8>(to, 0x30 + status / 100);
  store<u8>(to, 0x30 + ((status / 10) % 10), 1);
  store<u8>(to, 0x30 + (status % 10), 2);
  store<u8>(to, 0x20, 3);
  to += 4;
  putText(reasonOf(status));
  putLineEnd();
}

/** Writes the field lines: not the pseudo fields, nor the framing, which is this file's business. */
function putFields(block: u32, facts: Block): void {
  const count = facts.fieldCount;
  const text = blockText(block);
  let runStart: u32 = 0;
  let runEnd: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const field = fieldAt(block, i);
    const id: u32 = field.id;
    if (id != 0 && (id <= HEADER_LAST_PSEUDO || id == HEADER_TRANSFER_ENCODING || id == HEADER_HOST)) continue;
    if ((field.flags & FIELD_LINE) != 0) {
      const start = field.nameOffset;
      const end = field.valueOffset + field.valueLength + 2;
      if (start != runEnd) {
        if (runEnd > runStart) putRun(text + runStart, runEnd - runStart);
        runStart = start;
      }
      runEnd = end;
      continue;
    }
    if (runEnd > runStart) putRun(text + runStart, runEnd - runStart);
    runStart = 0;
    runEnd = 0;
    putRun(fieldName(block, field), fieldNameLength(field));
    store<u16>(to, 0x203a);
    to += 2;
    putRun(fieldValue(block, field), field.valueLength);
    putLineEnd();
  }
  if (runEnd > runStart) putRun(text + runStart, runEnd - runStart);
}

/** Whether a head surely fits, by its largest possible size or, near the limit, by its exact one. */
function fits(facts: Block, block: u32, room: u32): bool {
  if (facts.textEnd + facts.fieldCount * 64 + ENCODE_MARGIN <= room) return true;
  let bytes: u32 = ENCODE_MARGIN;
  for (let i: u32 = 0; i < facts.fieldCount; i++) {
    const field = fieldAt(block, i);
    // Twice for `:authority`, which may stand in the request line too.
    bytes += fieldNameLength(field) + field.valueLength * (field.id == HEADER_AUTHORITY ? 2 : 1) + 4;
  }
  return bytes <= room;
}

/** The value of a pseudo field; nothing if there is none. */
function putValue(block: u32, id: u32): void {
  const at = headerFindId(block, id);
  if (at < 0) return;
  const field = fieldAt(block, at);
  putRun(fieldValue(block, field), field.valueLength);
}

function putRun(from: usize, length: u32): void {
  copyBytes(to, from, length);
  to += length;
}

/** ASCII text from a literal. */
function putText(text: string): void {
  const from = changetype<usize>(text);
  const length: u32 = load<u32>(from - 4) >> 1;
  for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(from + i * 2));
  to += length;
}

function putLineEnd(): void {
  store<u16>(to, 0x0a0d);
  to += 2;
}

function put(byte: u32): void {
  store<u8>(to++, byte);
}

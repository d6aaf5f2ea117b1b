// Chunked transfer coding, RFC 9112 7.1: the framing is taken out where the bytes lie, so that one read gives at most one run of content.
//
//   chunk = size [ BWS ";" extension ] CRLF data CRLF        the last one has size 0 and is followed by the trailer section
//
// Strict, because the line ends and the sizes of chunks are where servers disagree: CRLF only, no space after the size unless an extension
// follows, no sign, no `0x`, nothing between data and CRLF. Only in responses may spaces end the line: servers that pad the size are old and
// many, and no client stands behind them whom a second reading could serve.

import { H1_CHUNK_END, H1_CHUNK_EXTENSION, H1_CHUNK_LINE_TOO_LONG, H1_CHUNK_SIZE, OK } from "../abi/result";
import { hexDigit } from "../bytes/digits";
import { findNonValue } from "../bytes/scan";
import {
  CLIENT,
  Connection,
  FLAG_CHUNK_DIGIT,
  STATE_CHUNK_CR,
  STATE_CHUNK_DATA,
  STATE_CHUNK_EXTENSION,
  STATE_CHUNK_LF,
  STATE_CHUNK_LINE_LF,
  STATE_CHUNK_SIZE,
  STATE_CHUNK_SPACE,
  STATE_TRAILERS,
} from "./connection";
import { CHUNK_LINE_MAX } from "./message_limits";

const CR: u32 = 13;
const LF: u32 = 10;
const HTAB: u32 = 9;
const SP: u32 = 32;
const SEMICOLON: u32 = 59;

/** After `readChunks`: the run of content, empty when both are equal, and a result code. */
export let contentStart: usize = 0;
export let contentEnd: usize = 0;
export let chunkFault: u32 = 0;

/** Makes ready for the first chunk, or the next. */
export function beginChunk(it: Connection): void {
  it.state = <u8>STATE_CHUNK_SIZE;
  it.remaining = 0;
  it.chunkLine = 0;
  it.flags &= ~FLAG_CHUNK_DIGIT;
}

/**
 * Reads chunks from [from, end), moving their data together. Stops behind what it used: at `end`, behind the line of the
 * last chunk (state TRAILERS), or at a fault.
 */
export function readChunks(it: Connection, from: usize, end: usize): usize {
  let at = from;
  contentStart = from;
  contentEnd = from;
  chunkFault = OK;
  while (at < end) {
    const state: u32 = it.state;
    if (state == STATE_CHUNK_DATA) {
      const n: usize = it.remaining < <u64>(end - at) ? <usize>it.remaining : end - at;
      if (contentEnd == contentStart) {
        contentStart = at;
        contentEnd = at + n;
      } else {
        memory.copy(contentEnd, at, n);
        contentEnd += n;
      }
      at += n;
      it.remaining -= n;
      if (it.remaining == 0) it.state = <u8>STATE_CHUNK_CR;
      continue;
    }
    if (state == STATE_CHUNK_EXTENSION) {
      const stop = findNonValue(at, end);
      it.chunkLine += <u32>(stop - at);
      at = stop;
      if (it.chunkLine > CHUNK_LINE_MAX) return refuse(H1_CHUNK_LINE_TOO_LONG, at);
      if (at == end) return at;
      if (load<u8>(at) != CR) return refuse(H1_CHUNK_EXTENSION, at);
      it.state = <u8>STATE_CHUNK_LINE_LF;
      at++;
      continue;
    }
    const byte: u32 = load<u8>(at++);
    if (state == STATE_CHUNK_SIZE) {
      const digit = hexDigit(byte);
      if (digit < 16) {
        if (it.remaining >> 56 != 0) return refuse(H1_CHUNK_SIZE, at);
        it.remaining = (it.remaining << 4) | digit;
        it.flags |= FLAG_CHUNK_DIGIT;
        if (++it.chunkLine > CHUNK_LINE_MAX) return refuse(H1_CHUNK_LINE_TOO_LONG, at);
      } else {
        if ((it.flags & FLAG_CHUNK_DIGIT) == 0) return refuse(H1_CHUNK_SIZE, at);
        if (byte == CR) it.state = <u8>STATE_CHUNK_LINE_LF;
        else if (byte == SEMICOLON) it.state = <u8>STATE_CHUNK_EXTENSION;
        else if (byte == SP || byte == HTAB) it.state = <u8>STATE_CHUNK_SPACE;
        else return refuse(H1_CHUNK_SIZE, at);
      }
    } else if (state == STATE_CHUNK_SPACE) {
      if (++it.chunkLine > CHUNK_LINE_MAX) return refuse(H1_CHUNK_LINE_TOO_LONG, at);
      if (byte == SEMICOLON) it.state = <u8>STATE_CHUNK_EXTENSION;
      else if (byte == CR && it.kind == CLIENT) it.state = <u8>STATE_CHUNK_LINE_LF;
      else if (byte != SP && byte != HTAB) return refuse(H1_CHUNK_EXTENSION, at);
    } else if (state == STATE_CHUNK_LINE_LF) {
      if (byte != LF) return refuse(H1_CHUNK_EXTENSION, at);
      if (it.remaining == 0) {
        it.state = <u8>STATE_TRAILERS;
        return at;
      }
      it.state = <u8>STATE_CHUNK_DATA;
    } else if (state == STATE_CHUNK_CR) {
      if (byte != CR) return refuse(H1_CHUNK_END, at);
      it.state = <u8>STATE_CHUNK_LF;
    } else {
      assert(state == STATE_CHUNK_LF);
      if (byte != LF) return refuse(H1_CHUNK_END, at);
      beginChunk(it);
    }
  }
  return at;
}

function refuse(code: u32, at: usize): usize {
  chunkFault = code;
  return at;
}

// The reader of a connection: bytes in, events out. connection.ts draws the states; here stands what each of them does.

import { END_STREAM, EVENT_DATA, EVENT_ERROR, EVENT_HEADERS, EVENT_TRAILERS } from "../abi/event";
import {
  H1_BARE_CR,
  H1_CARRIED_TOO_MUCH,
  H1_CUT_SHORT,
  H1_HEAD_TOO_LARGE,
  H1_METHOD,
  H1_NO_BLOCK,
  H1_STATUS_LINE,
  H1_TOO_MANY_INTERIM,
  H1_TRAILERS_TOO_LARGE,
  H1_UNASKED_BYTES,
  OK,
} from "../abi/result";
import { blockAppendText, blockAt, blockFree, blockNew, blockText } from "../header/block";
import { eventMarkLast, eventPush, eventsReset, eventsWritten } from "../memory/ring";
import { beginChunk, chunkFault, contentEnd, contentStart, readChunks } from "./chunked";
import {
  CLIENT,
  Connection,
  carried,
  connectionAt,
  dropCarry,
  dropSection,
  FLAG_CLOSE,
  FLAG_EOF,
  FLAG_HELD_CR,
  FLAG_IN_DONE,
  FLAG_START_LINE_SEEN,
  FLAG_UPGRADE,
  noteFacts,
  OPTION_CUSTOM_METHODS,
  OPTION_HTTP10,
  OPTION_TRAILERS,
  OUT_NONE,
  SERVER,
  STATE_CHUNK_LF,
  STATE_CHUNK_SIZE,
  STATE_CONTENT,
  STATE_HEAD,
  STATE_IDLE,
  STATE_LAST,
  STATE_TRAILERS,
  STATE_TUNNEL,
  STATE_UNTIL_CLOSE,
  STATE_WAIT,
} from "./connection";
import { faultHasHead, headCode, headFlags, readRequest, readResponse } from "./message";
import { CARRIED_MAX, INTERIM_RESPONSES_MAX } from "./message_limits";
import { firstLineEnd, gather, sectionFault, whole } from "./section";
import { beginsRequest, method, readRequestLine, readStatusLine, targetEnd, targetStart } from "./start_line";
import { readTarget } from "./target";
import { readTrailers } from "./trailers";

const CR: u32 = 13;
const LF: u32 = 10;

/** The last event of this call is DATA of the message under way, whose end may still be marked on it. */
let dataIsLast: bool = false;

/** Reads bytes [from, from + length), which may be changed in place. How many events the ring holds. */
export function http1Feed(handle: u32, from: usize, length: u32): u32 {
  const it = connectionAt(handle);
  eventsReset();
  if (it.carry != 0) {
    if (carried(it) > 0) {
      carryMore(it, from, length);
      return told(it);
    }
    dropCarry(it);
  }
  const end = from + length;
  const stop = read(it, from, end);
  if (stop < end) carryMore(it, stop, <u32>(end - stop));
  return told(it);
}

/** The response has been sent: reads on with what waits. How many events the ring holds. Server side, when the request is complete. */
export function http1Next(handle: u32): u32 {
  const it = connectionAt(handle);
  eventsReset();
  assert(it.kind == SERVER);
  it.out = <u8>OUT_NONE;
  if (it.state == STATE_LAST) return told(it);
  assert(it.state == STATE_WAIT);
  it.flags &= FLAG_EOF;
  it.state = <u8>STATE_HEAD;
  readCarried(it);
  if ((it.flags & FLAG_EOF) != 0 && carried(it) == 0) endOfInput(it);
  return told(it);
}

/** From now on all bytes are content. How many events the ring holds: bytes that waited come at once. */
export function http1Tunnel(handle: u32): u32 {
  const it = connectionAt(handle);
  eventsReset();
  if (it.state == STATE_LAST) return 0;
  assert(it.state == STATE_WAIT && (it.flags & FLAG_UPGRADE) != 0);
  it.state = <u8>STATE_TUNNEL;
  it.flags |= FLAG_CLOSE;
  readCarried(it);
  if ((it.flags & FLAG_EOF) != 0) endOfInput(it);
  return told(it);
}

/** The peer's FIN. How many events the ring holds: the end of a body that ran until the close, or an error for a message cut short. */
export function http1Eof(handle: u32): u32 {
  const it = connectionAt(handle);
  eventsReset();
  dataIsLast = false;
  it.flags |= FLAG_EOF;
  if (carried(it) == 0) endOfInput(it);
  return told(it);
}

/** The end of each call: how many events the ring holds. */
function told(it: Connection): u32 {
  noteFacts(it);
  return eventsWritten();
}

/** No byte comes any more: is that an end, or a cut? */
function endOfInput(it: Connection): void {
  const state: u32 = it.state;
  it.flags |= FLAG_CLOSE;
  if (state == STATE_UNTIL_CLOSE || state == STATE_TUNNEL) {
    endMessage(it);
    it.state = <u8>STATE_LAST;
  } else if (state == STATE_IDLE || (state == STATE_HEAD && it.kind == SERVER && it.block == 0)) {
    // Between two exchanges. A CR that waits for its LF begins no message.
    it.state = <u8>STATE_LAST;
  } else if (state != STATE_WAIT && state != STATE_LAST) {
    fail(it, H1_CUT_SHORT, 0);
  }
}

/** Reads while the state says what to do with a byte; the address of the first byte that must wait, or `end`. */
function read(it: Connection, from: usize, end: usize): usize {
  dataIsLast = false;
  let at = from;
  while (at < end) {
    const state: u32 = it.state;
    if (state == STATE_HEAD) {
      at = readHead(it, at, end);
    } else if (state == STATE_CONTENT) {
      const n: usize = it.remaining < <u64>(end - at) ? <usize>it.remaining : end - at;
      it.remaining -= n;
      pushData(at, n);
      at += n;
      if (it.remaining == 0) endMessage(it);
    } else if (state >= STATE_CHUNK_SIZE && state <= STATE_CHUNK_LF) {
      at = readChunks(it, at, end);
      if (contentEnd > contentStart) pushData(contentStart, contentEnd - contentStart);
      if (chunkFault != OK) {
        fail(it, chunkFault, 0);
        return end;
      }
    } else if (state == STATE_TRAILERS) {
      at = readTrailerSection(it, at, end);
    } else if (state == STATE_UNTIL_CLOSE || state == STATE_TUNNEL) {
      pushData(at, end - at);
      return end;
    } else if (state == STATE_WAIT) {
      return at;
    } else if (state == STATE_IDLE) {
      // Behind a response that has ended, or without any request. The message before it is whole and stays good.
      fail(it, H1_UNASKED_BYTES, 0);
      return end;
    } else {
      assert(state == STATE_LAST);
      return end;
    }
  }
  return end;
}

function readHead(it: Connection, from: usize, end: usize): usize {
  let at = from;
  if (it.block == 0 && it.kind == SERVER) {
    at = skipEmptyLines(it, at, end);
    if (at == end) return end;
    if (!beginsRequest(load<u8>(at))) {
      fail(it, H1_METHOD, 0);
      return end;
    }
  } else if (it.block == 0 && load<u8>(at) != 0x48) {
    fail(it, H1_STATUS_LINE, 0); // Not even the `H` of HTTP.
    return end;
  }
  const start = at;
  at = gather(it, at, end, H1_HEAD_TOO_LARGE);
  if (!whole && (it.flags & FLAG_START_LINE_SEEN) == 0 && firstLineEnd != 0 && firstLineEnd <= it.maxHeadBytes) {
    // A fault in the start line need not wait for the rest of the head, and comes before the rest's.
    const fault = readStartLine(it, it.block != 0 ? blockText(it.block) : start);
    if (fault != OK) {
      fail(it, fault, 0);
      return end;
    }
    it.flags |= FLAG_START_LINE_SEEN;
  }
  if (sectionFault != OK) {
    fail(it, sectionFault, 0);
    return end;
  }
  if (!whole) return at;

  const block = it.block;
  it.block = 0;
  it.scanned = 0;
  it.flags &= ~FLAG_START_LINE_SEEN;
  const fault = it.kind == SERVER ? readRequest(it, block) : readResponse(it, block);
  if (fault != OK) {
    const shown = faultHasHead;
    if (!shown) blockFree(block);
    fail(it, fault, shown ? block : 0);
    return end;
  }
  if (it.kind == CLIENT && headCode < 200 && headCode != 101 && ++it.interim > INTERIM_RESPONSES_MAX) {
    blockFree(block);
    fail(it, H1_TOO_MANY_INTERIM, 0);
    return end;
  }
  eventPush(EVENT_HEADERS, block, headFlags, headCode);
  dataIsLast = false;
  if ((headFlags & END_STREAM) != 0) settleEnd(it);
  else if (it.state == STATE_CHUNK_SIZE) beginChunk(it);
  return at;
}

function readStartLine(it: Connection, from: usize): u32 {
  const end = from + firstLineEnd + 1;
  if (it.kind == CLIENT) return readStatusLine(from, end);
  const options = it.options;
  const fault = readRequestLine(from, end, (options & OPTION_CUSTOM_METHODS) != 0, (options & OPTION_HTTP10) != 0);
  return fault != OK ? fault : readTarget(targetStart, targetEnd, method);
}

/** RFC 9112 2.2: empty lines in front of a request line are ignored. A CR waits for its LF. */
function skipEmptyLines(it: Connection, from: usize, end: usize): usize {
  let at = from;
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if ((it.flags & FLAG_HELD_CR) != 0) {
      if (byte != LF) {
        fail(it, H1_BARE_CR, 0);
        return end;
      }
      it.flags &= ~FLAG_HELD_CR;
    } else if (byte == CR) {
      it.flags |= FLAG_HELD_CR;
    } else if (byte != LF) {
      return at;
    }
    at++;
  }
  return end;
}

function readTrailerSection(it: Connection, from: usize, end: usize): usize {
  const at = gather(it, from, end, H1_TRAILERS_TOO_LARGE);
  if (sectionFault != OK) {
    fail(it, sectionFault, 0);
    return end;
  }
  if (!whole) return at;
  const block = it.block;
  it.block = 0;
  it.scanned = 0;
  const fault = readTrailers(it, block);
  if (fault != OK) {
    blockFree(block);
    fail(it, fault, 0);
    return end;
  }
  if ((it.options & OPTION_TRAILERS) != 0 && blockAt(block).fieldCount > 0) {
    eventPush(EVENT_TRAILERS, block, END_STREAM, 0);
    dataIsLast = false;
    settleEnd(it);
  } else {
    blockFree(block);
    endMessage(it);
  }
  return at;
}

function pushData(from: usize, length: usize): void {
  eventPush(EVENT_DATA, <u32>from, <u32>length, 0);
  dataIsLast = true;
}

/** The end of a message whose content has no more bytes: marked on its last DATA, or told by an empty one. */
function endMessage(it: Connection): void {
  if (dataIsLast) eventMarkLast(END_STREAM);
  else eventPush(EVENT_DATA, 0, 0, END_STREAM);
  dataIsLast = false;
  settleEnd(it);
}

function settleEnd(it: Connection): void {
  it.flags |= FLAG_IN_DONE;
  if (it.kind == CLIENT) it.state = <u8>STATE_IDLE;
  else it.state = <u8>((it.flags & FLAG_CLOSE) != 0 ? STATE_LAST : STATE_WAIT);
}

function fail(it: Connection, code: u32, block: u32): void {
  dropSection(it);
  it.state = <u8>STATE_LAST;
  it.flags |= FLAG_CLOSE;
  eventPush(EVENT_ERROR, code, block, 0);
  dataIsLast = false;
}

/** Keeps bytes behind a message that is not answered yet. */
function carryMore(it: Connection, from: usize, length: u32): void {
  if (carried(it) + length > CARRIED_MAX) {
    fail(it, H1_CARRIED_TOO_MUCH, 0);
    return;
  }
  if (it.carry == 0) {
    it.carry = blockNew(length, 0);
    it.carryUsed = 0;
  }
  const held = it.carry == 0 ? 0 : blockAppendText(it.carry, from, length);
  if (held == 0) {
    fail(it, H1_NO_BLOCK, 0);
    return;
  }
  it.carry = held;
}

/** Reads carried bytes in place. What was read stays where it is until the next call, since events point to it. */
function readCarried(it: Connection): void {
  if (it.carry == 0) return;
  const text = blockText(it.carry);
  const end = text + blockAt(it.carry).textEnd;
  const stop = read(it, text + it.carryUsed, end);
  it.carryUsed = <u32>(stop - text);
}

// One HTTP/1 connection: what is kept between two reads. RFC 9112.
//
// The same machine reads requests (SERVER) and responses (CLIENT):
//
//   IDLE ──request sent──> HEAD ─┬─> CONTENT ───────────────────────────┬─> WAIT ──http1Next──> HEAD     (server)
//   (client)           (server  ├─> CHUNK_SIZE … CHUNK_LF ─> TRAILERS ─┤   └──────────────────> IDLE     (client, at once)
//                       starts) ├─> UNTIL_CLOSE ──FIN───────────────── ┤
//                               └─> (no content) ──────────────────────┘
//   CHUNK_SIZE ─> CHUNK_SPACE ─> CHUNK_EXTENSION ─> CHUNK_LINE_LF ─┬─> CHUNK_DATA ─> CHUNK_CR ─> CHUNK_LF ─> CHUNK_SIZE
//                                                                  └─> TRAILERS (size 0)
//   HEAD of a CONNECT or an upgrade ─> WAIT ──http1Tunnel──> TUNNEL
//   any ──error, FIN, end of a message after which nothing is read──> LAST
//
// What a state does with a byte stands in feed.ts and chunked.ts, one branch for each; nothing else changes the state.

import { CONNECTION_BYTES, CONNECTIONS_MAX, CONNECTIONS_START } from "../abi/limits";
import { blockAt, blockFree } from "../header/block";
import { CONNECTION_SLOTS } from "../memory/arena";
import { SLOT_MASK, Slots, slotAt, slotFree, slotsInit, slotTake } from "../memory/slots";

export const SERVER: u32 = 1;
export const CLIENT: u32 = 2;

export const STATE_IDLE: u32 = 0;
export const STATE_HEAD: u32 = 1;
export const STATE_CONTENT: u32 = 2;
export const STATE_CHUNK_SIZE: u32 = 3;
export const STATE_CHUNK_SPACE: u32 = 4;
export const STATE_CHUNK_EXTENSION: u32 = 5;
export const STATE_CHUNK_LINE_LF: u32 = 6;
export const STATE_CHUNK_DATA: u32 = 7;
export const STATE_CHUNK_CR: u32 = 8;
export const STATE_CHUNK_LF: u32 = 9;
export const STATE_TRAILERS: u32 = 10;
export const STATE_UNTIL_CLOSE: u32 = 11;
export const STATE_WAIT: u32 = 12;
export const STATE_TUNNEL: u32 = 13;
export const STATE_LAST: u32 = 14;

/** What the encoder owes of the message that goes out. */
export const OUT_NONE: u32 = 0;
/** Content as it comes: its length is in the head, or the connection's end ends it, or it is a tunnel. */
export const OUT_PLAIN: u32 = 1;
export const OUT_CHUNKED: u32 = 2;
/** The head allows no content (HEAD, 204, 304): what is given is dropped. */
export const OUT_EMPTY: u32 = 3;
export const OUT_DONE: u32 = 4;

// --- options of a connection, given when it is opened
/** Requests in HTTP/1.0 are served (Envoy: accept_http_10). */
export const OPTION_HTTP10: u32 = 1;
/** A request in HTTP/1.0 may lack a Host; the host fills in its default (Envoy: default_host_for_http_10). */
export const OPTION_DEFAULT_HOST: u32 = 2;
/** The scheme of requests is https. */
export const OPTION_TLS: u32 = 4;
/** Trailers are handed over and encoded; without it they are checked and dropped (Envoy: enable_trailers). */
export const OPTION_TRAILERS: u32 = 8;
/** Any token may be a method (Envoy: allow_custom_methods). */
export const OPTION_CUSTOM_METHODS: u32 = 16;
/** `Transfer-Encoding: chunked` beats a Content-Length beside it (Envoy: allow_chunked_length). */
export const OPTION_CHUNKED_LENGTH: u32 = 32;
/** A field name with an underscore is refused, or its line dropped (Envoy: headers_with_underscores_action). */
export const OPTION_REJECT_UNDERSCORES: u32 = 64;
export const OPTION_DROP_UNDERSCORES: u32 = 128;
const OPTIONS_ALL: u32 = 255;

// --- facts about the exchange under way, in `flags`
/** A CR came where an empty line in front of the head may stand; LF must follow. */
export const FLAG_HELD_CR: u32 = 1;
/** The start line of the unfinished head has been looked at and is good. */
export const FLAG_START_LINE_SEEN: u32 = 2;
/** The chunk size has a digit. */
export const FLAG_CHUNK_DIGIT: u32 = 4;
/** Nothing follows this exchange: `close`, HTTP/1.0, content until close, bytes that nobody asked for. */
export const FLAG_CLOSE: u32 = 8;
/** The request was HTTP/1.0: it is answered in HTTP/1.0, without chunks. */
export const FLAG_HTTP10: u32 = 16;
/** The request asks for an upgrade, or is a CONNECT: a tunnel may follow. */
export const FLAG_UPGRADE: u32 = 32;
/** The message that comes in is complete. */
export const FLAG_IN_DONE: u32 = 64;
/** The peer sent FIN: nothing comes behind what waits. Outlives the exchange. */
export const FLAG_EOF: u32 = 128;

// --- what the host wants to know behind each call, in `facts`: it reads them where they lie, since a call costs more than the answer
/** A head has begun and is not whole. */
export const FACT_HEAD_STARTED: u32 = 1;
/** Bytes wait for the response to the message before them: meanwhile the host does not read. */
export const FACT_CARRIED: u32 = 2;
/** A client connection that may take a request: nothing is under way, and nothing says that it ends. */
export const FACT_IDLE: u32 = 4;
/** The exchange under way is complete on both sides. */
export const FACT_COMPLETE: u32 = 8;
/**
 * Nothing may follow the exchange under way: this side, or the other, or the framing says so; on the server's side also while the
 * request is not complete, and when FIN has come and nothing waits.
 */
export const FACT_CLOSES: u32 = 16;

/** 64 bytes in a slot. */
@unmanaged
export class Connection {
  /** The slot's. */
  generation: i32;
  flags: u32;
  kind: u8;
  state: u8;
  /** Method id of the request under way (header/method). */
  method: u8;
  /** OUT_... of the message that goes out. */
  out: u8;
  options: u32;
  /** Bytes of the largest head, or trailer section. */
  maxHeadBytes: u32;
  /** Field lines of the largest head, or trailer section. */
  maxFields: u32;
  /** Unfinished head or trailer section as raw text; 0: none. */
  block: u32;
  /** Bytes of it in which its end is not. */
  scanned: u32;
  /** Bytes that are still to come of the content or chunk; the size of a chunk while its line is read. */
  remaining: u64;
  /** Bytes of the chunk line so far. */
  chunkLine: u32;
  /** Interim responses so far. */
  interim: u32;
  /** Bytes behind a message that is not answered yet, as raw text of a block; 0: none. */
  carry: u32;
  /** Bytes of it that are used up. */
  carryUsed: u32;
  /** FACT_... bits. */
  facts: u32;
}

export const CONNECTION_FACTS: u32 = offsetof<Connection>("facts");
/** The bits of a handle that number its slot. */
export const CONNECTION_SLOT: u32 = SLOT_MASK;

/** Prepares the table. Once, from `init`. */
export function http1Init(): void {
  assert(offsetof<Connection>() <= CONNECTION_BYTES);
  slotsInit(changetype<Slots>(<usize>CONNECTION_SLOTS), CONNECTIONS_START, CONNECTION_BYTES, CONNECTIONS_MAX);
}

/**
 * A connection of kind SERVER (reads requests) or CLIENT (reads responses), with OPTION_... bits. Its handle; 0: all are
 * in use.
 */
export function http1Open(kind: u32, maxHeadBytes: u32, maxFields: u32, options: u32): u32 {
  assert((kind == SERVER || kind == CLIENT) && (options & ~OPTIONS_ALL) == 0);
  const handle = slotTake(changetype<Slots>(<usize>CONNECTION_SLOTS));
  if (handle == 0) return 0;
  const it = connectionAt(handle);
  it.flags = 0;
  it.kind = <u8>kind;
  it.state = <u8>(kind == SERVER ? STATE_HEAD : STATE_IDLE);
  it.method = 0;
  it.out = <u8>OUT_NONE;
  it.options = options;
  it.maxHeadBytes = maxHeadBytes;
  it.maxFields = maxFields;
  it.block = 0;
  it.scanned = 0;
  it.remaining = 0;
  it.chunkLine = 0;
  it.interim = 0;
  it.carry = 0;
  it.carryUsed = 0;
  noteFacts(it);
  return handle;
}

/** Gives a connection back, with what it holds. */
export function http1Close(handle: u32): void {
  const it = connectionAt(handle);
  dropSection(it);
  dropCarry(it);
  slotFree(changetype<Slots>(<usize>CONNECTION_SLOTS), handle);
}

/** Connections that are open: for stats, and for tests that count leaks. */
export function http1Live(): u32 {
  return changetype<Slots>(<usize>CONNECTION_SLOTS).live;
}

export function connectionAt(handle: u32): Connection {
  return changetype<Connection>(slotAt(changetype<Slots>(<usize>CONNECTION_SLOTS), handle));
}

/** Bytes that wait for the response to the message before them. */
export function carried(it: Connection): u32 {
  return it.carry == 0 ? 0 : blockAt(it.carry).textEnd - it.carryUsed;
}

/** Brings `facts` up to date: the last step of each call that changes the connection. */
export function noteFacts(it: Connection): void {
  const state: u32 = it.state;
  const flags = it.flags;
  const out: u32 = it.out;
  const waits = carried(it) > 0;
  let facts: u32 = waits ? FACT_CARRIED : 0;
  if (state == STATE_HEAD && it.block != 0) facts |= FACT_HEAD_STARTED;
  if ((flags & FLAG_IN_DONE) != 0 && out == OUT_DONE) facts |= FACT_COMPLETE;
  if (it.kind == CLIENT) {
    if ((flags & (FLAG_CLOSE | FLAG_EOF)) != 0) facts |= FACT_CLOSES;
    else if (state == STATE_IDLE && (out == OUT_NONE || out == OUT_DONE)) facts |= FACT_IDLE;
  } else if ((flags & FLAG_CLOSE) != 0 || (flags & FLAG_IN_DONE) == 0 || ((flags & FLAG_EOF) != 0 && !waits)) {
    facts |= FACT_CLOSES;
  }
  it.facts = facts;
}

/** Forgets an unfinished head or trailer section. */
export function dropSection(it: Connection): void {
  if (it.block == 0) return;
  blockFree(it.block);
  it.block = 0;
  it.scanned = 0;
}

/** Forgets carried bytes. */
export function dropCarry(it: Connection): void {
  if (it.carry == 0) return;
  blockFree(it.carry);
  it.carry = 0;
  it.carryUsed = 0;
}

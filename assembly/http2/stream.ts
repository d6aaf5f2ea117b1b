// Streams: RFC 9113 5.1, and the table of those that are open.
//
//                    HEADERS either way
//   IDLE ────────────────────────────────────────────> OPEN
//                                                     │    │
//                      END_STREAM received            │    │   END_STREAM sent
//                 HALF_CLOSED_REMOTE <────────────────┘    └────────────────> HALF_CLOSED_LOCAL
//                      │                                                               │
//                      └──── END_STREAM sent ─────> CLOSED <──── END_STREAM received ──┘
//                                                      ^
//   any ──── RST_STREAM, either way ───────────────────┘
//
// Nothing is pushed, so nothing is reserved. Idle streams have no slot. A closed one gives its slot back at once; its id stays in the connection's
// short memory of closed streams, since what a late frame deserves depends on how its stream ended.

import {
  H2_STREAM_BUCKETS,
  H2_STREAM_BUCKETS_START,
  H2_STREAM_BYTES,
  H2_STREAMS_MAX,
  H2_STREAMS_START,
} from "../abi/limits";
import { random32 } from "../bytes/random";
import { H2_STREAM_SLOTS } from "../memory/arena";
import { Slots, slotAt, slotFree, slotsInit, slotTake } from "../memory/slots";
import { Http2Connection } from "./connection";

export const STREAM_IDLE: u32 = 0;
export const STREAM_OPEN: u32 = 1;
export const STREAM_HALF_CLOSED_LOCAL: u32 = 2;
export const STREAM_HALF_CLOSED_REMOTE: u32 = 3;
export const STREAM_CLOSED_STATE: u32 = 4;

export const STEP_SENT_END: u32 = 0;
export const STEP_RECEIVED_END: u32 = 1;
export const STEP_RESET: u32 = 2;

/** The state behind each step, a row for each state; 0: the step cannot be, which is our own fault. */
// biome-ignore format: a row for each state
const TABLE: usize = memory.data<u8>([
  /* sent end, received end, reset */
  0, 0, 0, 0,   // IDLE
  2, 3, 4, 0,   // OPEN
  0, 4, 4, 0,   // HALF_CLOSED_LOCAL
  4, 0, 4, 0,   // HALF_CLOSED_REMOTE
  0, 0, 0, 0,   // CLOSED
]);

/** How a stream ended, for the memory of closed streams. */
export const ENDED_BOTH: u32 = 1;
export const ENDED_BY_PEER: u32 = 2;
export const ENDED_BY_US: u32 = 3;

/** Ids of closed streams that a connection remembers. */
export const CLOSED_REMEMBERED: u32 = 128;

// --- facts of a stream
/** The head (a final one, on the client's side) has been received, or sent. */
export const STREAM_HEAD_IN: u32 = 1;
export const STREAM_HEAD_OUT: u32 = 2;
/** `contentLeft` counts. */
export const STREAM_HAS_LENGTH: u32 = 4;
/** In the line of streams that wait for a window. */
export const STREAM_BLOCKED: u32 = 8;

/** One stream: 72 bytes in a slot of the table. */
@unmanaged
export class Stream {
  /** The table's. */
  generation: i32;
  id: u32;
  handle: u32;
  /** The connection's struct. */
  connection: u32;
  hashNext: u32;
  listBefore: u32;
  listNext: u32;
  blockedBefore: u32;
  blockedNext: u32;
  state: u8;
  flags: u8;
  /** Method id of the request. */
  method: u8;
  interim: u16;
  /** Below zero after a smaller SETTINGS_INITIAL_WINDOW_SIZE (6.9.2). */
  sendWindow: i32;
  receiveWindow: i32;
  /** Content that the host has and has not reported as consumed. */
  held: u32;
  /** Consumed bytes that no WINDOW_UPDATE has announced. */
  credit: u32;
  openedMs: u32;
  contentLeft: u64;
}

/** Keeps a client from choosing ids that share a bucket. */
let salt: u32 = 0;

/** Prepares table and buckets. Once, from `init`. */
export function streamsInit(): void {
  assert(offsetof<Stream>() <= H2_STREAM_BYTES);
  slotsInit(changetype<Slots>(<usize>H2_STREAM_SLOTS), H2_STREAMS_START, H2_STREAM_BYTES, H2_STREAMS_MAX);
  salt = random32() | 1;
}

/** The stream of this id, or null: idle or closed. */
export function streamFind(it: Http2Connection, id: u32): Stream | null {
  const connection = <u32>changetype<usize>(it);
  let at = load<u32>(bucketOf(connection, id));
  while (at != 0) {
    const stream = changetype<Stream>(<usize>at);
    if (stream.id == id && stream.connection == connection) return stream;
    at = stream.hashNext;
  }
  return null;
}

/** A new stream in state OPEN; null: the worker's are all in use. */
export function streamOpen(it: Http2Connection, id: u32, now: u32): Stream | null {
  const slots = changetype<Slots>(<usize>H2_STREAM_SLOTS);
  const handle = slotTake(slots);
  if (handle == 0) return null;
  const stream = changetype<Stream>(slotAt(slots, handle));
  const connection = <u32>changetype<usize>(it);
  stream.id = id;
  stream.handle = handle;
  stream.connection = connection;
  stream.state = <u8>STREAM_OPEN;
  stream.flags = 0;
  stream.method = 0;
  stream.interim = 0;
  stream.sendWindow = it.peerStreamWindow;
  stream.receiveWindow = <i32>it.receiveStreamWindow;
  stream.held = 0;
  stream.credit = 0;
  stream.openedMs = now;
  stream.contentLeft = 0;
  const bucket = bucketOf(connection, id);
  const address = <u32>changetype<usize>(stream);
  stream.hashNext = load<u32>(bucket);
  store<u32>(bucket, address);
  stream.listBefore = 0;
  stream.listNext = it.firstStream;
  if (it.firstStream != 0) changetype<Stream>(<usize>it.firstStream).listBefore = address;
  it.firstStream = address;
  it.openStreams++;
  return stream;
}

/** The state behind a step. A step that the table does not have traps. */
export function streamStep(stream: Stream, step: u32): u32 {
  const next: u32 = load<u8>(TABLE + <u32>stream.state * 4 + step);
  assert(next != 0);
  stream.state = <u8>next;
  return next;
}

export function canSend(stream: Stream): bool {
  return stream.state == STREAM_OPEN || stream.state == STREAM_HALF_CLOSED_REMOTE;
}

export function canReceive(stream: Stream): bool {
  return stream.state == STREAM_OPEN || stream.state == STREAM_HALF_CLOSED_LOCAL;
}

/** Takes a stream out of the table and remembers how it ended. */
export function streamForget(it: Http2Connection, stream: Stream, how: u32): void {
  unblock(it, stream);
  const bucket = bucketOf(stream.connection, stream.id);
  const address = <u32>changetype<usize>(stream);
  if (load<u32>(bucket) == address) {
    store<u32>(bucket, stream.hashNext);
  } else {
    let before = changetype<Stream>(<usize>load<u32>(bucket));
    while (before.hashNext != address) before = changetype<Stream>(<usize>before.hashNext);
    before.hashNext = stream.hashNext;
  }
  if (stream.listBefore != 0) changetype<Stream>(<usize>stream.listBefore).listNext = stream.listNext;
  else it.firstStream = stream.listNext;
  if (stream.listNext != 0) changetype<Stream>(<usize>stream.listNext).listBefore = stream.listBefore;
  it.openStreams--;
  rememberClosed(it, stream.id, how);
  slotFree(changetype<Slots>(<usize>H2_STREAM_SLOTS), stream.handle);
}

/** Puts a stream at the end of the line for window. */
export function block(it: Http2Connection, stream: Stream): void {
  if ((stream.flags & STREAM_BLOCKED) != 0) return;
  const address = <u32>changetype<usize>(stream);
  stream.flags |= <u8>STREAM_BLOCKED;
  stream.blockedNext = 0;
  stream.blockedBefore = it.lastBlocked;
  if (it.lastBlocked != 0) changetype<Stream>(<usize>it.lastBlocked).blockedNext = address;
  else it.firstBlocked = address;
  it.lastBlocked = address;
}

/** Takes a stream out of the line. */
export function unblock(it: Http2Connection, stream: Stream): void {
  if ((stream.flags & STREAM_BLOCKED) == 0) return;
  stream.flags &= <u8>~STREAM_BLOCKED;
  if (stream.blockedBefore != 0) changetype<Stream>(<usize>stream.blockedBefore).blockedNext = stream.blockedNext;
  else it.firstBlocked = stream.blockedNext;
  if (stream.blockedNext != 0) changetype<Stream>(<usize>stream.blockedNext).blockedBefore = stream.blockedBefore;
  else it.lastBlocked = stream.blockedBefore;
}

/** Notes a closed stream in the ring, in place of the oldest. */
export function rememberClosed(it: Http2Connection, id: u32, how: u32): void {
  // All streams have odd ids, so 30 bits tell them apart.
  store<u32>(closedAt(it, it.closedCount++ % CLOSED_REMEMBERED), ((id >> 1) << 2) | how);
}

/** How a closed stream ended; 0: too long ago, or it never was. */
export function howClosed(it: Http2Connection, id: u32): u32 {
  const known = min(it.closedCount, CLOSED_REMEMBERED);
  for (let i: u32 = 0; i < known; i++) {
    const entry = load<u32>(closedAt(it, i));
    if (entry >> 2 == id >> 1) return entry & 3;
  }
  return 0;
}

function closedAt(it: Http2Connection, i: u32): usize {
  return it.closed + i * 4;
}

/** Streams of all connections: for stats, and for tests that count leaks. */
export function http2StreamsLive(): u32 {
  return changetype<Slots>(<usize>H2_STREAM_SLOTS).live;
}

function bucketOf(connection: u32, id: u32): usize {
  let mixed = (connection ^ salt) * 0x9e3779b1 + id * 0x85ebca6b * salt;
  mixed ^= mixed >> 15;
  return H2_STREAM_BUCKETS_START + (mixed & (H2_STREAM_BUCKETS - 1)) * 4;
}

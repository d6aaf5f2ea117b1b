// Windows, RFC 9113 6.9: how much each side may send on a stream and on the connection.
//
// What comes in counts as held until the host has passed it on (`http2Consumed`); only then may the peer send as much again. So what a connection keeps in
// memory is bounded by its window, what a stream keeps by its own, and a stream that stands still stops nobody while its window is the smaller one.
// Padding, and content of streams that are gone, is consumed at once. WINDOW_UPDATE is sent for half a window at a time, or for as much as the peer has left: else
// a stream that stands still on most of the connection's window would keep from the others what they have consumed.

import { EVENT_WRITABLE } from "../abi/event";
import { H2_NO_BLOCK, H2_STREAM_WINDOW_OVERFLOW, H2_WINDOW_OVERFLOW, OK } from "../abi/result";
import { eventPush, eventsReset, eventsWritten } from "../memory/ring";
import { Http2Connection, http2At, PHASE_DEAD, WINDOW_MAX } from "./connection";
import { putWindowUpdate } from "./control";
import { fail } from "./ending";
import { canReceive, Stream, streamFind, unblock } from "./stream";

/** What one stream is expected to take of a connection's window at a time, when several wait for it. */
const SHARE: i32 = 16384;

/** Content of a stream that the host has passed on. Of a stream that is gone it is counted already. */
export function http2Consumed(handle: u32, id: u32, bytes: u32): void {
  const it = http2At(handle);
  const stream = streamFind(it, id);
  if (stream == null) return;
  assert(bytes <= stream.held);
  stream.held -= bytes;
  stream.credit += bytes;
  creditStream(it, stream);
  creditConnection(it, bytes);
}

/**
 * What was written so far has left for the kernel: frames count as sent, and streams that waited for that, or for a window which another one did not
 * use, may go on. How many events the ring holds: EVENT_WRITABLE.
 */
export function http2Flushed(handle: u32): u32 {
  const it = http2At(handle);
  eventsReset();
  it.outboundFrames = 0;
  it.outboundControlFrames = 0;
  tellWritable(it);
  return eventsWritten();
}

/**
 * Tells streams that wait of a window that those who were told before them left. How many events the ring holds: EVENT_WRITABLE, none when there is no window
 * or nobody waits, so it may be called again until then.
 */
export function http2TellWritable(handle: u32): u32 {
  eventsReset();
  tellWritable(http2At(handle));
  return eventsWritten();
}

/** Bytes of content that the windows of a stream and of its connection allow now; 0 also for a stream that is gone. */
export function http2SendRoom(handle: u32, id: u32): u32 {
  const it = http2At(handle);
  const stream = streamFind(it, id);
  return stream == null ? 0 : <u32>max(min(stream.sendWindow, it.sendWindow), 0);
}

/** A stream may get WINDOW_UPDATE as long as the peer may send on it. */
export function creditStream(it: Http2Connection, stream: Stream): void {
  if (!isWorthTelling(stream.credit, it.streamWindow, stream.receiveWindow)) return;
  if (!canReceive(stream) || it.phase == PHASE_DEAD) return;
  stream.receiveWindow += <i32>stream.credit;
  const ok = putWindowUpdate(it, stream.id, stream.credit);
  stream.credit = 0;
  if (!ok) fail(it, H2_NO_BLOCK);
}

/** Bytes of DATA frames that nobody holds any more. */
export function creditConnection(it: Http2Connection, bytes: u32): void {
  it.credit += bytes;
  if (!isWorthTelling(it.credit, it.connectionWindow, it.receiveWindow) || it.phase == PHASE_DEAD) return;
  it.receiveWindow += <i32>it.credit;
  const ok = putWindowUpdate(it, 0, it.credit);
  it.credit = 0;
  if (!ok) fail(it, H2_NO_BLOCK);
}

function isWorthTelling(credit: u32, window: u32, left: i32): bool {
  return credit > 0 && (credit >= window / 2 || <i32>credit >= left);
}

/** A stream is gone with content that the host had not reported. */
export function releaseHeld(it: Http2Connection, held: u32): void {
  if (held > 0) creditConnection(it, held);
}

/** The peer's WINDOW_UPDATE, not zero, for the connection. A result code. */
export function enlargeConnection(it: Http2Connection, increment: u32): u32 {
  const wanted: i64 = <i64>it.sendWindow + increment;
  if (wanted > <i64>WINDOW_MAX) return H2_WINDOW_OVERFLOW;
  it.sendWindow = <i32>wanted;
  return OK;
}

/** The same for a stream. */
export function enlargeStream(stream: Stream, increment: u32): u32 {
  const wanted: i64 = <i64>stream.sendWindow + increment;
  if (wanted > <i64>WINDOW_MAX) return H2_STREAM_WINDOW_OVERFLOW;
  stream.sendWindow = <i32>wanted;
  return OK;
}

/**
 * Tells the streams that wait, in the order in which they came, as long as there is window for them. One that has been told leaves the line and
 * comes back to its end, so the connection's window goes round.
 */
export function tellWritable(it: Http2Connection): void {
  if (it.firstBlocked == 0 || it.phase == PHASE_DEAD || it.outboundFrames >= it.maxOutboundFrames) return;
  let left = it.sendWindow;
  let at = it.firstBlocked;
  while (at != 0 && left > 0) {
    const stream = changetype<Stream>(<usize>at);
    at = stream.blockedNext;
    if (stream.sendWindow <= 0) continue;
    unblock(it, stream);
    left -= min(stream.sendWindow, SHARE);
    eventPush(EVENT_WRITABLE, 0, 0, stream.id);
  }
}

// The event ring: filled by one call, drained by the host before the next. It never wraps: each call starts at the first record.

import { EVENT_BYTES, EVENT_RING_START, EVENTS_MAX } from "../abi/limits";

let written: u32 = 0;

/** Forgets the records of the call before. Each feed starts with it. */
export function eventsReset(): void {
  written = 0;
}

/** Records written since the last reset. */
export function eventsWritten(): u32 {
  return written;
}

/** Appends one record. Room is a sum (EVENTS_MAX), so a full ring is our own fault. */
export function eventPush(kind: u32, a: u32, b: u32, c: u32): void {
  assert(written < EVENTS_MAX);
  const at: usize = EVENT_RING_START + written * EVENT_BYTES;
  store<u32>(at, kind);
  store<u32>(at, a, 4);
  store<u32>(at, b, 8);
  store<u32>(at, c, 12);
  written++;
}

/** Sets bits in word c of the last record: an END_STREAM that is known only after its DATA was written. */
export function eventMarkLast(bits: u32): void {
  assert(written > 0);
  const at: usize = EVENT_RING_START + (written - 1) * EVENT_BYTES;
  store<u32>(at, load<u32>(at, 12) | bits, 12);
}

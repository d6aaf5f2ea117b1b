// How streams and connections end, RFC 9113 5.4: by both halves, by a reset from either side, by an error of the connection.

import { EVENT_ERROR } from "../abi/event";
import { H2_NO_BLOCK, OK } from "../abi/result";
import { blockFree } from "../header/block";
import { eventPush } from "../memory/ring";
import { earnStream, spendStreamError } from "./budget";
import { H2_FACT_DEAD, H2_SERVER, Http2Connection, http2At, PHASE_DEAD } from "./connection";
import { putGoaway, putReset } from "./control";
import { http2WireError } from "./errors";
import { releaseHeld } from "./flow";
import {
  ENDED_BOTH,
  ENDED_BY_US,
  rememberClosed,
  STEP_RECEIVED_END,
  STEP_RESET,
  STEP_SENT_END,
  STREAM_CLOSED_STATE,
  Stream,
  streamFind,
  streamForget,
  streamStep,
} from "./stream";

/** One half of a stream has ended; when both have it is gone. True: gone. */
export function endHalf(it: Http2Connection, stream: Stream, step: u32): bool {
  assert(step == STEP_SENT_END || step == STEP_RECEIVED_END);
  if (streamStep(stream, step) != STREAM_CLOSED_STATE) return false;
  earnStream(it);
  endStream(it, stream, ENDED_BOTH);
  return true;
}

/** A stream is over: what it held of the connection's window goes back. */
export function endStream(it: Http2Connection, stream: Stream, how: u32): void {
  const held = stream.held;
  streamForget(it, stream, how);
  releaseHeld(it, held);
}

/** The host gives a stream up, with an error code of RFC 9113 7. One that is gone already is no error. */
export function http2Reset(handle: u32, id: u32, error: u32): void {
  const it = http2At(handle);
  const stream = streamFind(it, id);
  if (stream == null) return;
  streamStep(stream, STEP_RESET);
  endStream(it, stream, ENDED_BY_US);
  if (it.phase != PHASE_DEAD && !putReset(it, id, error)) fail(it, H2_NO_BLOCK);
}

/** The peer broke a rule of one stream, which may be in the table or not: RST_STREAM, and an event. */
export function failStream(it: Http2Connection, id: u32, code: u32): void {
  if (it.phase == PHASE_DEAD) return;
  const stream = streamFind(it, id);
  if (stream != null) {
    streamStep(stream, STEP_RESET);
    endStream(it, stream, ENDED_BY_US);
  } else {
    rememberClosed(it, id, ENDED_BY_US);
  }
  eventPush(EVENT_ERROR, code, 0, id);
  let fault: u32 = OK;
  if (!putReset(it, id, http2WireError(code))) fault = H2_NO_BLOCK;
  else if (it.kind == H2_SERVER) fault = spendStreamError(it, code);
  if (fault != OK) fail(it, fault);
}

/** The peer broke a rule of the connection: GOAWAY, an event, and nothing is read any more. */
export function fail(it: Http2Connection, code: u32): void {
  if (it.phase == PHASE_DEAD) return;
  it.phase = <u8>PHASE_DEAD;
  it.facts |= H2_FACT_DEAD;
  it.sectionStream = 0;
  if (it.fragment != 0) blockFree(it.fragment);
  it.fragment = 0;
  eventPush(EVENT_ERROR, code, 0, 0);
  // Without a block for it the peer must do without the reason.
  putGoaway(it, it.lastStream, http2WireError(code));
}

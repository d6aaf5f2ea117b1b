// Frames that say one thing: SETTINGS (6.5), RST_STREAM (6.4), PING (6.7), GOAWAY (6.8), WINDOW_UPDATE (6.9).
import { EVENT_GOAWAY, EVENT_PING_ACK, EVENT_RESET, EVENT_SETTINGS } from "../abi/event";
import {
  H2_FRAME_SIZE,
  H2_FRAME_STREAM,
  H2_GOAWAY_ID,
  H2_IDLE_STREAM,
  H2_NO_BLOCK,
  H2_SETTINGS_ACK,
  H2_STREAM_WINDOW_ZERO,
  H2_WINDOW_ZERO,
  OK,
} from "../abi/result";
import { eventPush } from "../memory/ring";
import { checkControlFrames, spendPing, spendReset, spendSettings, spendWindowUpdate } from "./budget";
import {
  H2_CLIENT,
  H2_FACT_GOAWAY_RECEIVED,
  H2_FACT_GREETED,
  H2_FACT_SETTLED,
  H2_SERVER,
  Http2Connection,
} from "./connection";
import { putPingAck, putSettingsAck } from "./control";
import { endStream, failStream } from "./ending";
import { REFUSED_STREAM } from "./errors";
import { enlargeConnection, enlargeStream } from "./flow";
import { FLAG_ACK } from "./frame";
import { endFrame, isIdle, skip, want } from "./phase";
import { settle } from "./settings";
import { ENDED_BY_PEER, STEP_RESET, Stream, streamFind, streamStep } from "./stream";

/** Identifier and value. */
export const SETTING_BYTES: u32 = 6;

export function beginSettings(it: Http2Connection, length: u32, flags: u32, stream: u32): u32 {
  if (stream != 0) return H2_FRAME_STREAM;
  if ((flags & FLAG_ACK) != 0) {
    if (length != 0) return H2_FRAME_SIZE;
    if ((it.facts & H2_FACT_SETTLED) != 0) return H2_SETTINGS_ACK;
    settle(it);
    return endFrame(it);
  }
  if (length % SETTING_BYTES != 0) return H2_FRAME_SIZE;
  const flood = spendSettings(it);
  if (flood != OK) return flood;
  if (length == 0) return endSettings(it);
  return want(it, SETTING_BYTES);
}

export function endSettings(it: Http2Connection): u32 {
  it.facts |= H2_FACT_GREETED;
  if (!putSettingsAck(it)) return H2_NO_BLOCK;
  const flood = checkControlFrames(it);
  if (flood != OK) return flood;
  eventPush(EVENT_SETTINGS, 0, 0, 0);
  return endFrame(it);
}

export function readReset(it: Http2Connection, error: u32): u32 {
  const id = it.frameStream;
  if (isIdle(it, id)) return H2_IDLE_STREAM;
  endFrame(it);
  const stream = streamFind(it, id);
  if (stream == null) return OK;
  const flood = it.kind == H2_SERVER ? spendReset(it, stream, it.nowMs) : OK;
  streamStep(stream, STEP_RESET);
  endStream(it, stream, ENDED_BY_PEER);
  eventPush(EVENT_RESET, error, 0, id);
  return flood;
}

export function readPing(it: Http2Connection, from: usize): u32 {
  if ((it.frameFlags & FLAG_ACK) != 0) {
    eventPush(EVENT_PING_ACK, load<u32>(from), load<u32>(from, 4), 0);
    return endFrame(it);
  }
  const flood = spendPing(it);
  if (flood != OK) return flood;
  if (!putPingAck(it, from)) return H2_NO_BLOCK;
  endFrame(it);
  return checkControlFrames(it);
}

export function readGoaway(it: Http2Connection, last: u32, error: u32): u32 {
  if (last > it.goawayReceived) return H2_GOAWAY_ID;
  it.goawayReceived = last;
  it.facts |= H2_FACT_GOAWAY_RECEIVED;
  eventPush(EVENT_GOAWAY, error, last, 0);
  if (it.kind == H2_CLIENT) {
    let at = it.firstStream;
    while (at != 0) {
      const stream = changetype<Stream>(<usize>at);
      at = stream.listNext;
      const id = stream.id;
      if (id <= last) continue;
      // Not processed: another connection may carry the request (8.7).
      streamStep(stream, STEP_RESET);
      endStream(it, stream, ENDED_BY_PEER);
      eventPush(EVENT_RESET, REFUSED_STREAM, 0, id);
    }
  }
  return skip(it);
}

export function readWindowUpdate(it: Http2Connection, increment: u32): u32 {
  const flood = spendWindowUpdate(it);
  if (flood != OK) return flood;
  endFrame(it);
  const id = it.frameStream;
  if (id == 0) return increment == 0 ? H2_WINDOW_ZERO : enlargeConnection(it, increment);
  if (isIdle(it, id)) return H2_IDLE_STREAM;
  const stream = streamFind(it, id);
  if (stream == null) return OK;
  const fault = increment == 0 ? H2_STREAM_WINDOW_ZERO : enlargeStream(stream, increment);
  if (fault != OK) failStream(it, id, fault);
  return OK;
}

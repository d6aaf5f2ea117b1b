// SETTINGS, RFC 9113 6.5: what each of the peer's values means for us.

import { H2_SETTINGS_VALUE, H2_SETTINGS_WINDOW, H2_STREAM_WINDOW_OVERFLOW, OK } from "../abi/result";
import { encoderResize } from "../hpack/encoder";
import {
  encoderOf,
  H2_CLIENT,
  H2_FACT_PEER_CONNECT,
  H2_FACT_SETTLED,
  Http2Connection,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from "./connection";
import { failStream } from "./ending";
import { Stream } from "./stream";

export const SETTING_HEADER_TABLE_SIZE: u32 = 1;
export const SETTING_ENABLE_PUSH: u32 = 2;
export const SETTING_MAX_CONCURRENT_STREAMS: u32 = 3;
export const SETTING_INITIAL_WINDOW_SIZE: u32 = 4;
export const SETTING_MAX_FRAME_SIZE: u32 = 5;
export const SETTING_MAX_HEADER_LIST_SIZE: u32 = 6;
/** RFC 8441 3. */
export const SETTING_ENABLE_CONNECT_PROTOCOL: u32 = 8;

const FRAME_SIZE_LEAST: u32 = 16384;
const FRAME_SIZE_MOST: u32 = 0xff_ffff;

/** Applies one setting of the peer; unknown ones are ignored (6.5.2), and so is the list size that it would like us to keep to. A result code. */
export function applySetting(it: Http2Connection, id: u32, value: u32): u32 {
  switch (id) {
    case SETTING_HEADER_TABLE_SIZE:
      encoderResize(encoderOf(it), min(value, it.tableSize));
      return OK;
    case SETTING_ENABLE_PUSH:
      // A server must not allow what only it could use.
      return value > 1 || (value == 1 && it.kind == H2_CLIENT) ? H2_SETTINGS_VALUE : OK;
    case SETTING_MAX_CONCURRENT_STREAMS:
      it.peerMaxStreams = value;
      return OK;
    case SETTING_INITIAL_WINDOW_SIZE:
      if (value > WINDOW_MAX) return H2_SETTINGS_WINDOW;
      changeSendWindows(it, <i32>value);
      return OK;
    case SETTING_MAX_FRAME_SIZE:
      if (value < FRAME_SIZE_LEAST || value > FRAME_SIZE_MOST) return H2_SETTINGS_VALUE;
      it.peerMaxFrame = value;
      return OK;
    case SETTING_ENABLE_CONNECT_PROTOCOL:
      if (value > 1) return H2_SETTINGS_VALUE;
      if (value == 1) it.facts |= H2_FACT_PEER_CONNECT;
      else if ((it.facts & H2_FACT_PEER_CONNECT) != 0) return H2_SETTINGS_VALUE;
      return OK;
    default:
      return OK;
  }
}

/** 6.9.2: the difference goes to all streams; a window may become negative, but not larger than 2^31-1. */
function changeSendWindows(it: Http2Connection, window: i32): void {
  const change: i64 = <i64>window - it.peerStreamWindow;
  it.peerStreamWindow = window;
  if (change == 0) return;
  let at = it.firstStream;
  while (at != 0) {
    const stream = changetype<Stream>(<usize>at);
    at = stream.listNext;
    const wanted: i64 = <i64>stream.sendWindow + change;
    if (wanted > <i64>WINDOW_MAX) failStream(it, stream.id, H2_STREAM_WINDOW_OVERFLOW);
    else stream.sendWindow = <i32>wanted;
  }
}

/** The peer acknowledged our SETTINGS: what it sends from now on keeps to them. */
export function settle(it: Http2Connection): void {
  it.facts |= H2_FACT_SETTLED;
  const change = <i32>it.receiveStreamWindow - <i32>it.streamWindow;
  it.receiveStreamWindow = it.streamWindow;
  it.tableMax = it.tableSize;
  if (change == 0) return;
  assert(it.receiveStreamWindow < WINDOW_DEFAULT);
  let at = it.firstStream;
  while (at != 0) {
    const stream = changetype<Stream>(<usize>at);
    stream.receiveWindow -= change;
    at = stream.listNext;
  }
}

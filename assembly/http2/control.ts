// What a connection says by itself: preface, SETTINGS, acknowledgements, WINDOW_UPDATE, RST_STREAM, GOAWAY. It waits, as bytes of whole frames, in a header
// block that is taken for it and given back when the host has fetched it, so an idle connection holds none.

import { H2_STREAMS_PER_CONNECTION_MAX } from "../abi/limits";
import { copyBytes } from "../bytes/copy";
import { blockAppendText, blockAt, blockFree, blockNew, blockText } from "../header/block";
import {
  H2_CLIENT,
  H2_FACT_GOAWAY_SENT,
  H2_OPTION_CONNECT,
  H2_SERVER,
  Http2Connection,
  http2At,
  TABLE_DEFAULT,
  WINDOW_DEFAULT,
} from "./connection";
import {
  FLAG_ACK,
  FRAME_GOAWAY,
  FRAME_HEAD_BYTES,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  putFrameHead,
  STREAM_ID_MAX,
  writeU32,
} from "./frame";
import {
  SETTING_ENABLE_CONNECT_PROTOCOL,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "./settings";

/** `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n` (RFC 9113 3.4). */
// biome-ignore format: a word a row
export const PREFACE: usize = memory.data<u8>([
  0x50, 0x52, 0x49, 0x20, 0x2a, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2f, 0x32,
  0x2e, 0x30, 0x0d, 0x0a, 0x0d, 0x0a, 0x53, 0x4d, 0x0d, 0x0a, 0x0d, 0x0a,
]);
export const PREFACE_BYTES: u32 = 24;
/** `PRI * HTTP/2`: by so many bytes of it a connection is known to speak HTTP/2. */
export const H2_PREFACE_TOLD: u32 = 12;

/** What `http2Control` gives when the room is too small: nothing was taken. */
export const H2_CONTROL_NO_ROOM: i32 = -1;

/** One frame on its way into the block. The largest are our SETTINGS. */
const FRAME: usize = memory.data(96);

/** Moves the control output of a connection to `out`: its length, H2_CONTROL_NO_ROOM. Whole frames, so anything may follow. */
export function http2Control(handle: u32, out: usize, room: u32): i32 {
  const it = http2At(handle);
  return controlBytes(it) > room ? H2_CONTROL_NO_ROOM : <i32>takeControl(it, out);
}

/** Bytes of control output that wait. */
export function controlBytes(it: Http2Connection): u32 {
  return it.control == 0 ? 0 : blockAt(it.control).textEnd;
}

/** Moves them to `out`, which has room; how many they are. Whoever encodes begins with it: an acknowledgement goes before what it allows (RFC 9113 6.5.3). */
export function takeControl(it: Http2Connection, out: usize): u32 {
  if (it.control == 0) return 0;
  const length = blockAt(it.control).textEnd;
  copyBytes(out, blockText(it.control), length);
  blockFree(it.control);
  it.control = 0;
  return length;
}

/** GOAWAY with an error code of RFC 9113 7. Not `final`: no stream is given up yet, new ones are still served while it travels (6.8). */
export function http2Goaway(handle: u32, error: u32, final: bool): void {
  const it = http2At(handle);
  putGoaway(it, final ? it.lastStream : STREAM_ID_MAX, error);
}

/** PING with eight bytes of the host's; EVENT_PING_ACK brings them back. */
export function http2Ping(handle: u32, first: u32, second: u32): void {
  const it = http2At(handle);
  const to = putFrameHead(FRAME, 8, FRAME_PING, 0, 0);
  store<u32>(to, first);
  store<u32>(to, second, 4);
  append(it, FRAME, FRAME_HEAD_BYTES + 8);
}

/** Preface, SETTINGS, and the connection's window where it is not the default. False: no block is left. */
export function putOpening(it: Http2Connection): bool {
  if (it.kind == H2_CLIENT) {
    if (!append(it, PREFACE, PREFACE_BYTES)) return false;
  }
  let to = FRAME + FRAME_HEAD_BYTES;
  if (it.tableSize != TABLE_DEFAULT) to = putSetting(to, SETTING_HEADER_TABLE_SIZE, it.tableSize);
  if (it.kind == H2_CLIENT) to = putSetting(to, SETTING_ENABLE_PUSH, 0);
  else to = putSetting(to, SETTING_MAX_CONCURRENT_STREAMS, min(it.maxStreams, H2_STREAMS_PER_CONNECTION_MAX));
  if (it.streamWindow != WINDOW_DEFAULT) to = putSetting(to, SETTING_INITIAL_WINDOW_SIZE, it.streamWindow);
  to = putSetting(to, SETTING_MAX_HEADER_LIST_SIZE, it.maxHeadBytes);
  if (it.kind == H2_SERVER && (it.options & H2_OPTION_CONNECT) != 0) {
    to = putSetting(to, SETTING_ENABLE_CONNECT_PROTOCOL, 1);
  }
  const bytes = <u32>(to - FRAME);
  putFrameHead(FRAME, bytes - FRAME_HEAD_BYTES, FRAME_SETTINGS, 0, 0);
  if (!append(it, FRAME, bytes)) return false;
  return it.connectionWindow == WINDOW_DEFAULT || putWindowUpdate(it, 0, it.connectionWindow - WINDOW_DEFAULT);
}

export function putSettingsAck(it: Http2Connection): bool {
  it.outboundControlFrames++;
  putFrameHead(FRAME, 0, FRAME_SETTINGS, FLAG_ACK, 0);
  return append(it, FRAME, FRAME_HEAD_BYTES);
}

/** The answer to a PING whose eight bytes lie at `from`. */
export function putPingAck(it: Http2Connection, from: usize): bool {
  it.outboundControlFrames++;
  const to = putFrameHead(FRAME, 8, FRAME_PING, FLAG_ACK, 0);
  store<u64>(to, load<u64>(from));
  return append(it, FRAME, FRAME_HEAD_BYTES + 8);
}

export function putReset(it: Http2Connection, stream: u32, error: u32): bool {
  it.outboundControlFrames++;
  const to = putFrameHead(FRAME, 4, FRAME_RST_STREAM, 0, stream);
  writeU32(to, error);
  return append(it, FRAME, FRAME_HEAD_BYTES + 4);
}

export function putWindowUpdate(it: Http2Connection, stream: u32, increment: u32): bool {
  const to = putFrameHead(FRAME, 4, FRAME_WINDOW_UPDATE, 0, stream);
  writeU32(to, increment);
  return append(it, FRAME, FRAME_HEAD_BYTES + 4);
}

export function putGoaway(it: Http2Connection, lastStream: u32, error: u32): bool {
  // RFC 9113 6.8: a later GOAWAY does not raise the last stream.
  const last = min(lastStream, it.goawaySent);
  it.goawaySent = last;
  it.facts |= H2_FACT_GOAWAY_SENT;
  const to = putFrameHead(FRAME, 8, FRAME_GOAWAY, 0, 0);
  writeU32(to, last);
  writeU32(to + 4, error);
  return append(it, FRAME, FRAME_HEAD_BYTES + 8);
}

function putSetting(to: usize, id: u32, value: u32): usize {
  store<u16>(to, bswap<u16>(<u16>id));
  writeU32(to + 2, value);
  return to + 6;
}

function append(it: Http2Connection, from: usize, length: u32): bool {
  if (it.control == 0) {
    it.control = blockNew(length, 0);
    if (it.control == 0) return false;
  }
  const held = blockAppendText(it.control, from, length);
  if (held == 0) return false;
  it.control = held;
  return true;
}

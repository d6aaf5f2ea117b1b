// The frame, RFC 9113 4.1:
//
//   length u24 | type u8 | flags u8 | 0 | stream u31 | payload

export const FRAME_HEAD_BYTES: u32 = 9;
/** The largest payload that we accept: SETTINGS_MAX_FRAME_SIZE as it is from the start (Envoy leaves it there too). */
export const FRAME_BYTES_MAX: u32 = 16384;
export const STREAM_ID_MAX: u32 = 0x7fff_ffff;

export const FRAME_DATA: u32 = 0;
export const FRAME_HEADERS: u32 = 1;
export const FRAME_PRIORITY: u32 = 2;
export const FRAME_RST_STREAM: u32 = 3;
export const FRAME_SETTINGS: u32 = 4;
export const FRAME_PUSH_PROMISE: u32 = 5;
export const FRAME_PING: u32 = 6;
export const FRAME_GOAWAY: u32 = 7;
export const FRAME_WINDOW_UPDATE: u32 = 8;
export const FRAME_CONTINUATION: u32 = 9;

export const FLAG_ACK: u32 = 1;
export const FLAG_END_STREAM: u32 = 1;
export const FLAG_END_HEADERS: u32 = 4;
export const FLAG_PADDED: u32 = 8;
export const FLAG_PRIORITY: u32 = 0x20;

/** Writes a frame's head; the address behind it. */
export function putFrameHead(to: usize, length: u32, type: u32, flags: u32, stream: u32): usize {
  store<u32>(to, bswap<u32>((length << 8) | type));
  store<u8>(to, flags, 4);
  store<u32>(to, bswap<u32>(stream), 5);
  return to + FRAME_HEAD_BYTES;
}

export function readU32(from: usize): u32 {
  return bswap<u32>(load<u32>(from));
}

export function writeU32(to: usize, value: u32): void {
  store<u32>(to, bswap<u32>(value));
}

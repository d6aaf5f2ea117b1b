// Result codes of HTTP/2 and HPACK on the wire: the error code of RFC 9113 7 that GOAWAY or RST_STREAM carries. The scope is in the number: below
// H2_STREAM_CODES and from HPACK on the connection ends, between them one stream (5.4).

import {
  H2_CUT_SHORT,
  H2_FLOOD_CONTINUATION,
  H2_FLOOD_STREAM_ERRORS,
  H2_FRAME_SIZE,
  H2_HEADER_BLOCK,
  H2_NO_BLOCK,
  H2_PRIORITY_SIZE,
  H2_REFUSED,
  H2_SETTINGS_WINDOW,
  H2_STREAM_CLOSED,
  H2_STREAM_CODES,
  H2_STREAM_ENDED,
  H2_STREAM_WINDOW_EXCEEDED,
  H2_STREAM_WINDOW_OVERFLOW,
  H2_WINDOW_EXCEEDED,
  H2_WINDOW_OVERFLOW,
  HPACK_INTEGER,
} from "../abi/result";

export const NO_ERROR: u32 = 0;
export const PROTOCOL_ERROR: u32 = 1;
export const INTERNAL_ERROR: u32 = 2;
export const FLOW_CONTROL_ERROR: u32 = 3;
export const SETTINGS_TIMEOUT: u32 = 4;
export const STREAM_CLOSED: u32 = 5;
export const FRAME_SIZE_ERROR: u32 = 6;
export const REFUSED_STREAM: u32 = 7;
export const CANCEL: u32 = 8;
export const COMPRESSION_ERROR: u32 = 9;
export const CONNECT_ERROR: u32 = 10;
export const ENHANCE_YOUR_CALM: u32 = 11;
export const INADEQUATE_SECURITY: u32 = 12;
export const HTTP_1_1_REQUIRED: u32 = 13;

/** Whether a result code ends one stream, and not the connection. */
export function http2IsStreamError(code: u32): bool {
  return code >= H2_STREAM_CODES && code < HPACK_INTEGER;
}

/** The error code on the wire of a result code. */
export function http2WireError(code: u32): u32 {
  if (code >= HPACK_INTEGER) return COMPRESSION_ERROR;
  if (code >= H2_FLOOD_CONTINUATION && code <= H2_FLOOD_STREAM_ERRORS) return ENHANCE_YOUR_CALM;
  switch (code) {
    case H2_FRAME_SIZE:
    case H2_PRIORITY_SIZE:
      return FRAME_SIZE_ERROR;
    case H2_SETTINGS_WINDOW:
    case H2_WINDOW_OVERFLOW:
    case H2_WINDOW_EXCEEDED:
    case H2_STREAM_WINDOW_OVERFLOW:
    case H2_STREAM_WINDOW_EXCEEDED:
      return FLOW_CONTROL_ERROR;
    case H2_STREAM_ENDED:
    case H2_STREAM_CLOSED:
      return STREAM_CLOSED;
    case H2_REFUSED:
      return REFUSED_STREAM;
    case H2_HEADER_BLOCK:
      return ENHANCE_YOUR_CALM;
    case H2_NO_BLOCK:
      return INTERNAL_ERROR;
    case H2_CUT_SHORT:
      return NO_ERROR;
    default:
      return PROTOCOL_ERROR;
  }
}

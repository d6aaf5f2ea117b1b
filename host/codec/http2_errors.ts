/**
 * What each rule of HTTP/2 and HPACK means when a peer breaks it: what logs and stats say. Details and stats are Envoy's where it has the rule; the code on the wire
 * and the scope are the core's (assembly/http2/errors).
 */

import {
  H2_AUTHORITY,
  H2_CONNECTION_FIELD,
  H2_CONTENT_LENGTH,
  H2_CONTENT_MISMATCH,
  H2_CONTINUATION,
  H2_CUT_SHORT,
  H2_FIELD_NAME,
  H2_FIELD_VALUE,
  H2_FIRST_FRAME,
  H2_FLOOD_CONTINUATION,
  H2_FLOOD_CONTROL,
  H2_FLOOD_EMPTY,
  H2_FLOOD_PADDING,
  H2_FLOOD_PING,
  H2_FLOOD_PRIORITY,
  H2_FLOOD_RESET,
  H2_FLOOD_SETTINGS,
  H2_FLOOD_STREAM_ERRORS,
  H2_FLOOD_UNKNOWN,
  H2_FLOOD_WINDOW_UPDATE,
  H2_FRAME_SIZE,
  H2_FRAME_STREAM,
  H2_GOAWAY_ID,
  H2_HEAD_TOO_LARGE,
  H2_HEADER_BLOCK,
  H2_HOST,
  H2_IDLE_STREAM,
  H2_METHOD,
  H2_NO_BLOCK,
  H2_PADDING,
  H2_PATH,
  H2_PREFACE,
  H2_PRIORITY_SIZE,
  H2_PSEUDO,
  H2_PSEUDO_MISSING,
  H2_PUSH,
  H2_REFUSED,
  H2_SCHEME,
  H2_SELF_DEPENDENCY,
  H2_SEQUENCE,
  H2_SETTINGS_ACK,
  H2_SETTINGS_VALUE,
  H2_SETTINGS_WINDOW,
  H2_STATUS,
  H2_STREAM_CLOSED,
  H2_STREAM_ENDED,
  H2_STREAM_ID,
  H2_STREAM_WINDOW_EXCEEDED,
  H2_STREAM_WINDOW_OVERFLOW,
  H2_STREAM_WINDOW_ZERO,
  H2_TOO_MANY_FIELDS,
  H2_TRAILERS_GO_ON,
  H2_UNDERSCORE,
  H2_WINDOW_EXCEEDED,
  H2_WINDOW_OVERFLOW,
  H2_WINDOW_ZERO,
  HPACK_HUFFMAN,
  HPACK_INDEX,
  HPACK_INTEGER,
  HPACK_STRING,
  HPACK_TABLE_SIZE,
  HPACK_TABLE_SIZE_LATE,
  HPACK_TABLE_SIZE_MISSING,
} from "../wasm/layout.gen.ts";

export interface Http2Error {
  readonly code: number;
  readonly rule: string;
  /** Status of the answer to a client on the stream, which is still open; 0: the core has reset the stream, or ended the connection. */
  readonly status: number;
  /** `%RESPONSE_CODE_DETAILS%`. */
  readonly details: string;
  /** Name behind `http2.` of the counter that rises; empty: none. */
  readonly stat: string;
  /** What was done would be allowed, had it not been done so often. */
  readonly isFlood: boolean;
  /** The frames are in order, and what they say is no HTTP message, or is one that is not accepted. */
  readonly isMessage: boolean;
}

const FIELD = "http2.invalid.header.field";
const MESSAGING = "http2.violation.of.messaging.rule";
const PROTOCOL = "http2.protocol_error";

const table = new Map<number, Http2Error>();

function rule(code: number, name: string, details: string, stat = "", status = 0): void {
  const isFlood = code >= H2_FLOOD_CONTINUATION && code <= H2_FLOOD_STREAM_ERRORS;
  const isMessage = code >= H2_TRAILERS_GO_ON && code <= H2_TOO_MANY_FIELDS;
  table.set(code, { code, rule: name, status, details, stat, isFlood, isMessage });
}

// --- the connection
rule(H2_PREFACE, "preface", PROTOCOL);
rule(H2_FIRST_FRAME, "first_frame", PROTOCOL);
rule(H2_FRAME_SIZE, "frame_size", PROTOCOL);
rule(H2_FRAME_STREAM, "frame_stream", PROTOCOL);
rule(H2_PADDING, "padding", PROTOCOL);
rule(H2_SETTINGS_VALUE, "settings_value", PROTOCOL);
rule(H2_SETTINGS_WINDOW, "settings_window", PROTOCOL);
rule(H2_SETTINGS_ACK, "settings_ack", PROTOCOL);
rule(H2_CONTINUATION, "continuation", PROTOCOL);
rule(H2_PUSH, "push", PROTOCOL);
rule(H2_IDLE_STREAM, "idle_stream", PROTOCOL);
rule(H2_STREAM_ID, "stream_id", PROTOCOL);
rule(H2_STREAM_ENDED, "stream_ended", PROTOCOL);
rule(H2_WINDOW_ZERO, "window_zero", PROTOCOL);
rule(H2_WINDOW_OVERFLOW, "window_overflow", PROTOCOL);
rule(H2_WINDOW_EXCEEDED, "window_exceeded", PROTOCOL);
rule(H2_GOAWAY_ID, "goaway_id", PROTOCOL);
rule(H2_CUT_SHORT, "cut_short", "http2.connection_ended");
rule(H2_NO_BLOCK, "no_block", "http2.out_of_header_blocks");
rule(H2_HEADER_BLOCK, "header_block", "http2.headers_too_large", "header_overflow");
// --- floods
rule(H2_FLOOD_CONTINUATION, "flood_continuation", "http2.too_many_continuations", "too_many_header_frames");
rule(H2_FLOOD_CONTROL, "flood_control", "http2.outbound_control_frames_flood", "outbound_control_flood");
rule(H2_FLOOD_SETTINGS, "flood_settings", "http2.inbound_settings_frames_flood");
rule(H2_FLOOD_PING, "flood_ping", "http2.inbound_ping_frames_flood");
rule(H2_FLOOD_EMPTY, "flood_empty", "http2.inbound_empty_frames_flood", "inbound_empty_frames_flood");
rule(H2_FLOOD_PRIORITY, "flood_priority", "http2.inbound_priority_frames_flood", "inbound_priority_frames_flood");
rule(
  H2_FLOOD_WINDOW_UPDATE,
  "flood_window_update",
  "http2.inbound_window_update_frames_flood",
  "inbound_window_update_frames_flood",
);
rule(H2_FLOOD_UNKNOWN, "flood_unknown", "http2.inbound_unknown_frames_flood");
rule(H2_FLOOD_PADDING, "flood_padding", "http2.inbound_padding_flood");
rule(H2_FLOOD_RESET, "flood_reset", "http2.too_many_premature_resets");
rule(H2_FLOOD_STREAM_ERRORS, "flood_stream_errors", "http2.too_many_stream_errors");
// --- one stream
rule(H2_STREAM_CLOSED, "stream_closed", PROTOCOL);
rule(H2_STREAM_WINDOW_EXCEEDED, "stream_window_exceeded", PROTOCOL);
rule(H2_STREAM_WINDOW_ZERO, "stream_window_zero", PROTOCOL);
rule(H2_STREAM_WINDOW_OVERFLOW, "stream_window_overflow", PROTOCOL);
rule(H2_PRIORITY_SIZE, "priority_size", PROTOCOL);
rule(H2_SELF_DEPENDENCY, "self_dependency", PROTOCOL);
rule(H2_REFUSED, "refused", "http2.stream_refused", "stream_refused_errors");
// --- messages
rule(H2_TRAILERS_GO_ON, "trailers_go_on", MESSAGING, "rx_messaging_error");
rule(H2_FIELD_NAME, "field_name", FIELD, "rx_messaging_error");
rule(H2_FIELD_VALUE, "field_value", FIELD, "rx_messaging_error");
rule(H2_CONNECTION_FIELD, "connection_field", FIELD, "rx_messaging_error");
rule(H2_PSEUDO, "pseudo", FIELD, "rx_messaging_error");
rule(H2_PSEUDO_MISSING, "pseudo_missing", MESSAGING, "rx_messaging_error");
rule(H2_METHOD, "method", FIELD, "rx_messaging_error");
rule(H2_PATH, "path", FIELD, "rx_messaging_error");
rule(H2_SCHEME, "scheme", FIELD, "rx_messaging_error");
rule(H2_AUTHORITY, "authority", FIELD, "rx_messaging_error");
rule(H2_HOST, "host", FIELD, "rx_messaging_error");
rule(H2_STATUS, "status", FIELD, "rx_messaging_error");
rule(H2_CONTENT_LENGTH, "content_length", FIELD, "rx_messaging_error");
rule(H2_CONTENT_MISMATCH, "content_mismatch", MESSAGING, "rx_messaging_error");
rule(H2_SEQUENCE, "sequence", MESSAGING, "rx_messaging_error");
rule(H2_UNDERSCORE, "underscore", "http2.unexpected_underscore", "requests_rejected_with_underscores_in_headers");
rule(H2_HEAD_TOO_LARGE, "head_too_large", "http2.headers_too_large", "header_overflow", 431);
rule(H2_TOO_MANY_FIELDS, "too_many_fields", "http2.too_many_headers", "header_overflow", 431);
// --- HPACK
rule(HPACK_INTEGER, "hpack_integer", PROTOCOL);
rule(HPACK_INDEX, "hpack_index", PROTOCOL);
rule(HPACK_STRING, "hpack_string", PROTOCOL);
rule(HPACK_HUFFMAN, "hpack_huffman", PROTOCOL);
rule(HPACK_TABLE_SIZE, "hpack_table_size", PROTOCOL);
rule(HPACK_TABLE_SIZE_LATE, "hpack_table_size_late", PROTOCOL);
rule(HPACK_TABLE_SIZE_MISSING, "hpack_table_size_missing", PROTOCOL);

/** Every rule, in the order above: for pages and tests. */
export const HTTP2_ERRORS: readonly Http2Error[] = [...table.values()];

/** What a code of the core means. Another code than those of HTTP/2 is our own fault. */
export function describeHttp2Error(code: number): Http2Error {
  const error = table.get(code);
  if (error === undefined) throw new Error(`result code 0x${code.toString(16)} is none of HTTP/2`);
  return error;
}

/** The connection ended with streams open: no rule was broken. */
export function isHttp2CutShort(code: number): boolean {
  return code === H2_CUT_SHORT;
}

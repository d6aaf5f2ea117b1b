/**
 * Scripts of frames, one rule of RFC 9113 each, and what a server or client says to them. Each is fed whole, byte by byte and cut at every place. The rules are
 * those that h2spec checks, and the client's side of them.
 */

import { afterEach, describe, expect, it } from "vitest";
import { Http2Bench, type Settings } from "../../support/http2_bench.ts";
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  type Fields,
  frame,
  GET,
  GOAWAY,
  HEADERS,
  headers,
  PADDED,
  PING,
  POST,
  PREFACE,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  section,
  settings,
  u32,
  WINDOW_UPDATE,
  WITH_PRIORITY,
} from "../../support/http2_frames.ts";

const bench = new Http2Bench();

afterEach(() => expect(bench.leaks()).toEqual([0, 0, 0]));

interface Script {
  readonly title: string;
  readonly frames: readonly Buffer[];
  /** Lines of the log behind the greeting. */
  readonly log: readonly string[];
  readonly settings?: Settings;
  /** The peer's settings. */
  readonly peer?: Readonly<Record<number, number>>;
  /** Nothing was said before. */
  readonly isRaw?: boolean;
}

const goaway = (last: number, error: string, code: string): string[] => [
  `ERROR 0 ${code}`,
  `> GOAWAY ${last} ${error}`,
];
const reset = (stream: number, error: string, code: string): string[] => [
  `ERROR ${stream} ${code}`,
  `> RST ${stream} ${error}`,
];
const open = (stream: number): Buffer => headers(stream, POST, END_HEADERS);
const priority = (stream: number, on: number): Buffer =>
  frame(PRIORITY, 0, stream, Buffer.concat([u32(on), Buffer.of(16)]));
const withField = (...extra: Fields): Buffer => headers(1, [...GET, ...extra]);
const without = (name: string): Buffer =>
  headers(
    1,
    GET.filter(([field]) => field !== name),
  );
const instead = (name: string, value: string): Buffer =>
  headers(
    1,
    GET.map(([field, old]) => [field, field === name ? value : old] as const),
  );

const SERVER: readonly Script[] = [
  // 3.4
  {
    title: "3.4 a preface that is none",
    isRaw: true,
    frames: [Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    log: [...goaway(0, "PROTOCOL_ERROR", "H2_PREFACE")],
  },
  {
    title: "3.4 SETTINGS must come first",
    isRaw: true,
    frames: [PREFACE, headers(1, GET)],
    log: goaway(0, "PROTOCOL_ERROR", "H2_FIRST_FRAME"),
  },
  { title: "3.4 a good beginning", isRaw: true, frames: [PREFACE, settings()], log: ["SETTINGS", "> SETTINGS ack"] },
  // 4.1
  {
    title: "4.1 an unknown type is ignored",
    frames: [frame(0x16, 0xff, 0, "12345678"), frame(PING, 0, 0, "12345678")],
    log: ["> PING ack"],
  },
  { title: "4.1 undefined flags are ignored", frames: [frame(PING, 0x16, 0, "12345678")], log: ["> PING ack"] },
  { title: "4.1 the reserved bit is ignored", frames: [frame(PING, 0, 0x8000_0000, "12345678")], log: ["> PING ack"] },
  // 4.2
  {
    title: "4.2 DATA of 16,384 bytes",
    frames: [open(1), frame(DATA, END_STREAM, 1, "x".repeat(16_384))],
    log: ["HEADERS 1 3", `DATA 1 ${"x".repeat(16_384)} end`],
  },
  {
    title: "4.2 DATA above the limit",
    frames: [open(1), frame(DATA, 0, 1, "x".repeat(16_385))],
    log: ["HEADERS 1 3", ...goaway(1, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE")],
  },
  // 4.3
  {
    title: "4.3 a header block that cannot be decoded",
    frames: [frame(HEADERS, 5, 1, Buffer.from("ff", "hex"))],
    log: goaway(0, "COMPRESSION_ERROR", "HPACK_INTEGER"),
  },
  {
    title: "4.3 PRIORITY inside a header block",
    frames: [headers(1, GET, END_STREAM), priority(1, 0)],
    log: goaway(0, "PROTOCOL_ERROR", "H2_CONTINUATION"),
  },
  {
    title: "4.3 HEADERS of another stream inside a header block",
    frames: [headers(1, GET, END_STREAM), headers(3, GET)],
    log: goaway(0, "PROTOCOL_ERROR", "H2_CONTINUATION"),
  },
  // 5.1 idle
  { title: "5.1 idle: DATA", frames: [frame(DATA, 1, 1, "x")], log: goaway(0, "PROTOCOL_ERROR", "H2_IDLE_STREAM") },
  {
    title: "5.1 idle: RST_STREAM",
    frames: [frame(RST_STREAM, 0, 1, u32(8))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_IDLE_STREAM"),
  },
  {
    title: "5.1 idle: WINDOW_UPDATE",
    frames: [frame(WINDOW_UPDATE, 0, 1, u32(8))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_IDLE_STREAM"),
  },
  {
    title: "5.1 idle: CONTINUATION",
    frames: [frame(CONTINUATION, 4, 1, section(GET))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_CONTINUATION"),
  },
  { title: "5.1 idle: PRIORITY", frames: [priority(1, 0), headers(1, GET)], log: ["HEADERS 1 1 end"] },
  // 5.1 half closed (remote)
  {
    title: "5.1 half closed: DATA",
    frames: [headers(1, GET), frame(DATA, 1, 1, "x")],
    log: ["HEADERS 1 1 end", ...reset(1, "STREAM_CLOSED", "H2_STREAM_CLOSED")],
  },
  {
    title: "5.1 half closed: HEADERS",
    frames: [headers(1, GET), headers(1, GET)],
    log: ["HEADERS 1 1 end", ...reset(1, "STREAM_CLOSED", "H2_STREAM_CLOSED")],
  },
  {
    title: "5.1 half closed: WINDOW_UPDATE",
    frames: [headers(1, GET), frame(WINDOW_UPDATE, 0, 1, u32(1))],
    log: ["HEADERS 1 1 end"],
  },
  {
    title: "5.1 half closed: CONTINUATION",
    frames: [headers(1, GET), frame(CONTINUATION, 4, 1, section(GET))],
    log: ["HEADERS 1 1 end", ...goaway(1, "PROTOCOL_ERROR", "H2_CONTINUATION")],
  },
  // 5.1 closed
  {
    title: "5.1 closed by their reset: DATA",
    frames: [open(1), frame(RST_STREAM, 0, 1, u32(8)), frame(DATA, 1, 1, "x")],
    log: ["HEADERS 1 3", "RESET 1 8", ...reset(1, "STREAM_CLOSED", "H2_STREAM_CLOSED")],
  },
  {
    title: "5.1 closed by their reset: HEADERS",
    frames: [open(1), frame(RST_STREAM, 0, 1, u32(8)), headers(1, GET)],
    log: ["HEADERS 1 3", "RESET 1 8", ...reset(1, "STREAM_CLOSED", "H2_STREAM_CLOSED")],
  },
  {
    title: "5.1 closed: PRIORITY, RST_STREAM, WINDOW_UPDATE",
    frames: [
      open(1),
      frame(RST_STREAM, 0, 1, u32(8)),
      priority(1, 0),
      frame(WINDOW_UPDATE, 0, 1, u32(8)),
      frame(RST_STREAM, 0, 1, u32(8)),
    ],
    log: ["HEADERS 1 3", "RESET 1 8"],
  },
  // 5.1.1
  { title: "5.1.1 an even id", frames: [headers(2, GET)], log: goaway(0, "PROTOCOL_ERROR", "H2_STREAM_ID") },
  {
    title: "5.1.1 an id below one before",
    frames: [headers(5, GET), headers(3, GET)],
    log: ["HEADERS 5 1 end", ...goaway(5, "PROTOCOL_ERROR", "H2_STREAM_ID")],
  },
  // 5.1.2
  {
    title: "5.1.2 more streams than granted",
    settings: { maxStreams: 1 },
    frames: [headers(1, GET), headers(3, GET)],
    log: ["HEADERS 1 1 end", ...reset(3, "REFUSED_STREAM", "H2_REFUSED")],
  },
  {
    title: "5.1.2 DATA of a refused stream is no fault",
    settings: { maxStreams: 1 },
    frames: [headers(1, GET), open(3), frame(DATA, 1, 3, "x")],
    log: ["HEADERS 1 1 end", ...reset(3, "REFUSED_STREAM", "H2_REFUSED")],
  },
  // 5.3.1
  {
    title: "5.3.1 HEADERS that depend on themselves",
    frames: [frame(HEADERS, 0x25, 1, Buffer.concat([u32(1), Buffer.of(1), section(GET)]))],
    log: ["HEADERS 1 1 end", ...reset(1, "PROTOCOL_ERROR", "H2_SELF_DEPENDENCY")],
  },
  {
    title: "5.3.1 PRIORITY that depends on itself",
    frames: [headers(1, GET), priority(1, 1)],
    log: ["HEADERS 1 1 end", ...reset(1, "PROTOCOL_ERROR", "H2_SELF_DEPENDENCY")],
  },
  // 5.5
  {
    title: "5.5 an unknown frame inside a header block",
    frames: [headers(1, GET, END_STREAM), frame(0x16, 0, 1)],
    log: goaway(0, "PROTOCOL_ERROR", "H2_CONTINUATION"),
  },
  // 6.1
  {
    title: "6.1 DATA on stream 0",
    frames: [frame(DATA, 1, 0, "x")],
    log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM"),
  },
  {
    title: "6.1 padding as long as the frame",
    frames: [open(1), frame(DATA, PADDED | END_STREAM, 1, "\x05hello")],
    log: ["HEADERS 1 3", "DATA 1  end"],
  },
  {
    title: "6.1 padding longer than the frame",
    frames: [open(1), frame(DATA, PADDED | END_STREAM, 1, "\x06hello")],
    log: ["HEADERS 1 3", ...goaway(1, "PROTOCOL_ERROR", "H2_PADDING")],
  },
  {
    title: "6.1 padding",
    frames: [open(1), frame(DATA, PADDED | END_STREAM, 1, "\x03hello\0\0\0")],
    log: ["HEADERS 1 3", "DATA 1 hello end"],
  },
  // 6.2
  { title: "6.2 HEADERS on stream 0", frames: [headers(0, GET)], log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM") },
  {
    title: "6.2 padding longer than the frame",
    frames: [frame(HEADERS, PADDED | 5, 1, "\x20\x82")],
    log: goaway(0, "PROTOCOL_ERROR", "H2_PADDING"),
  },
  {
    title: "6.2 padding and priority",
    frames: [
      frame(
        HEADERS,
        PADDED | WITH_PRIORITY | 5,
        1,
        Buffer.concat([Buffer.of(2), u32(0), Buffer.of(9), section(GET), Buffer.of(0, 0)]),
      ),
    ],
    log: ["HEADERS 1 1 end"],
  },
  {
    title: "6.2 HEADERS too short for its priority",
    frames: [frame(HEADERS, WITH_PRIORITY | 5, 1, "\0\0")],
    log: goaway(0, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE"),
  },
  // 6.3
  { title: "6.3 PRIORITY on stream 0", frames: [priority(0, 1)], log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM") },
  {
    title: "6.3 PRIORITY of another length",
    frames: [headers(1, GET), frame(PRIORITY, 0, 1, "1234")],
    log: ["HEADERS 1 1 end", ...reset(1, "FRAME_SIZE_ERROR", "H2_PRIORITY_SIZE")],
  },
  // 6.4
  {
    title: "6.4 RST_STREAM on stream 0",
    frames: [frame(RST_STREAM, 0, 0, u32(8))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM"),
  },
  {
    title: "6.4 RST_STREAM of another length",
    frames: [headers(1, GET), frame(RST_STREAM, 0, 1, "123")],
    log: ["HEADERS 1 1 end", ...goaway(1, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE")],
  },
  // 6.5
  {
    title: "6.5 an acknowledgement with content",
    frames: [frame(SETTINGS, 1, 0, "\0")],
    log: goaway(0, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE"),
  },
  {
    title: "6.5 SETTINGS on a stream",
    frames: [frame(SETTINGS, 0, 1, "")],
    log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM"),
  },
  {
    title: "6.5 SETTINGS of another length",
    frames: [frame(SETTINGS, 0, 0, "123")],
    log: goaway(0, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE"),
  },
  { title: "6.5.2 ENABLE_PUSH 2", frames: [settings({ 2: 2 })], log: goaway(0, "PROTOCOL_ERROR", "H2_SETTINGS_VALUE") },
  {
    title: "6.5.2 INITIAL_WINDOW_SIZE 2^31",
    frames: [settings({ 4: 2 ** 31 })],
    log: goaway(0, "FLOW_CONTROL_ERROR", "H2_SETTINGS_WINDOW"),
  },
  {
    title: "6.5.2 MAX_FRAME_SIZE below 2^14",
    frames: [settings({ 5: 16_383 })],
    log: goaway(0, "PROTOCOL_ERROR", "H2_SETTINGS_VALUE"),
  },
  {
    title: "6.5.2 MAX_FRAME_SIZE above 2^24-1",
    frames: [settings({ 5: 2 ** 24 })],
    log: goaway(0, "PROTOCOL_ERROR", "H2_SETTINGS_VALUE"),
  },
  { title: "6.5.2 an unknown setting", frames: [settings({ 255: 1 })], log: ["SETTINGS", "> SETTINGS ack"] },
  {
    title: "6.5.3 an acknowledgement too many",
    frames: [frame(SETTINGS, 1, 0)],
    log: goaway(0, "PROTOCOL_ERROR", "H2_SETTINGS_ACK"),
  },
  // 6.6
  {
    title: "6.6 PUSH_PROMISE",
    frames: [frame(PUSH_PROMISE, 4, 1, u32(2))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_PUSH"),
  },
  // 6.7
  { title: "6.7 PING", frames: [frame(PING, 0, 0, "12345678")], log: ["> PING ack"] },
  {
    title: "6.7 the answer to a PING that was not sent",
    frames: [frame(PING, 1, 0, "\x01\0\0\0\x02\0\0\0")],
    log: ["PING_ACK 1 2"],
  },
  {
    title: "6.7 PING on a stream",
    frames: [frame(PING, 0, 1, "12345678")],
    log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM"),
  },
  {
    title: "6.7 PING of another length",
    frames: [frame(PING, 0, 0, "1234567")],
    log: goaway(0, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE"),
  },
  // 6.8
  {
    title: "6.8 GOAWAY on a stream",
    frames: [frame(GOAWAY, 0, 1, u32(0, 0))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_FRAME_STREAM"),
  },
  {
    title: "6.8 GOAWAY with debug data",
    frames: [frame(GOAWAY, 0, 0, Buffer.concat([u32(0, 11), Buffer.from("why")])), frame(PING, 0, 0, "12345678")],
    log: ["GOAWAY 0 11", "> PING ack"],
  },
  {
    title: "6.8 GOAWAY that takes back",
    frames: [frame(GOAWAY, 0, 0, u32(1, 0)), frame(GOAWAY, 0, 0, u32(3, 0))],
    log: ["GOAWAY 1 0", ...goaway(0, "PROTOCOL_ERROR", "H2_GOAWAY_ID")],
  },
  // 6.9
  {
    title: "6.9 WINDOW_UPDATE of zero",
    frames: [frame(WINDOW_UPDATE, 0, 0, u32(0))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_WINDOW_ZERO"),
  },
  {
    title: "6.9 WINDOW_UPDATE of zero for a stream",
    frames: [open(1), frame(WINDOW_UPDATE, 0, 1, u32(0))],
    log: ["HEADERS 1 3", ...reset(1, "PROTOCOL_ERROR", "H2_STREAM_WINDOW_ZERO")],
  },
  {
    title: "6.9 WINDOW_UPDATE of another length",
    frames: [frame(WINDOW_UPDATE, 0, 0, "123")],
    log: goaway(0, "FRAME_SIZE_ERROR", "H2_FRAME_SIZE"),
  },
  {
    title: "6.9.1 a connection's window above 2^31-1",
    frames: [frame(WINDOW_UPDATE, 0, 0, u32(2 ** 31 - 1)), frame(WINDOW_UPDATE, 0, 0, u32(2 ** 31 - 1))],
    log: goaway(0, "FLOW_CONTROL_ERROR", "H2_WINDOW_OVERFLOW"),
  },
  {
    title: "6.9.1 a stream's window above 2^31-1",
    frames: [open(1), frame(WINDOW_UPDATE, 0, 1, u32(2 ** 31 - 1))],
    log: ["HEADERS 1 3", ...reset(1, "FLOW_CONTROL_ERROR", "H2_STREAM_WINDOW_OVERFLOW")],
  },
  {
    title: "6.9.2 a setting that lifts a stream's window above 2^31-1",
    frames: [open(1), frame(WINDOW_UPDATE, 0, 1, u32(2 ** 30)), settings({ 4: 2 ** 31 - 1 })],
    log: [
      "HEADERS 1 3",
      "ERROR 1 H2_STREAM_WINDOW_OVERFLOW",
      "SETTINGS",
      "> RST 1 FLOW_CONTROL_ERROR",
      "> SETTINGS ack",
    ],
  },
  // 6.10
  {
    title: "6.10 CONTINUATIONs",
    frames: [
      frame(HEADERS, 1, 1, section(GET.slice(0, 2))),
      frame(CONTINUATION, 0, 1, section(GET.slice(2, 3))),
      frame(CONTINUATION, 4, 1, section(GET.slice(3))),
    ],
    log: ["HEADERS 1 1 end"],
  },
  {
    title: "6.10 CONTINUATION of another stream",
    frames: [headers(1, GET, END_STREAM), frame(CONTINUATION, 4, 3, section(GET))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_CONTINUATION"),
  },
  {
    title: "6.10 CONTINUATION on stream 0",
    frames: [headers(1, GET, END_STREAM), frame(CONTINUATION, 4, 0, section(GET))],
    log: goaway(0, "PROTOCOL_ERROR", "H2_CONTINUATION"),
  },
  {
    title: "6.10 CONTINUATION behind END_HEADERS",
    frames: [headers(1, GET), frame(CONTINUATION, 4, 1, section(GET))],
    log: ["HEADERS 1 1 end", ...goaway(1, "PROTOCOL_ERROR", "H2_CONTINUATION")],
  },
  // 7
  {
    title: "7 unknown error codes",
    frames: [open(1), frame(RST_STREAM, 0, 1, u32(0xff)), frame(GOAWAY, 0, 0, u32(0, 0xff))],
    log: ["HEADERS 1 3", "RESET 1 255", "GOAWAY 0 255"],
  },
  // 8.1
  {
    title: "8.1 trailers",
    frames: [open(1), frame(DATA, 0, 1, "hello"), headers(1, [["x", "y"]])],
    log: ["HEADERS 1 3", "DATA 1 hello", "TRAILERS 1"],
  },
  {
    title: "8.1 trailers that do not end the stream",
    frames: [open(1), headers(1, [["x", "y"]], END_HEADERS)],
    log: ["HEADERS 1 3", ...reset(1, "PROTOCOL_ERROR", "H2_TRAILERS_GO_ON")],
  },
  // 8.1.1
  {
    title: "8.1.1 more content than content-length",
    frames: [headers(1, [...POST, ["content-length", "1"]], 4), frame(DATA, 1, 1, "test")],
    log: ["HEADERS 1 3", ...reset(1, "PROTOCOL_ERROR", "H2_CONTENT_MISMATCH")],
  },
  {
    title: "8.1.1 less content than content-length, in two frames",
    frames: [headers(1, [...POST, ["content-length", "9"]], 4), frame(DATA, 1, 1, "")],
    log: ["HEADERS 1 3", ...reset(1, "PROTOCOL_ERROR", "H2_CONTENT_MISMATCH")],
  },
  {
    title: "8.1.1 less content than content-length before trailers",
    frames: [headers(1, [...POST, ["content-length", "9"]], 4), headers(1, [["x", "y"]])],
    log: ["HEADERS 1 3", ...reset(1, "PROTOCOL_ERROR", "H2_CONTENT_MISMATCH")],
  },
  {
    title: "8.1.1 content-length without content",
    frames: [headers(1, [...POST, ["content-length", "9"]])],
    log: reset(1, "PROTOCOL_ERROR", "H2_CONTENT_MISMATCH"),
  },
  {
    title: "8.1.1 two of content-length",
    frames: [withField(["content-length", "0"], ["content-length", "0"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_CONTENT_LENGTH"),
  },
  {
    title: "8.1.1 content-length that is no number",
    frames: [withField(["content-length", "+1"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_CONTENT_LENGTH"),
  },
  // 8.2
  {
    title: "8.2.1 a name in upper case",
    frames: [withField(["X-Test", "ok"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_NAME"),
  },
  {
    title: "8.2.1 a known name in upper case",
    frames: [withField(["Content-Length", "0"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_NAME"),
  },
  { title: "8.2.1 an empty name", frames: [withField(["", "ok"])], log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_NAME") },
  {
    title: "8.2.1 a name with a colon",
    frames: [withField(["a:b", "ok"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_NAME"),
  },
  {
    title: "8.2.1 a name with a space",
    frames: [withField(["a ", "ok"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_NAME"),
  },
  {
    title: "8.2.1 CR LF in a value",
    frames: [withField(["a", "b\r\nc: d"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_VALUE"),
  },
  {
    title: "8.2.1 NUL in a value",
    frames: [withField(["a", "b\0"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_VALUE"),
  },
  {
    title: "8.2.1 white space in front of a value",
    frames: [withField(["a", " b"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_FIELD_VALUE"),
  },
  {
    title: "8.2.2 connection",
    frames: [withField(["connection", "keep-alive"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_CONNECTION_FIELD"),
  },
  {
    title: "8.2.2 transfer-encoding",
    frames: [withField(["transfer-encoding", "chunked"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_CONNECTION_FIELD"),
  },
  { title: "8.2.2 te: trailers", frames: [withField(["te", "trailers"])], log: ["HEADERS 1 1 end"] },
  {
    title: "8.2.2 te: trailers, deflate",
    frames: [withField(["te", "trailers, deflate"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_CONNECTION_FIELD"),
  },
  // 8.3
  {
    title: "8.3 an unknown pseudo field",
    frames: [headers(1, [[":test", "ok"], ...GET])],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "8.3 a response's pseudo field",
    frames: [headers(1, [...GET, [":status", "200"]])],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "8.3 a pseudo field behind others",
    frames: [headers(1, [["x", "y"], ...GET])],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "8.3 pseudo fields in trailers",
    frames: [open(1), headers(1, [[":method", "GET"]])],
    log: ["HEADERS 1 3", ...reset(1, "PROTOCOL_ERROR", "H2_PSEUDO")],
  },
  { title: "8.3.1 an empty path", frames: [instead(":path", "")], log: reset(1, "PROTOCOL_ERROR", "H2_PATH") },
  { title: "8.3.1 no method", frames: [without(":method")], log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO_MISSING") },
  { title: "8.3.1 no scheme", frames: [without(":scheme")], log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO_MISSING") },
  { title: "8.3.1 no path", frames: [without(":path")], log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO_MISSING") },
  {
    title: "8.3.1 two methods",
    frames: [headers(1, [[":method", "GET"], ...GET])],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "8.3.1 a path with a space",
    frames: [instead(":path", "/a HTTP/1.1")],
    log: reset(1, "PROTOCOL_ERROR", "H2_PATH"),
  },
  {
    title: "8.3.1 a method that is no token",
    frames: [instead(":method", "GET /")],
    log: reset(1, "PROTOCOL_ERROR", "H2_METHOD"),
  },
  {
    title: "8.3.1 a scheme that is none of ours",
    frames: [instead(":scheme", "ftp")],
    log: reset(1, "PROTOCOL_ERROR", "H2_SCHEME"),
  },
  {
    title: "8.3.1 user information",
    frames: [instead(":authority", "me@h")],
    log: reset(1, "PROTOCOL_ERROR", "H2_AUTHORITY"),
  },
  {
    title: "8.3.1 host and :authority differ",
    frames: [withField(["host", "other"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_HOST"),
  },
  { title: "8.3.1 star with GET", frames: [instead(":path", "*")], log: reset(1, "PROTOCOL_ERROR", "H2_PATH") },
  {
    title: "8.5 CONNECT",
    frames: [
      headers(
        1,
        [
          [":method", "CONNECT"],
          [":authority", "h:80"],
        ],
        4,
      ),
    ],
    log: ["HEADERS 1 6"],
  },
  {
    title: "8.5 CONNECT with a path",
    frames: [
      headers(
        1,
        [
          [":method", "CONNECT"],
          [":authority", "h:80"],
          [":path", "/"],
        ],
        4,
      ),
    ],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "RFC 8441 extended CONNECT that was not offered",
    frames: [headers(1, [[":method", "CONNECT"], [":protocol", "websocket"], ...GET.slice(1)], 4)],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "RFC 8441 extended CONNECT",
    settings: { options: 1 },
    frames: [headers(1, [[":method", "CONNECT"], [":protocol", "websocket"], ...GET.slice(1)], 4)],
    log: ["HEADERS 1 6"],
  },
  // Limits of Envoy
  {
    title: "a head above max_request_headers_kb keeps its stream",
    settings: { maxHeadBytes: 1024 },
    frames: [withField(["x", "y".repeat(2000)]), headers(3, GET)],
    log: ["ERROR 1 H2_HEAD_TOO_LARGE", "HEADERS 3 1 end"],
  },
  {
    title: "a head above max_headers_count keeps its stream",
    settings: { maxFields: 5 },
    frames: [withField(["a", "b"], ["c", "d"]), headers(3, GET)],
    log: ["ERROR 1 H2_TOO_MANY_FIELDS", "HEADERS 3 1 end"],
  },
  {
    title: "a name with an underscore",
    settings: { options: 64 },
    frames: [withField(["a_b", "c"])],
    log: reset(1, "PROTOCOL_ERROR", "H2_UNDERSCORE"),
  },
];

const OK_HEAD: Fields = [[":status", "200"]];
const answer = (stream: number, fields: Fields = OK_HEAD, flags = 5): Buffer => headers(stream, fields, flags);

/** A client that has asked for streams 1 and 3, with GET and HEAD. */
const CLIENT: readonly Script[] = [
  {
    title: "8.1 a response",
    frames: [answer(1, OK_HEAD, 4), frame(DATA, 1, 1, "hello")],
    log: ["HEADERS 1 200", "DATA 1 hello end"],
  },
  {
    title: "8.1 interim responses",
    frames: [answer(1, [[":status", "103"]], 4), answer(1, [[":status", "100"]], 4), answer(1)],
    log: ["HEADERS 1 103", "HEADERS 1 100", "HEADERS 1 200 end"],
  },
  {
    title: "8.1 an interim response that ends its stream",
    frames: [answer(1, [[":status", "103"]])],
    log: reset(1, "PROTOCOL_ERROR", "H2_STATUS"),
  },
  {
    title: "8.1 DATA before the head",
    frames: [frame(DATA, 1, 1, "hello")],
    log: reset(1, "PROTOCOL_ERROR", "H2_SEQUENCE"),
  },
  {
    title: "8.1 trailers",
    frames: [answer(1, OK_HEAD, 4), answer(1, [["grpc-status", "0"]])],
    log: ["HEADERS 1 200", "TRAILERS 1"],
  },
  { title: "8.3.2 no status", frames: [answer(1, [["x", "y"]])], log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO_MISSING") },
  {
    title: "8.3.2 a status that is none",
    frames: [answer(1, [[":status", "20"]])],
    log: reset(1, "PROTOCOL_ERROR", "H2_STATUS"),
  },
  {
    title: "8.3.2 a request's pseudo field",
    frames: [
      answer(1, [
        [":status", "200"],
        [":path", "/"],
      ]),
    ],
    log: reset(1, "PROTOCOL_ERROR", "H2_PSEUDO"),
  },
  {
    title: "8.6 status 101",
    frames: [answer(1, [[":status", "101"]], 4)],
    log: reset(1, "PROTOCOL_ERROR", "H2_STATUS"),
  },
  {
    title: "8.1.1 less content than content-length",
    frames: [
      answer(
        1,
        [
          [":status", "200"],
          ["content-length", "5"],
        ],
        4,
      ),
      frame(DATA, 1, 1, "hell"),
    ],
    log: ["HEADERS 1 200", ...reset(1, "PROTOCOL_ERROR", "H2_CONTENT_MISMATCH")],
  },
  {
    title: "8.1.1 content-length of an answer to HEAD",
    frames: [
      answer(3, [
        [":status", "200"],
        ["content-length", "5"],
      ]),
    ],
    log: ["HEADERS 3 200 end"],
  },
  {
    title: "8.4 PUSH_PROMISE",
    frames: [frame(PUSH_PROMISE, 4, 1, u32(2))],
    log: goaway(3, "PROTOCOL_ERROR", "H2_PUSH"),
  },
  { title: "5.1.1 a stream of the server's", frames: [answer(2)], log: goaway(3, "PROTOCOL_ERROR", "H2_STREAM_ID") },
  { title: "5.1 an answer to nothing", frames: [answer(5)], log: goaway(3, "PROTOCOL_ERROR", "H2_STREAM_ID") },
  {
    title: "5.1 an answer behind an answer",
    frames: [answer(1), answer(1)],
    log: ["HEADERS 1 200 end", ...goaway(3, "STREAM_CLOSED", "H2_STREAM_ENDED")],
  },
  {
    title: "6.5.2 a server that enables push",
    frames: [settings({ 2: 1 })],
    log: goaway(3, "PROTOCOL_ERROR", "H2_SETTINGS_VALUE"),
  },
  {
    title: "6.8 GOAWAY",
    frames: [frame(GOAWAY, 0, 0, u32(1, 0)), answer(1)],
    log: ["GOAWAY 1 0", "RESET 3 7", "HEADERS 1 200 end"],
  },
  {
    title: "6.4 RST_STREAM",
    frames: [frame(RST_STREAM, 0, 1, u32(7)), answer(3)],
    log: ["RESET 1 7", "HEADERS 3 200 end"],
  },
  {
    title: "a head above the limit",
    settings: { maxHeadBytes: 100 },
    frames: [
      answer(1, [
        [":status", "200"],
        ["x", "y".repeat(200)],
      ]),
      answer(3),
    ],
    log: [...reset(1, "PROTOCOL_ERROR", "H2_HEAD_TOO_LARGE"), "HEADERS 3 200 end"],
  },
];

/** The same events in the order of their streams' story; frames of our own come behind the call that caused them, so they are compared apart. */
function sorted(log: readonly string[]): { events: string[]; frames: string[] } {
  return { events: log.filter((line) => !line.startsWith(">")), frames: log.filter((line) => line.startsWith(">")) };
}

function run(script: Script, isServer: boolean, cuts: (length: number) => readonly number[]): string[] {
  const peer = isServer ? bench.server(script.settings) : bench.client(script.settings);
  if (script.isRaw) {
    peer.fetch();
    peer.take();
  } else {
    peer.greet(script.peer, isServer);
  }
  if (!isServer) {
    expect([peer.start(), peer.start()]).toEqual([1, 3]);
    peer.head(1, GET, true);
    peer.head(3, [[":method", "HEAD"], ...GET.slice(1)], true);
    peer.take();
  }
  const bytes = Buffer.concat(script.frames);
  peer.feed(bytes, cuts(bytes.length));
  const log = peer.take();
  peer.close();
  return log;
}

for (const [side, scripts] of [
  ["server", SERVER],
  ["client", CLIENT],
] as const) {
  describe(side, () => {
    for (const script of scripts) {
      it(script.title, () => {
        const isServer = side === "server";
        const wanted = sorted(script.log);
        expect(sorted(run(script, isServer, () => []))).toEqual(wanted);
        expect(
          sorted(
            run(script, isServer, (length) => Array.from({ length: Math.min(length - 1, 2_000) }, (_, i) => i + 1)),
          ),
          "byte by byte",
        ).toEqual(wanted);
        const { length } = Buffer.concat(script.frames);
        const step = Math.max(1, Math.floor(length / 200));
        for (let cut = 1; cut < length; cut += step) {
          expect(sorted(run(script, isServer, () => [cut])), `cut at ${cut}`).toEqual(wanted);
        }
      });
    }
  });
}

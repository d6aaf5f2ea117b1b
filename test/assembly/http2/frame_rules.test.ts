/** Frames, streams and windows: a script for each rule of RFC 9113 3 to 7, those that h2spec checks. */

import { describe } from "vitest";
import {
  CONTINUATION,
  DATA,
  END_STREAM,
  frame,
  GET,
  GOAWAY,
  HEADERS,
  headers,
  PADDED,
  PING,
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
import { goaway, open, priority, reset, runScripts, type Script } from "../../support/http2_scripts.ts";

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
];

describe("server", () => runScripts("server", SERVER));

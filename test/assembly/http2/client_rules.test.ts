/** The client's side: what a server may not say to one that has asked for streams 1 (GET) and 3 (HEAD). */

import { describe } from "vitest";
import {
  DATA,
  type Fields,
  frame,
  GOAWAY,
  headers,
  PUSH_PROMISE,
  RST_STREAM,
  settings,
  u32,
} from "../../support/http2_frames.ts";
import { goaway, reset, runScripts, type Script } from "../../support/http2_scripts.ts";

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

describe("client", () => runScripts("client", CLIENT));

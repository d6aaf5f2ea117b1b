/** Messages: a script for each rule of RFC 9113 8, those that h2spec checks, and for Envoy's limits of heads. */

import { describe } from "vitest";
import { DATA, END_HEADERS, frame, GET, headers, POST } from "../../support/http2_frames.ts";
import { instead, open, reset, runScripts, type Script, withField, without } from "../../support/http2_scripts.ts";

const SERVER: readonly Script[] = [
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
    title: "8.3.1 host beside :authority says nothing",
    frames: [withField(["host", "other"])],
    log: ["HEADERS 1 1 end"],
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

describe("server", () => runScripts("server", SERVER));

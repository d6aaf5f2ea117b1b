// Format strings: syntax, operators, what is missing, JSON.
import { afterAll, describe, expect, it } from "vitest";
import { compileFormat } from "../../../host/access_log/format.ts";
import { FormatError, parseFormat } from "../../../host/access_log/format_text.ts";
import { compileText } from "../../../host/access_log/formatter.ts";
import { PipeAddress } from "../../../host/net/address.ts";
import { NO_ROUTE_FOUND, UPSTREAM_CONNECTION_FAILURE } from "../../../host/stream_info/response_flags.ts";
import { PROTOCOL_NONE, type StreamInfo } from "../../../host/stream_info/stream_info.ts";
import { Core } from "../../../host/wasm/core.ts";
import { HeaderMap } from "../../../host/wasm/header_view.ts";
import { fakeStream } from "./fake_stream.ts";

const core = new Core();
const request = head({
  ":method": "GET",
  ":path": "/app/x?q=1&r",
  ":authority": "any.example",
  "x-in": "abcdefghij",
  "x-two": ["one", "two"],
  "content-type": "application/grpc",
});
const response = head({ ":status": "200", "content-type": "text/plain", "grpc-status": "5" });
const trailers = head({ "x-t": "end" });

const stream = fakeStream({
  requestHeaders: request,
  responseHeaders: response,
  responseTrailers: trailers,
  responseCode: 200,
  responseCodeDetails: "via upstream",
  bytesReceived: 5,
  bytesSent: 13,
  requestEndMs: 1002.75,
  upstreamFirstTxMs: 1003,
  upstreamLastTxMs: 1004,
  upstreamFirstRxMs: 1010,
  upstreamLastRxMs: 1011,
  downstreamFirstTxMs: 1011,
  downstreamLastTxMs: 1012.5,
  endMs: 1013.7,
  upstream: { addressText: "[::1]:8080", hostname: "" } as StreamInfo["upstream"],
  upstreamLocalAddress: "127.0.0.1:5000",
  clusterName: "a",
  routeName: "the-route",
  attemptCount: 1,
  requestId: "id-1",
});

afterAll(() => {
  for (const headers of [request, response, trailers]) headers.release();
  expect(core.exports.blocksLive()).toBe(0);
});

function head(fields: Readonly<Record<string, string | readonly string[]>>): HeaderMap {
  const headers = new HeaderMap(core);
  expect(headers.create()).toBe(true);
  for (const [name, values] of Object.entries(fields)) {
    for (const value of typeof values === "string" ? [values] : values) headers.add(name, value);
  }
  return headers;
}

const text = (format: string, info: StreamInfo = stream, omitEmpty = false) => compileText(format, omitEmpty)(info);

describe("operators", () => {
  it.each([
    ["REQ(:METHOD)", "GET"],
    ["REQ(x-two)", "one"],
    ["REQ(HOST)", "any.example"],
    ["REQ(X-NOPE)", "-"],
    ["REQ(X-NOPE?:PATH)", "/app/x?q=1&r"],
    ["REQ(:PATH):3", "/ap"],
    ["RESP(CONTENT-TYPE)", "text/plain"],
    ["TRAILER(X-T)", "end"],
    ["PATH(NQ)", "/app/x"],
    ["PATH(WQ)", "/app/x?q=1&r"],
    ["PATH", "/app/x?q=1&r"],
    ["PATH(NQ:ORIG)", "-"],
    ["QUERY_PARAM(q)", "1"],
    ["QUERY_PARAM(r)", ""],
    ["QUERY_PARAM(none)", "-"],
    ["GRPC_STATUS", "NotFound"],
    ["GRPC_STATUS(SNAKE_STRING)", "NOT_FOUND"],
    ["GRPC_STATUS_NUMBER", "5"],
    ["PROTOCOL", "HTTP/1.1"],
    ["RESPONSE_CODE", "200"],
    ["RESPONSE_CODE_DETAILS", "via_upstream"],
    ["RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)", "via upstream"],
    ["RESPONSE_FLAGS", "-"],
    ["BYTES_RECEIVED", "5"],
    ["BYTES_SENT", "13"],
    ["DURATION", "13"],
    ["REQUEST_DURATION", "2"],
    ["REQUEST_TX_DURATION", "4"],
    ["RESPONSE_DURATION", "10"],
    ["RESPONSE_TX_DURATION", "2"],
    ["COMMON_DURATION(DS_RX_BEG:US_TX_BEG)", "3"],
    ["COMMON_DURATION(DS_RX_BEG:DS_RX_END:us)", "2750"],
    ["COMMON_DURATION(US_RX_END:DS_RX_BEG)", "-"],
    ["START_TIME", "2026-11-24T09:05:03.042Z"],
    ["START_TIME(%Y/%m/%dT%H:%M:%S.%3f %s)", "2026/11/24T09:05:03.042 1795511103"],
    ["EMIT_TIME", "2026-11-24T09:05:03.542Z"],
    ["UPSTREAM_HOST", "[::1]:8080"],
    ["UPSTREAM_HOST_NAME", "[::1]:8080"],
    ["UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "::1"],
    ["UPSTREAM_REMOTE_PORT", "8080"],
    ["UPSTREAM_LOCAL_ADDRESS", "127.0.0.1:5000"],
    ["UPSTREAM_LOCAL_PORT", "5000"],
    ["UPSTREAM_CLUSTER", "a"],
    ["UPSTREAM_PROTOCOL", "HTTP/1.1"],
    ["UPSTREAM_REQUEST_ATTEMPT_COUNT", "1"],
    ["DOWNSTREAM_REMOTE_ADDRESS", "203.0.113.9:4001"],
    ["DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "203.0.113.9"],
    ["DOWNSTREAM_DIRECT_REMOTE_PORT", "4000"],
    ["DOWNSTREAM_LOCAL_PORT", "10000"],
    ["DOWNSTREAM_PEER_SUBJECT", "-"],
    ["DOWNSTREAM_TLS_VERSION", "-"],
    ["CONNECTION_ID", "7"],
    ["ROUTE_NAME", "the-route"],
    ["VIRTUAL_CLUSTER_NAME", "-"],
    ["STREAM_ID", "id-1"],
    ["LOCAL_REPLY_BODY", ""],
    ["ACCESS_LOG_TYPE", "DownstreamEnd"],
    ["DYNAMIC_METADATA(a:b)", "-"],
    ["FILTER_STATE(none)", "-"],
    ["ENVIRONMENT(NO_SUCH_VARIABLE)", "-"],
  ])("%s gives %s", (operator, expected) => {
    expect(text(`%${operator}%`)).toBe(expected);
  });

  it("name flags in Envoy's order", () => {
    const info = fakeStream({ responseFlags: NO_ROUTE_FOUND | UPSTREAM_CONNECTION_FAILURE });
    expect(text("%RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG%", info)).toBe("UF,NR UpstreamConnectionFailure,NoRouteFound");
  });

  it("derive a gRPC status from the HTTP status of a gRPC request", () => {
    const info = fakeStream({ requestHeaders: request, responseCode: 503 });
    expect(text("%GRPC_STATUS% %GRPC_STATUS_NUMBER%", info)).toBe("Unavailable 14");
  });

  it("read the time of the process's zone", () => {
    const at = new Date(stream.startWallMs);
    expect(text("%START_TIME_LOCAL(%H:%M)%")).toBe(
      [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":"),
    );
  });

  it("show a TCP connection as such", () => {
    const connection = { ...stream.connection, remote: new PipeAddress("/run/a.sock") };
    const info = fakeStream({ protocol: PROTOCOL_NONE, connection });
    expect(text("%ACCESS_LOG_TYPE% %PROTOCOL% %REQ(:PATH)% %DOWNSTREAM_REMOTE_PORT%", info)).toBe(
      "TcpConnectionEnd - - -",
    );
  });

  it("know nothing of heads that are gone", () => {
    const gone = new HeaderMap(core);
    expect(text("%REQ(:PATH)%%RESP(a)%", fakeStream({ requestHeaders: gone, responseHeaders: gone }))).toBe("--");
  });
});

describe("texts", () => {
  it("mix literals, percent signs and operators", () => {
    expect(text("a%%b %REQ(x-in):2%-%PROTOCOL%\n")).toBe("a%b ab-HTTP/1.1\n");
  });

  it("leave out what is missing, when asked to", () => {
    expect(text("[%REQ(x-nope)%]", stream, true)).toBe("[]");
  });

  it("carry letters beyond ASCII as the bytes of UTF-8", () => {
    expect(Buffer.from(text("é%PROTOCOL%"), "latin1").toString("utf8")).toBe("éHTTP/1.1");
  });

  it("print Envoy's default line where no format is given", () => {
    expect(compileFormat(undefined, () => new Uint8Array())(stream)).toBe(
      '[2026-11-24T09:05:03.042Z] "GET /app/x?q=1&r HTTP/1.1" 200 - 5 13 13 - "-" "-" "-" "any.example" "[::1]:8080"\n',
    );
  });

  it("may stand in a file", () => {
    const format = compileFormat({ text_format_source: { filename: "f" } }, (path) =>
      Buffer.from(`${path}:%PROTOCOL%`),
    );
    expect(format(stream)).toBe("f:HTTP/1.1");
  });
});

describe("errors", () => {
  it.each([
    ["%NO_SUCH%", 0, "no supported command"],
    ["a %QUERY_PARAMS(RAW)%", 2, "not supported yet"],
    ["a %REQ", 2, "expected a command operator"],
    ["%REQ%", 0, "requires parameters"],
    ["%REQ()%", 0, "requires parameters"],
    ["%REQ(a?b?c)%", 0, "more than 1 alternative"],
    ["%REQ(a b)%", 0, "no name of a header"],
    ["%PROTOCOL(x)%", 0, "does not take any parameters"],
    ["%PROTOCOL:3%", 0, "does not take any parameters"],
    ["%GRPC_STATUS(NO)%", 0, "only supports"],
    ["%START_TIME(%n)%", 0, "newline"],
    ["%COMMON_DURATION(a)%", 0, "invalid common duration"],
    ["%COMMON_DURATION(DS_RX_BEG:DS_RX_END:h)%", 0, "precision"],
    ["%COMMON_DURATION(US_CX_BEG:US_CX_END)%", 0, "not supported yet"],
    ["%FILTER_STATE(a:WRONG)%", 0, "PLAIN/TYPED/FIELD"],
    ["%PATH(ZZ)%", 0, "WQ or NQ"],
  ])("%s", (format, position, reason) => {
    const compile = () => compileText(format, false);
    expect(compile).toThrow(reason);
    expect(compile).toThrow(FormatError);
    try {
      compile();
    } catch (error) {
      expect((error as FormatError).position).toBe(position);
    }
  });

  it("does not take a lone percent sign for a literal", () => {
    expect(() => parseFormat("100%")).toThrow(FormatError);
  });
});

describe("JSON", () => {
  const json = (json_format: object, options: object = {}) =>
    compileFormat({ json_format: json_format as never, ...options }, () => new Uint8Array())(stream);

  it("keeps types, nests, and shows what is missing as null", () => {
    const line = json({
      code: "%RESPONSE_CODE%",
      mixed: "code %RESPONSE_CODE%",
      agent: "%REQ(USER-AGENT)%",
      upstream: { host: "%UPSTREAM_HOST%", list: ["%PROTOCOL%", 7, "%REQ(x-nope)%"] },
      flag: true,
      plain: 'say "hi"',
    });
    expect(line).toBe(
      '{"agent":null,"code":200,"flag":true,"mixed":"code 200","plain":"say \\"hi\\"",' +
        '"upstream":{"host":"[::1]:8080","list":["HTTP/1.1",7,null]}}\n',
    );
  });

  it("leaves out what is missing, when asked to", () => {
    expect(json({ a: "%REQ(x-nope)%", b: "%PROTOCOL%", c: { d: "%REQ(x-nope)%" } }, { omit_empty_values: true })).toBe(
      '{"b":"HTTP/1.1","c":{}}\n',
    );
  });

  it("stays JSON whatever bytes a header has", () => {
    const odd = head({ "x-odd": 'quote " back\\ \x01 \xff \xc3\xa9' });
    const line = compileFormat(
      { json_format: { odd: "%REQ(x-odd)%" } },
      () => new Uint8Array(),
    )(fakeStream({ requestHeaders: odd }));
    expect(JSON.parse(Buffer.from(line, "latin1").toString("utf8"))).toEqual({ odd: 'quote " back\\ \x01 \ufffd é' });
    odd.release();
  });
});

// The bridge of gRPC clients to servers of HTTP/1.1: status to trailers, prefixes off and on.

import { afterEach, describe, expect, it } from "vitest";
import { chunked, FILTERS, frame, GrpcBench, summary } from "../../support/grpc_bench.ts";

let bench: GrpcBench;
const OFF = {
  match: { prefix: "/off" },
  route: { cluster: "u" },
  typed_per_filter_config: {
    "envoy.filters.http.grpc_http1_reverse_bridge": {
      "@type": `type.googleapis.com/${FILTERS}.grpc_http1_reverse_bridge.v3.FilterConfigPerRoute`,
      disabled: true,
    },
  },
};
const start = async (config: object = {}) => {
  bench = await GrpcBench.start(
    "grpc_http1_reverse_bridge",
    "FilterConfig",
    { content_type: "application/x-protobuf", ...config },
    [OFF],
  );
};
afterEach(() => expect(bench.leftovers()).toEqual([]));

const GRPC = "application/grpc+proto";
const TOLD = ["content-type", "grpc-status", "grpc-message"];
const upstreamSays = (status: string, fields: string, body: string) =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/x-protobuf\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;

describe("grpc_http1_reverse_bridge", () => {
  it("tells the status in trailers", async () => {
    await start();
    bench.answer = chunked("HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n", [frame("yo")]);
    expect(summary(bench.call(GRPC, [frame("hi")]), "content-type")).toEqual([
      200,
      GRPC,
      frame("yo"),
      { "grpc-status": "0" },
    ]);
    expect(summary(bench.seen, "content-type", "accept")).toEqual([
      0,
      "application/x-protobuf",
      "application/x-protobuf",
      frame("hi"),
      {},
    ]);
  });

  it("makes an error of HTTP one of gRPC", async () => {
    await start();
    bench.answer = chunked("HTTP/1.1 404 Not Found\r\ncontent-type: application/x-protobuf\r\n", ["x"]);
    expect(summary(bench.call(GRPC, [frame("hi")]))).toEqual([200, "x", { "grpc-status": "12" }]);
  });

  it("says what is wrong with an answer of another content type", async () => {
    await start();
    bench.answer = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1\r\n\r\nx";
    expect(summary(bench.call(GRPC, [frame("hi")]), ...TOLD)).toEqual([
      200,
      "application/grpc",
      "2",
      "envoy reverse bridge: upstream responded with unsupported content-type text/html, status code 200",
      "",
      {},
    ]);
    expect(bench.proxy.ended.at(-1)?.details).toBe("grpc_bridge_content_type_wrong");
  });

  it("is off where the route says so", async () => {
    await start();
    bench.answer = upstreamSays("200 OK", "", "x");
    expect(summary(bench.call(GRPC, ["hi"], "", "/off"), "content-type")).toEqual([
      200,
      "application/x-protobuf",
      "x",
      {},
    ]);
  });
});

describe("withhold_grpc_frames", () => {
  it.each([1, 4, 5, 6, 100])("takes the prefix off and puts it on, in pieces of %d", async (size) => {
    await start({ withhold_grpc_frames: true });
    const pieces = frame("hi there").match(new RegExp(`[^]{1,${size}}`, "g")) as string[];
    bench.answer = chunked("HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n", ["y", "o"]);
    const got = bench.call(GRPC, pieces);
    expect(bench.seen.body.toString("latin1")).toBe("hi there");
    expect(summary(got)).toEqual([200, frame("yo"), { "grpc-status": "0" }]);
  });

  it("gives an answer without a body an empty message", async () => {
    await start({ withhold_grpc_frames: true });
    bench.answer = upstreamSays("503 No", "", "");
    expect(summary(bench.call(GRPC, [frame("hi")])).slice(0, 2)).toEqual([200, frame("")]);
  });

  it("refuses a request that is no message; its own answer passes it too, as Envoy's does", async () => {
    await start({ withhold_grpc_frames: true });
    const got = bench.call(GRPC, ["abc"]);
    expect(summary(got, "grpc-status", "grpc-message").slice(0, 3)).toEqual([
      200,
      "2",
      "envoy reverse bridge: upstream responded with unsupported content-type application/grpc, status code 200",
    ]);
    expect(bench.upstream?.isClosed).toBe(true);
  });

  it("waits for the length of an answer no longer than for a mebibyte", async () => {
    await start({ withhold_grpc_frames: true });
    bench.answer = chunked(
      "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n",
      Array.from({ length: 20 }, () => "x".repeat(60_000)),
    );
    bench.call(GRPC, [frame("hi")]);
    expect(bench.proxy.ended.at(-1)?.details).toBe("response_payload_too_large");
  });
});

describe("response_size_header", () => {
  const config = { withhold_grpc_frames: true, response_size_header: "X-Size" };

  it("lets the message go on as it comes", async () => {
    await start(config);
    bench.answer = chunked("HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\nx-size: 4\r\n", ["yo", "yo"]);
    expect(bench.call(GRPC, [frame("hi")]).body.toString("latin1")).toBe(frame("yoyo"));
  });

  it("must be there", async () => {
    await start(config);
    bench.answer = upstreamSays("200 OK", "", "yo");
    expect(summary(bench.call(GRPC, [frame("hi")]), ...TOLD).slice(2, 4)).toEqual([
      "13",
      "envoy reverse bridge: upstream did not set content length",
    ]);
  });

  it("must be true: else the answer is cut", async () => {
    await start(config);
    bench.answer = upstreamSays("200 OK", "x-size: 3\r\n", "yo");
    expect(bench.call(GRPC, [frame("hi")]).isComplete).toBe(false);
    expect(bench.proxy.ended.at(-1)?.details).toBe("grpc_bridge_content_length_wrong");
  });
});

// The bridge of HTTP/1.1 clients to servers of gRPC: what waits for the trailers, and what protobuf becomes.

import { afterEach, describe, expect, it } from "vitest";
import { answer, frame, GrpcBench, summary } from "../../support/grpc_bench.ts";
import { field } from "../../support/http_messages.ts";

let bench: GrpcBench;
const start = async (config: object = {}) => {
  bench = await GrpcBench.start("grpc_http1_bridge", "Config", config);
};
afterEach(() => expect(bench.leftovers()).toEqual([]));

const GRPC = "application/grpc";
const TOLD = ["content-length", "grpc-status", "grpc-message"];

describe("grpc_http1_bridge", () => {
  it("puts the status into the head, with the length of the body", async () => {
    await start();
    bench.answer = answer([frame("yo"), frame("z")], { "grpc-status": "0" });
    const got = bench.call(GRPC, [frame("hi")]);
    expect(summary(got, ...TOLD).slice(0, -1)).toEqual([200, "13", "0", undefined, frame("yo") + frame("z")]);
  });

  it("makes a failed call a 503", async () => {
    await start();
    bench.answer = answer([], { "grpc-status": "5", "grpc-message": "not here" });
    const got = bench.call(GRPC, [frame("hi")]);
    expect(summary(got, ...TOLD).slice(0, -1)).toEqual([503, "0", "5", "not here", ""]);
    expect(bench.proxy.ended.at(-1)?.status).toBe(503);
    expect(bench.proxy.stat("http.front.downstream_rq_5xx")).toBe(1);
    expect(bench.proxy.stat("cluster.u.upstream_rq_2xx")).toBe(1);
  });

  it("leaves an answer alone that has no trailers, and one without a body", async () => {
    await start();
    bench.answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
    expect(summary(bench.call(GRPC, [frame("hi")]), "content-length")).toEqual([200, "3", "abc", {}]);
    bench.answer = "HTTP/1.1 200 OK\r\ngrpc-status: 7\r\ncontent-length: 0\r\n\r\n";
    expect(summary(bench.call(GRPC, [frame("hi")]), "grpc-status")).toEqual([200, "7", "", {}]);
  });

  it("waits for trailers no longer than for a mebibyte", async () => {
    await start();
    bench.answer = answer(
      Array.from({ length: 20 }, () => "x".repeat(60_000)),
      { "grpc-status": "0" },
    );
    const got = bench.call(GRPC, [frame("hi")]);
    expect([got.status, field(got, "grpc-status"), field(got, "grpc-message")]).toEqual([
      200,
      "2",
      "Internal Server Error",
    ]);
    expect(bench.proxy.ended.at(-1)?.details).toBe("response_payload_too_large");
  });

  it("says nothing about other requests, and keeps their query", async () => {
    await start({ ignore_query_parameters: true, upgrade_protobuf_to_grpc: true });
    bench.answer = answer(["x"], { "grpc-status": "5" });
    const got = bench.call("text/plain", ["hi"], "", "/p.S/M?a=b");
    expect(summary(got, "grpc-status")).toEqual([200, undefined, "x", { "grpc-status": "5" }]);
    expect(bench.seen.start).toBe("POST /p.S/M?a=b HTTP/1.1");
  });
});

describe("upgrade_protobuf_to_grpc", () => {
  const PROTOBUF = "application/x-protobuf";

  it("frames what comes and bares what goes back, in any pieces", async () => {
    await start({ upgrade_protobuf_to_grpc: true, ignore_query_parameters: true });
    bench.answer = answer([...frame("yo")], { "grpc-status": "0" });
    const got = bench.call(PROTOBUF, ["h", "i ", "there"], "", "/p.S/M?a=b");
    expect(summary(bench.seen, "content-type")).toEqual([0, GRPC, frame("hi there"), {}]);
    expect(bench.seen.start).toBe("POST /p.S/M HTTP/1.1");
    expect(summary(got, ...TOLD).slice(0, -1)).toEqual([200, "2", "0", undefined, "yo"]);
  });

  it("frames nothing as an empty message", async () => {
    await start({ upgrade_protobuf_to_grpc: true });
    bench.call(PROTOBUF, []);
    expect(bench.seen.body.toString("latin1")).toBe(frame(""));
  });

  it("takes no more than a mebibyte", async () => {
    await start({ upgrade_protobuf_to_grpc: true });
    const got = bench.call(
      PROTOBUF,
      Array.from({ length: 20 }, () => "x".repeat(60_000)),
    );
    expect(got.status).toBe(413);
  });
});

// What grpc_stats counts, under which names, and how many of them.

import { afterEach, describe, expect, it } from "vitest";
import { callOf } from "../../../filters/http/grpc_call_stats.ts";
import { FrameReader } from "../../../filters/http/grpc_frames.ts";
import { answer, frame, GrpcBench } from "../../support/grpc_bench.ts";

let bench: GrpcBench;
const start = async (config: object) => {
  bench = await GrpcBench.start("grpc_stats", "FilterConfig", config);
};
afterEach(() => expect(bench?.leftovers()).toEqual([]));

const stat = (name: string) => bench.proxy.stat(`cluster.u.grpc.${name}`);
const call = (path = "/p.S/M", pieces = [frame("hi")]) => bench.call("application/grpc", pieces, "", path);

describe("grpc_stats", () => {
  it("counts calls and messages of all methods", async () => {
    await start({ stats_for_all_methods: true });
    bench.answer = answer([frame("a") + frame("bc").slice(0, 3), frame("bc").slice(3)], { "grpc-status": "0" });
    call("/p.S/M?a=b", [frame("hi") + frame(""), frame("x").slice(0, 1), frame("x").slice(1)]);
    bench.answer = answer([], { "grpc-status": "13" });
    call();
    const names = ["0", "13", "success", "failure", "total", "request_message_count", "response_message_count"];
    expect(names.map((name) => stat(`p.S.M.${name}`))).toEqual([1, 1, 1, 1, 2, 4, 2]);
  });

  it("counts without names what is not listed", async () => {
    const services = [{ name: "p.S", method_names: ["M"] }];
    await start({ individual_method_stats_allowlist: { services } });
    call("/p.S/M");
    call("/p.S/N");
    call("/q.S/M");
    expect([stat("p.S.M.total"), stat("total"), stat("p.S.N.total")]).toEqual([1, 2, 0]);
  });

  it("counts what ends with its head, and answers of the proxy", async () => {
    await start({ stats_for_all_methods: true, replace_dots_in_grpc_service_name: true });
    bench.answer = "HTTP/1.1 200 OK\r\ngrpc-status: 7\r\ncontent-length: 0\r\n\r\n";
    call();
    bench.answer = "nonsense\r\n\r\n";
    call();
    expect([stat("p_S.M.7"), stat("p_S.M.14"), stat("p_S.M.total")]).toEqual([1, 1, 2]);
  });

  it("counts no other requests, and no paths that are no calls", async () => {
    await start({ stats_for_all_methods: true });
    bench.call("text/plain", [frame("hi")]);
    call("/p.S/M/x");
    expect(bench.proxy.reader.gauges().length).toBeGreaterThan(0);
    expect(stat("p.S.M.total")).toBe(0);
    expect(stat("total")).toBe(0);
  });

  it("gives names to a thousand methods, and counts the others together", async () => {
    await start({ stats_for_all_methods: true });
    for (let i = 0; i < 1_001; i++) call(`/p.S/M${i}`, []);
    expect([stat("p.S.M0.total"), stat("p.S.M999.total"), stat("p.S.M1000.total"), stat("total")]).toEqual([
      1, 1, 0, 1,
    ]);
  });
});

describe("a path", () => {
  it.each([
    ["/p.S/M", "p.S", "M"],
    ["/p.S/M?x", "p.S", "M"],
    ["//p.S//M/", "p.S", "M"],
  ])("%s is a call", (path, service, method) => expect(callOf(path)).toEqual({ service, method }));
  it.each(["", "/", "/a", "/a/b/c", "/a?/b"])("%j is none", (path) => expect(callOf(path)).toBe(null));
});

it("messages are counted where they begin, whatever the pieces", () => {
  const bytes = Buffer.from(frame("") + frame("a") + frame("x".repeat(300)) + frame("") + frame("b"), "latin1");
  for (let size = 1; size < 12; size++) {
    const reader = new FrameReader();
    let count = 0;
    for (let at = 0; at < bytes.length; at += size) count += reader.count(bytes.subarray(at, at + size));
    expect(count).toBe(5);
    expect(reader.isBetween).toBe(true);
  }
});

// What a client of gRPC is told when the proxy answers itself, and whose word counts for its deadline.

import { afterEach, describe, expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { field } from "../../support/http_messages.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

let proxy: SimulatedProxy;
let upstream: FarEnd | null = null;

async function start(...routes: object[]): Promise<void> {
  upstream = null;
  proxy = await SimulatedProxy.start(httpConfig({ routes, clusters: { u: 9001 } }), { networkFilters });
  await proxy.upstream(9001, (end) => {
    upstream = end;
  });
}

afterEach(() => {
  proxy.advance(8_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

function call(path: string, more: Record<string, string> = {}, method = "POST"): FarEnd {
  const fields = { "content-type": "application/grpc", "content-length": "0", ...more };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return proxy.request(`${method} ${path} HTTP/1.1\r\nhost: a\r\n${lines.join("")}\r\n`);
}

/** Status, the fields of gRPC and the body of an answer. */
function told({ message }: FarEnd): (string | number | undefined)[] {
  const { status, body } = message;
  return [
    status,
    field(message, "content-type"),
    field(message, "grpc-status"),
    field(message, "grpc-message"),
    body.toString(),
  ];
}

const timeoutSeen = () => field((upstream as FarEnd).message, "grpc-timeout");
const expectedSeen = () => field((upstream as FarEnd).message, "x-envoy-expected-rq-timeout-ms");

describe("an answer of the proxy to a call of gRPC", () => {
  it("is a head alone that carries the status", async () => {
    await start(route("/known", "u"));
    expect(told(call("/unknown"))).toEqual([200, "application/grpc", "12", undefined, ""]);
    expect(proxy.ended.at(-1)).toMatchObject({ status: 200, details: "route_not_found" });
  });

  it("is for `application/grpc+...` as well, for anything else it is HTTP's", async () => {
    await start(route("/known", "u"));
    expect(told(call("/unknown", { "content-type": "application/grpc+proto" }))[0]).toBe(200);
    expect(told(call("/unknown", { "content-type": "application/grpc-web" }))[0]).toBe(404);
    expect(told(call("/unknown", { "content-type": "application/json" }))[0]).toBe(404);
  });

  it("carries its body as message, percent-encoded, also for a direct response", async () => {
    const body = { inline_string: "a~b%c\u00e9\n" };
    await start({ match: { prefix: "/" }, direct_response: { status: 403, body } });
    const answer = call("/");
    expect(told(answer)).toEqual([200, "application/grpc", "7", "a%7Eb%25c%C3%A9%0A", ""]);
    expect(field(answer.message, "content-length")).toBe("0");
    expect(told(call("/", {}, "HEAD"))).toEqual([200, "application/grpc", "7", undefined, ""]);
  });

  it("says UNAVAILABLE when the upstream does not answer in time", async () => {
    await start(route("/", "u", { timeout: "1s" }));
    const client = call("/");
    proxy.advance(1_100);
    expect(told(client)).toEqual([200, "application/grpc", "14", "upstream request timeout", ""]);
    expect(proxy.stat("cluster.u.upstream_rq_504")).toBe(1);
  });
});

describe("a route that asks for gRPC", () => {
  it("takes calls, and leaves other requests to the next", async () => {
    const other = { match: { prefix: "/" }, direct_response: { status: 418 } };
    await start({ match: { prefix: "/", grpc: {} }, direct_response: { status: 503 } }, other);
    expect(told(call("/"))[2]).toBe("14");
    expect(call("/", { "content-type": "text/plain" }).status).toBe(418);
  });
});

describe("max_stream_duration", () => {
  it.each([
    ["the call's word, below the cap", "300m", { grpc_timeout_header_max: "9s" }, "300m", 300],
    ["the cap, when the call says more", "9S", { grpc_timeout_header_max: "0.4s" }, "400m", 400],
    ["the call's word, without a cap", "2S", { grpc_timeout_header_max: "0s" }, "2000m", 2_000],
    ["less the offset", "2S", { grpc_timeout_header_max: "0s", grpc_timeout_header_offset: "0.5s" }, "1500m", 1_500],
    ["the route's, when the call's does not count", "2S", { max_stream_duration: "1s" }, "1000m", 1_000],
    [
      "the route's, when the call says nothing",
      "",
      { max_stream_duration: "1s", grpc_timeout_header_max: "9s" },
      "1000m",
      1_000,
    ],
    ["the route's, when nobody can read the call's", "2 s", { max_stream_duration: "1s" }, "1000m", 1_000],
  ])("%s", async (_, asked, max_stream_duration, seen, limitMs) => {
    await start(route("/", "u", { max_stream_duration }));
    const client = call("/", asked === "" ? {} : { "grpc-timeout": asked });
    expect(timeoutSeen()).toBe(seen);
    proxy.advance(limitMs - 50);
    expect(client.messages).toHaveLength(0);
    proxy.advance(100);
    expect(told(client)).toEqual([200, "application/grpc", "4", "downstream duration timeout", ""]);
    expect(proxy.ended.at(-1)?.details).toBe("max_duration_timeout");
  });

  it("leaves the header of what is no call alone", async () => {
    await start(route("/", "u", { max_stream_duration: { max_stream_duration: "1s" } }));
    call("/", { "content-type": "text/plain", "grpc-timeout": "2S" });
    expect(timeoutSeen()).toBe("2S");
  });
});

describe("max_grpc_timeout", () => {
  it.each([
    ["the call's, below the cap", "2S", "5s", "1900m", "1900"],
    ["the cap, when the call says more", "1H", "5s", "5000m", "5000"],
    ["the cap, when the call says nothing", "", "5s", "5000m", "5000"],
    ["no offset, when nothing would be left", "50m", "5s", "50m", "50"],
    ["no limit at all", "", "0s", undefined, undefined],
  ])("%s", async (_, asked, max_grpc_timeout, seen, expected) => {
    await start(route("/", "u", { max_grpc_timeout, grpc_timeout_offset: "0.1s" }));
    call("/", asked === "" ? {} : { "grpc-timeout": asked });
    expect([timeoutSeen(), expectedSeen()]).toEqual([seen, expected]);
  });

  it("is for calls alone", async () => {
    await start(route("/", "u", { max_grpc_timeout: "5s" }));
    call("/", { "content-type": "text/plain", "grpc-timeout": "2S" });
    expect([timeoutSeen(), expectedSeen()]).toEqual(["2S", "15000"]);
  });
});

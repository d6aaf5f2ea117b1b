// Pools and breakers of a cluster in a whole proxy: who waits, who is refused, and what a host that cannot be reached does.

import { afterEach, describe, expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { UPSTREAM_CONNECTION_FAILURE, UPSTREAM_OVERFLOW } from "../../../host/stream_info/response_flags.ts";
import { assignment, httpConfig, route } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { field } from "../../support/http_messages.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

let proxy: SimulatedProxy;
let ends: FarEnd[];

async function start(cluster: object = {}): Promise<void> {
  const u = { load_assignment: assignment("u", [9001]), ...cluster };
  proxy = await SimulatedProxy.start(httpConfig({ routes: [route("/", "u")], clusters: { u } }), { networkFilters });
  ends = [];
  await proxy.upstream(9001, (end) => void ends.push(end));
}

const breakers = (limits: object) => ({ circuit_breakers: { thresholds: [limits] } });
const answer = (i: number) => {
  ends[i]?.send(OK);
  proxy.settle();
};

afterEach(() => {
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

describe("breakers", () => {
  it("max_requests: one more is answered 503 UO, marked as overload", async () => {
    await start(breakers({ max_requests: 1 }));
    const first = proxy.request(GET);
    const second = proxy.request(GET);
    expect(second.status).toBe(503);
    expect(field(second.message, "x-envoy-overloaded")).toBe("true");
    expect(proxy.ended[0]?.flags).toBe(UPSTREAM_OVERFLOW);
    answer(0);
    expect(first.status).toBe(200);
  });

  it("max_connections: the next request waits for the connection, and is not lost", async () => {
    await start(breakers({ max_connections: 1 }));
    const clients = [proxy.request(GET), proxy.request(GET)];
    expect(ends).toHaveLength(1);
    expect(proxy.stat("cluster.u.upstream_cx_overflow")).toBe(1);
    answer(0);
    answer(0);
    expect(clients.map(({ status }) => status)).toEqual([200, 200]);
  });

  it("max_pending_requests: who finds no place in the queue is refused", async () => {
    await start(breakers({ max_connections: 1, max_pending_requests: 1 }));
    const clients = [proxy.request(GET), proxy.request(GET), proxy.request(GET)];
    expect(clients.map(({ messages }) => messages.length)).toEqual([0, 0, 1]);
    expect(proxy.stat("cluster.u.upstream_rq_pending_overflow")).toBe(1);
    answer(0);
    answer(0);
    expect(clients.map(({ status }) => status)).toEqual([200, 200, 503]);
  });
});

it("gives up a place in the queue when its client leaves", async () => {
  await start(breakers({ max_connections: 1, max_pending_requests: 1 }));
  proxy.request(GET);
  const waiting = proxy.request(GET);
  waiting.reset();
  proxy.settle();
  const next = proxy.request(GET);
  expect(next.messages).toHaveLength(0);
  answer(0);
  answer(0);
  expect(next.status).toBe(200);
});

it("times a connect out, and refuses all who waited for it", async () => {
  await start({ connect_timeout: "2s" });
  proxy.network.route = (address) => (address.text.endsWith(":9001") ? "blackhole" : "through");
  const client = proxy.request(GET);
  proxy.advance(1_900);
  expect(client.messages).toHaveLength(0);
  proxy.advance(200);
  expect(client.status).toBe(503);
  expect(proxy.ended[0]?.flags).toBe(UPSTREAM_CONNECTION_FAILURE);
  expect(proxy.stat("cluster.u.upstream_cx_connect_timeout")).toBe(1);
});

it("answers 504 when the route's time is over, and does not use the connection again", async () => {
  await start();
  const client = proxy.request(GET);
  proxy.advance(15_100);
  expect(client.status).toBe(504);
  expect(ends[0]?.isClosed).toBe(true);
});

it("closes a connection after max_requests_per_connection", async () => {
  await start({ max_requests_per_connection: 1 });
  proxy.request(GET);
  answer(0);
  expect(ends[0]?.isClosed).toBe(true);
  const next = proxy.request(GET);
  answer(1);
  expect(next.status).toBe(200);
});

it.each([
  ["no limit of its own", {}, 61, 502],
  ["max_response_headers_kb of 64", { max_response_headers_kb: 64 }, 61, 200],
  ["max_response_headers_kb of 1", { max_response_headers_kb: 1 }, 2, 502],
])("takes a head of an answer as large as the cluster says: %s", async (_, common, kib, status) => {
  const name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  const options = {
    "@type": `type.googleapis.com/${name}`,
    common_http_protocol_options: common,
    explicit_http_config: { http_protocol_options: {} },
  };
  await start({ typed_extension_protocol_options: { [name]: options } });
  const client = proxy.request(GET);
  ends[0]?.send(OK.replace("\r\n", `\r\nx: ${"y".repeat(kib * 1024)}\r\n`));
  proxy.settle();
  expect(client.status).toBe(status);
});

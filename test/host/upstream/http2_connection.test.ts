// HTTP/2 to upstreams in a whole proxy on virtual time: what the far end says, and what becomes of the requests that travel together.

import { afterEach, describe, expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import {
  UPSTREAM_CONNECTION_TERMINATION,
  UPSTREAM_OVERFLOW,
  UPSTREAM_PROTOCOL_ERROR,
  UPSTREAM_REMOTE_RESET,
} from "../../../host/stream_info/response_flags.ts";
import { H2_OPTION_CONNECT } from "../../../host/wasm/layout.gen.ts";
import { assignment, http2Options, httpConfig, route } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { field } from "../../support/http_messages.ts";
import type { Settings } from "../../support/http2_bench.ts";
import { fieldOf, type Http2FarEnd } from "../../support/http2_far_end.ts";
import { frame, GOAWAY, headers, PING, settings, u32, WINDOW_UPDATE } from "../../support/http2_frames.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
const post = (path: string, length: number) => `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`;
const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;

let proxy: SimulatedProxy;
let ends: Http2FarEnd[];

interface Wish {
  /** Http2ProtocolOptions. */
  readonly http2?: object;
  /** Other fields of HttpProtocolOptions. */
  readonly options?: object;
  readonly cluster?: object;
  readonly manager?: object;
  readonly far?: Settings;
  readonly routes?: readonly object[];
  /** Done with each connection of the upstream. */
  readonly prepare?: (end: Http2FarEnd) => void;
}

async function start({ http2 = {}, options = {}, cluster = {}, manager = {}, far = {}, routes, prepare }: Wish = {}) {
  const u = { load_assignment: assignment("u", [9001]), ...http2Options(http2, options), ...cluster };
  const config = httpConfig({ routes: routes ?? [route("/", "u")], clusters: { u }, manager });
  proxy = await SimulatedProxy.start(config, { networkFilters });
  ends = [];
  const accept = (end: Http2FarEnd) => {
    ends.push(end);
    prepare?.(end);
  };
  await proxy.http2Upstream(9001, accept, far);
}

/** The streams that an upstream has heard of, by path. */
function stream(path: string, end = ends.at(-1)) {
  const found = [...(end?.streams.values() ?? [])].find(({ head }) => fieldOf(head, ":path") === path);
  if (found === undefined) throw new Error(`no stream for ${path}`);
  return found;
}
const upstream = () => ends.at(-1) as Http2FarEnd;
function answer(path: string, body = path, end = upstream()): void {
  end.answer(stream(path, end).id, body);
  proxy.settle();
}
const ask = (...paths: string[]) => paths.map((path) => proxy.request(get(path)));
const statuses = (clients: readonly FarEnd[]) => clients.map(({ status }) => status);

afterEach(() => {
  proxy.advance(4_000_000);
  for (const end of ends) if (!end.isClosed) end.socket.close();
  proxy.settle();
  expect(ends.map(({ broken }) => broken).filter((line) => line !== "")).toEqual([]);
  expect(proxy.leftovers()).toEqual([]);
});

describe("one connection", () => {
  it("carries what is asked at once, and each answer goes to who asked", async () => {
    await start();
    const clients = ask("/a", "/b", "/c", "/d", "/e");
    expect(ends).toHaveLength(1);
    for (const path of ["/d", "/b", "/e", "/a", "/c"]) answer(path);
    expect(clients.map(({ message }) => message.body.toString())).toEqual(["/a", "/b", "/c", "/d", "/e"]);
    expect(proxy.stat("cluster.u.upstream_cx_http2_total")).toBe(1);
    expect(proxy.stat("cluster.u.upstream_rq_total")).toBe(5);
  });

  it("is not more than max_concurrent_streams carry: others wait, and one more is made", async () => {
    await start({ http2: { max_concurrent_streams: 2 } });
    const clients = ask("/a", "/b", "/c");
    expect(ends).toHaveLength(2);
    answer("/a", "", ends[0] as Http2FarEnd);
    answer("/b", "", ends[0] as Http2FarEnd);
    answer("/c", "", ends[1] as Http2FarEnd);
    expect(statuses(clients)).toEqual([200, 200, 200]);
  });

  it("keeps to the peer's limit, which comes when requests are under way", async () => {
    await start({ far: { maxStreams: 1 }, cluster: { circuit_breakers: { thresholds: [{ max_connections: 1 }] } } });
    const first = proxy.request(get("/a"));
    const others = ask("/b", "/c");
    expect(upstream().streams.size).toBe(1);
    answer("/a");
    expect(upstream().streams.size).toBe(2);
    answer("/b");
    answer("/c");
    expect(statuses([first, ...others])).toEqual([200, 200, 200]);
    expect(ends).toHaveLength(1);
  });

  it("takes a larger limit as it comes", async () => {
    await start({ far: { maxStreams: 1 }, cluster: { circuit_breakers: { thresholds: [{ max_connections: 1 }] } } });
    ask("/a", "/b", "/c");
    expect(proxy.stat("cluster.u.upstream_rq_total")).toBe(1);
    upstream().changeSettings({ [MAX_CONCURRENT_STREAMS]: 10 });
    proxy.settle();
    // Its own core still takes one at a time, and refuses what it hears; what counts is that all were sent.
    expect(proxy.stat("cluster.u.upstream_rq_total")).toBe(3);
    answer("/a");
  });

  it("ends after max_requests_per_connection, once all its answers are there", async () => {
    await start({ options: { common_http_protocol_options: { max_requests_per_connection: 2 } } });
    const clients = ask("/a", "/b", "/c");
    expect(ends).toHaveLength(2);
    answer("/a", "", ends[0] as Http2FarEnd);
    expect(ends[0]?.isClosed).toBe(false);
    answer("/b", "", ends[0] as Http2FarEnd);
    expect(ends[0]?.isClosed).toBe(true);
    answer("/c");
    expect(statuses(clients)).toEqual([200, 200, 200]);
    expect(proxy.stat("cluster.u.upstream_cx_max_requests")).toBe(1);
  });

  it("ends when it was idle for idle_timeout, and not before", async () => {
    await start({ options: { common_http_protocol_options: { idle_timeout: "10s" } } });
    proxy.request(get("/a"));
    proxy.advance(9_000);
    answer("/a");
    proxy.advance(9_000);
    expect(upstream().isClosed).toBe(false);
    proxy.advance(1_500);
    expect(upstream().isClosed).toBe(true);
    expect(proxy.stat("cluster.u.upstream_cx_idle_timeout")).toBe(1);
  });

  it("is drained after max_connection_duration", async () => {
    await start({ options: { common_http_protocol_options: { max_connection_duration: "5s" } } });
    const first = proxy.request(get("/a"));
    proxy.advance(6_000);
    expect(upstream().isClosed).toBe(false);
    const second = proxy.request(get("/b"));
    expect(ends).toHaveLength(2);
    answer("/a", "", ends[0] as Http2FarEnd);
    expect(ends[0]?.isClosed).toBe(true);
    answer("/b");
    expect(statuses([first, second])).toEqual([200, 200]);
    expect(proxy.stat("cluster.u.upstream_cx_max_duration_reached")).toBe(1);
  });

  it("closes when its host leaves the cluster, after its answers", async () => {
    await start();
    const [client] = ask("/a");
    const u = { load_assignment: assignment("u", [9002]), ...http2Options() };
    await proxy.apply(httpConfig({ routes: [route("/", "u")], clusters: { u } }));
    proxy.settle();
    expect(upstream().isClosed).toBe(false);
    answer("/a");
    expect(client?.status).toBe(200);
    expect(upstream().isClosed).toBe(true);
  });

  it("is made ahead of need as per_upstream_preconnect_ratio says", async () => {
    await start({
      http2: { max_concurrent_streams: 1 },
      cluster: { preconnect_policy: { per_upstream_preconnect_ratio: 2 } },
    });
    const clients = ask("/a");
    expect(ends).toHaveLength(2);
    clients.push(...ask("/b"));
    expect(ends).toHaveLength(4);
    for (const end of ends) for (const { id } of end.complete) end.answer(id, "");
    proxy.settle();
    expect(statuses(clients)).toEqual([200, 200]);
  });
});

describe("breakers", () => {
  it("max_requests refuses the next stream, and the connection goes on", async () => {
    await start({ cluster: { circuit_breakers: { thresholds: [{ max_requests: 2 }] } } });
    const clients = ask("/a", "/b", "/c");
    expect(clients[2]?.status).toBe(503);
    expect(proxy.ended[0]?.flags).toBe(UPSTREAM_OVERFLOW);
    answer("/a");
    answer("/b");
    clients.push(...ask("/d"));
    answer("/d");
    expect(statuses(clients)).toEqual([200, 200, 503, 200]);
    expect(ends).toHaveLength(1);
  });

  it("max_pending_requests counts those that wait for a connection", async () => {
    await start({ cluster: { circuit_breakers: { thresholds: [{ max_pending_requests: 1 }] } } });
    const clients = [proxy.client(), proxy.client()];
    // Both in one pass: the connection is not there yet.
    proxy.network.route = (address) => (address.text.endsWith(":9001") ? "blackhole" : "through");
    for (const [i, client] of clients.entries()) client.send(get(`/${i}`));
    proxy.settle();
    expect(clients.map(({ messages }) => messages.length)).toEqual([0, 1]);
    proxy.advance(10_000);
    expect(statuses(clients)).toEqual([503, 503]);
  });
});

describe("GOAWAY", () => {
  it("lets what is under way finish, and sends the next elsewhere", async () => {
    await start();
    const [first] = ask("/a");
    const old = upstream();
    old.goaway(stream("/a").id);
    proxy.settle();
    const [second] = ask("/b");
    expect(ends).toHaveLength(2);
    answer("/a", "late", old);
    expect(first?.message.body.toString()).toBe("late");
    expect(old.isClosed).toBe(true);
    answer("/b");
    expect(second?.status).toBe(200);
    expect(proxy.stat("cluster.u.upstream_cx_close_notify")).toBe(1);
  });

  it("fails what the upstream has not looked at as refused, at once", async () => {
    await start();
    const clients = ask("/a", "/b", "/c");
    upstream().goaway(stream("/a").id);
    proxy.settle();
    expect(clients.slice(1).map(({ message }) => message.body.toString())).toEqual(
      Array(2).fill(
        "upstream connect error or disconnect/reset before headers. reset reason: remote refused stream reset",
      ),
    );
    answer("/a");
    expect(clients[0]?.status).toBe(200);
    expect(upstream().isClosed).toBe(true);
  });

  it("closes an idle connection", async () => {
    await start();
    ask("/a");
    answer("/a");
    upstream().goaway(1);
    proxy.settle();
    expect(upstream().isClosed).toBe(true);
  });

  it("that comes with the last answer, or before SETTINGS, loses nobody", async () => {
    await start();
    const [client] = ask("/a");
    upstream().raw(Buffer.concat([headers(1, [[":status", "200"]]), frame(GOAWAY, 0, 0, u32(1, 0))]));
    proxy.settle();
    expect(client?.status).toBe(200);
    expect(upstream().isClosed).toBe(true);
  });

  it("whose last stream grows is a broken rule", async () => {
    await start();
    const clients = ask("/a");
    upstream().goaway(1);
    upstream().goaway(99);
    proxy.settle();
    expect(clients[0]?.status).toBe(502);
  });
});

describe("resets", () => {
  const REASONS: [string, number, string, number][] = [
    ["INTERNAL_ERROR", 2, "remote reset", UPSTREAM_REMOTE_RESET],
    ["NO_ERROR", 0, "remote reset", UPSTREAM_REMOTE_RESET],
    ["REFUSED_STREAM", 7, "remote refused stream reset", UPSTREAM_REMOTE_RESET],
    ["CONNECT_ERROR", 10, "remote error with CONNECT request", UPSTREAM_REMOTE_RESET],
  ];
  it.each(REASONS)("%s hits its own stream alone, and says why", async (_name, code, reason, flag) => {
    await start();
    const clients = ask("/a", "/b");
    upstream().reset(stream("/a").id, code);
    proxy.settle();
    expect(clients[0]?.status).toBe(503);
    expect(clients[0]?.message.body.toString()).toBe(
      `upstream connect error or disconnect/reset before headers. reset reason: ${reason}`,
    );
    expect(proxy.ended[0]).toMatchObject({
      flags: flag,
      details: `upstream_reset_before_response_started{${reason.replaceAll(" ", "_")}}`,
    });
    answer("/b");
    expect(clients[1]?.status).toBe(200);
  });

  it("in the middle of an answer cut the client off", async () => {
    await start();
    const [client] = ask("/a");
    upstream().head(1, [[":status", "200"]]);
    upstream().data(1, "half");
    proxy.settle();
    upstream().reset(1, 2);
    proxy.settle();
    expect(client?.isClosed).toBe(true);
    expect(client?.message.isComplete).toBe(false);
    expect(proxy.ended[0]?.details).toBe("upstream_reset_after_response_started{remote_reset}");
  });

  it("tell the upstream of a client that has left, and keep the connection", async () => {
    await start();
    const clients = ask("/a", "/b");
    clients[0]?.reset();
    proxy.settle();
    expect(stream("/a").resetBy).toBe(8);
    answer("/b");
    expect(clients[1]?.status).toBe(200);
    expect(upstream().isClosed).toBe(false);
    expect(proxy.stat("cluster.u.http2.tx_reset")).toBe(1);
  });

  it("tell it of a timeout", async () => {
    await start();
    const [client] = ask("/a");
    proxy.advance(15_100);
    expect(client?.status).toBe(504);
    expect(stream("/a").resetBy).toBe(8);
    expect(upstream().isClosed).toBe(false);
  });

  it("end a request with NO_ERROR whose answer was whole before", async () => {
    await start();
    const client = proxy.request(`${post("/a", 1000)}x`);
    answer("/a", "enough");
    expect(client.message.body.toString()).toBe("enough");
    expect(stream("/a").resetBy).toBe(0);
    const next = proxy.request(get("/b"));
    answer("/b");
    expect(next.status).toBe(200);
    expect(ends).toHaveLength(1);
  });

  it("by the hundred leave the connection and the others as they were", async () => {
    await start();
    const [kept] = ask("/kept");
    for (let i = 0; i < 300; i++) {
      const client = proxy.request(get(`/${i}`));
      upstream().reset(stream(`/${i}`).id, 2);
      proxy.settle();
      expect(client.status).toBe(503);
    }
    answer("/kept");
    expect(kept?.status).toBe(200);
    expect(ends).toHaveLength(1);
  });
});

describe("an upstream that breaks rules", () => {
  const BREAKS: [string, (id: number) => Buffer][] = [
    ["a frame that is too large", () => frame(0, 0, 1, Buffer.alloc(16_385))],
    ["nonsense", () => Buffer.from("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")],
    ["DATA on a stream that nobody opened", () => frame(0, 0, 99, "x")],
    ["a stream of its own", () => headers(2, [[":status", "200"]])],
    ["PUSH_PROMISE", (id) => frame(5, 4, id, u32(2))],
    ["a window above 2^31-1", () => frame(WINDOW_UPDATE, 0, 0, u32(0x7fff_ffff))],
    ["a head that HPACK cannot read", (id) => frame(1, 5, id, Buffer.of(0x80))],
    ["SETTINGS that cannot be", () => settings({ 5: 1 })],
  ];
  it.each(BREAKS)("%s: all of its streams end with 502, and the next request begins anew", async (_what, bytes) => {
    await start();
    const clients = ask("/a", "/b");
    const old = upstream();
    old.raw(bytes(stream("/a").id));
    proxy.settle();
    expect(statuses(clients)).toEqual([502, 502]);
    expect(proxy.ended.map(({ flags }) => flags)).toEqual([UPSTREAM_PROTOCOL_ERROR, UPSTREAM_PROTOCOL_ERROR]);
    expect(old.isClosed).toBe(true);
    expect(proxy.stat("cluster.u.upstream_cx_protocol_error")).toBe(1);
    const [next] = ask("/c");
    answer("/c");
    expect(next?.status).toBe(200);
  });

  const MESSAGES: [string, (id: number) => Buffer][] = [
    ["a head without a status", (id) => headers(id, [["a", "b"]])],
    [
      "a field of a connection",
      (id) =>
        headers(id, [
          [":status", "200"],
          ["connection", "close"],
        ]),
    ],
    ["101", (id) => headers(id, [[":status", "101"]])],
    [
      "a name in capitals",
      (id) =>
        headers(id, [
          [":status", "200"],
          ["Server", "x"],
        ]),
    ],
    [
      "more content than it said",
      (id) =>
        Buffer.concat([
          headers(
            id,
            [
              [":status", "200"],
              ["content-length", "1"],
            ],
            4,
          ),
          frame(0, 1, id, "xx"),
        ]),
    ],
    ["content before its head", (id) => frame(0, 1, id, "x")],
    ["a window update of zero", (id) => frame(WINDOW_UPDATE, 0, id, u32(0))],
  ];
  it.each(MESSAGES)("%s: its stream ends, the others go on", async (_what, bytes) => {
    await start();
    const clients = ask("/a", "/b");
    upstream().raw(bytes(stream("/a").id));
    proxy.settle();
    expect(proxy.ended[0]?.flags).toBe(UPSTREAM_PROTOCOL_ERROR);
    expect(stream("/a").resetBy).not.toBeNull();
    answer("/b");
    expect(clients[1]?.status).toBe(200);
    expect(ends).toHaveLength(1);
  });

  it("ends the connection for a malformed message where the config says so", async () => {
    await start({ http2: { override_stream_error_on_invalid_http_message: false } });
    const clients = ask("/a", "/b");
    upstream().raw(headers(1, [["a", "b"]]));
    proxy.settle();
    expect(statuses(clients)).toEqual([502, 502]);
    expect(upstream().isClosed).toBe(true);
  });

  it("floods with PING: cut off", async () => {
    await start();
    const clients = ask("/a");
    upstream().raw(Buffer.concat(Array.from({ length: 400 }, () => frame(PING, 0, 0, Buffer.alloc(8)))));
    proxy.settle();
    expect(clients[0]?.status).toBe(502);
    expect(upstream().isClosed).toBe(true);
  });

  it("closes in the middle: those without their whole answer get 503 UC", async () => {
    await start();
    const clients = ask("/a", "/b");
    answer("/a");
    upstream().socket.close();
    proxy.settle();
    expect(statuses(clients)).toEqual([200, 503]);
    expect(proxy.ended.at(-1)?.flags).toBe(UPSTREAM_CONNECTION_TERMINATION);
    expect(proxy.stat("cluster.u.upstream_cx_destroy_remote_with_active_rq")).toBe(1);
  });

  it("never acknowledges SETTINGS: requests are answered all the same", async () => {
    await start({ prepare: (end) => void (end.isMute = true) });
    const clients = ask("/a", "/b");
    upstream().raw(Buffer.concat([settings(), headers(3, [[":status", "204"]]), headers(1, [[":status", "204"]])]));
    proxy.settle();
    expect(statuses(clients)).toEqual([204, 204]);
  });

  it("says nothing at all: its requests time out, and are taken back", async () => {
    await start({ prepare: (end) => void (end.isMute = true) });
    const clients = ask("/a", "/b");
    proxy.advance(15_100);
    expect(statuses(clients)).toEqual([504, 504]);
    expect([stream("/a").resetBy, stream("/b").resetBy]).toEqual([8, 8]);
  });
});

describe("flow control", () => {
  const LARGE = 1_000_000;
  const body = (tag: string, bytes: number) => tag.repeat(bytes / tag.length + 1).slice(0, bytes);

  it("an upstream without a window for one stream pauses its client alone", async () => {
    await start({ far: { streamWindow: 20_000, connectionWindow: 10_000_000 } });
    proxy.request(get("/warm"));
    answer("/warm");
    upstream().peer.consumes = false;
    const slow = proxy.client();
    slow.send(post("/slow", LARGE) + body("s", LARGE));
    proxy.settle();
    expect(stream("/slow").body.length).toBe(20_000);
    // One read is held, and the rest is left to the client's kernel.
    expect(slow.socket.pendingBytes).toBeGreaterThan(LARGE / 2);
    expect(proxy.stat("cluster.u.upstream_flow_control_backed_up_total")).toBe(1);
    const [quick] = ask("/quick");
    answer("/quick");
    expect(quick?.status).toBe(200);
    upstream().peer.consumes = true;
    upstream().consume(stream("/slow").id, 20_000);
    proxy.settle();
    expect(stream("/slow").body.toString()).toBe(body("s", LARGE));
    answer("/slow");
    expect(slow.status).toBe(200);
    expect(proxy.stat("cluster.u.http2.pending_send_bytes")).toBe(0);
  });

  it("a window of nothing, and then of much, is followed", async () => {
    await start();
    proxy.request(get("/warm"));
    answer("/warm");
    upstream().changeSettings({ [INITIAL_WINDOW_SIZE]: 0 });
    proxy.settle();
    const client = proxy.client();
    client.send(post("/a", 50_000) + body("a", 50_000));
    proxy.settle();
    expect(stream("/a").body.length).toBe(0);
    upstream().changeSettings({ [INITIAL_WINDOW_SIZE]: 60_000 });
    proxy.settle();
    expect(stream("/a").body.length).toBe(50_000);
    answer("/a");
    expect(client.status).toBe(200);
  });

  it("a client that does not read holds no more than its stream's window, and the others go on", async () => {
    await start({ http2: { initial_stream_window_size: 65_535 } });
    const slow = proxy.client();
    slow.socket.pauseReading();
    slow.send(get("/slow"));
    proxy.settle();
    const end = upstream();
    const { id } = stream("/slow");
    end.head(id, [[":status", "200"]]);
    end.data(id, body("s", LARGE), true);
    proxy.settle();
    const [quick] = ask("/quick");
    answer("/quick", body("q", 300_000));
    expect(quick?.message.body.toString()).toBe(body("q", 300_000));
    expect(proxy.stat("cluster.u.upstream_flow_control_paused_reading_total")).toBeGreaterThan(0);
    slow.socket.resumeReading();
    proxy.settle();
    expect(slow.message.body.toString()).toBe(body("s", LARGE));
    expect(ends).toHaveLength(1);
  });

  it("a hundred clients that do not read stop nobody", async () => {
    await start();
    const stalled = Array.from({ length: 100 }, (_, i) => {
      const client = proxy.client();
      client.socket.pauseReading();
      client.send(get(`/stalled/${i}`));
      return client;
    });
    proxy.settle();
    const end = upstream();
    for (const { id } of end.complete) {
      end.head(id, [[":status", "200"]]);
      end.data(id, body(`${id}.`, 200_000), true);
    }
    proxy.settle();
    const [quick] = ask("/quick");
    answer("/quick");
    expect(quick?.status).toBe(200);
    const ids = end.complete.map(({ id }) => id);
    for (const client of stalled) client.socket.resumeReading();
    proxy.settle();
    for (const [i, client] of stalled.entries())
      expect(client.message.body.toString() === body(`${ids[i]}.`, 200_000), `client ${i}`).toBe(true);
  });

  it("an answer that is whole outlives its connection while its client is slow", async () => {
    await start();
    const slow = proxy.client();
    slow.socket.pauseReading();
    slow.send(get("/slow"));
    proxy.settle();
    upstream().head(1, [[":status", "200"]]);
    upstream().data(1, body("s", 200_000), false, [["x-sum", "1"]]);
    proxy.settle();
    upstream().socket.close();
    proxy.settle();
    slow.socket.resumeReading();
    proxy.settle();
    expect(slow.message.isComplete).toBe(true);
    expect(slow.message.body.toString()).toBe(body("s", 200_000));
  });

  it("a client that leaves in the middle of a held answer gives everything back", async () => {
    await start();
    const slow = proxy.client();
    slow.socket.pauseReading();
    slow.send(get("/slow"));
    proxy.settle();
    upstream().head(1, [[":status", "200"]]);
    upstream().data(1, body("s", LARGE), true);
    proxy.settle();
    slow.reset();
    proxy.advance(400_000);
    expect(stream("/slow").resetBy).not.toBeNull();
  });
});

describe("connection_keepalive", () => {
  const keepalive = { connection_keepalive: { interval: "10s", timeout: "2s", interval_jitter: { value: 0 } } };

  it("asks now and then, and ends a connection that does not answer", async () => {
    await start({ http2: keepalive });
    const [client] = ask("/a");
    proxy.advance(10_100);
    expect(upstream().isClosed).toBe(false);
    proxy.advance(5_000);
    upstream().isMute = true;
    proxy.advance(30_000);
    expect(upstream().isClosed).toBe(true);
    expect(proxy.stat("cluster.u.http2.keepalive_timeout")).toBe(1);
    expect(client?.status).toBe(504);
  });

  it("asks ahead of a request after connection_idle_interval", async () => {
    await start({ http2: { connection_keepalive: { timeout: "2s", connection_idle_interval: "5s" } } });
    ask("/a");
    answer("/a");
    proxy.advance(6_000);
    upstream().isMute = true;
    const [client] = ask("/b");
    proxy.advance(2_100);
    expect(upstream().isClosed).toBe(true);
    expect(client?.status).toBe(503);
  });
});

describe("upgrades", () => {
  const UPGRADE =
    "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const manager = { upgrade_configs: [{ upgrade_type: "websocket" }, { upgrade_type: "CONNECT" }] };

  it("of WebSocket become extended CONNECT, and bytes go both ways", async () => {
    await start({ manager, far: { options: H2_OPTION_CONNECT } });
    const client = proxy.request(UPGRADE);
    const heard = stream("/chat");
    expect(Object.fromEntries(heard.head)).toMatchObject({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": "a",
    });
    expect(heard.head.map(([name]) => name)).not.toContain("upgrade");
    upstream().head(heard.id, [[":status", "200"]]);
    proxy.settle();
    expect(client.message.start).toBe("HTTP/1.1 101 Switching Protocols");
    expect(field(client.message, "upgrade")).toBe("websocket");
    expect(field(client.message, "sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    client.reader.isTunnel = true;
    client.send("ping");
    proxy.settle();
    expect(heard.body.toString()).toBe("ping");
    upstream().data(heard.id, "pong", true);
    proxy.settle();
    expect(client.reader.tunnelled.toString()).toBe("pong");
    client.close();
    proxy.settle();
  });

  it("are refused with 502 where the upstream does not take them, and others travel on", async () => {
    await start({ manager });
    const [other] = ask("/other");
    const client = proxy.request(UPGRADE);
    expect(client.status).toBe(502);
    answer("/other");
    expect(other?.status).toBe(200);
  });

  it("may be answered with something else", async () => {
    await start({ manager, far: { options: H2_OPTION_CONNECT } });
    const client = proxy.request(UPGRADE);
    upstream().head(1, [[":status", "403"]]);
    upstream().data(1, "no", true);
    proxy.settle();
    expect([client.status, client.message.body.toString()]).toEqual([403, "no"]);
    expect(stream("/chat").resetBy).toBe(0);
  });

  it("by CONNECT carry bytes as well", async () => {
    await start({ manager, routes: [{ match: { connect_matcher: {} }, route: { cluster: "u" } }] });
    const client = proxy.request("CONNECT b:80 HTTP/1.1\r\nhost: b:80\r\n\r\n");
    const [heard] = [...upstream().streams.values()];
    expect(heard?.head.filter(([name]) => name.startsWith(":"))).toEqual([
      [":method", "CONNECT"],
      [":authority", "b:80"],
    ]);
    upstream().head(1, [[":status", "200"]]);
    proxy.settle();
    expect(client.status).toBe(200);
    client.reader.isTunnel = true;
    client.send("hello");
    proxy.settle();
    expect(heard?.body.toString()).toBe("hello");
    client.close();
    proxy.settle();
  });
});

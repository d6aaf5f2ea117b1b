// HTTP/2 to upstreams in a whole proxy on virtual time: how requests share connections, and how those begin and end.

import { afterEach, describe, expect, it } from "vitest";
import { UPSTREAM_OVERFLOW } from "../../../host/stream_info/response_flags.ts";
import { H2_OPTION_CONNECT } from "../../../host/wasm/layout.gen.ts";
import { assignment, http2Options, httpConfig, route } from "../../e2e/support/config.ts";
import { field } from "../../support/http_messages.ts";
import { frame, GOAWAY, headers, u32 } from "../../support/http2_frames.ts";
import { get, Http2UpstreamBench, statuses } from "../../support/http2_upstream_bench.ts";
import type { Http2UpstreamEnd } from "../../support/http2_upstream_end.ts";

const MAX_CONCURRENT_STREAMS = 3;

let bench: Http2UpstreamBench;
afterEach(() => bench.end());

describe("one connection", () => {
  it("carries what is asked at once, and each answer goes to who asked", async () => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b", "/c", "/d", "/e");
    expect(bench.ends).toHaveLength(1);
    for (const path of ["/d", "/b", "/e", "/a", "/c"]) bench.answer(path);
    expect(clients.map(({ message }) => message.body.toString())).toEqual(["/a", "/b", "/c", "/d", "/e"]);
    expect(bench.proxy.stat("cluster.u.upstream_cx_http2_total")).toBe(1);
    expect(bench.proxy.stat("cluster.u.upstream_rq_total")).toBe(5);
  });

  it("is not more than max_concurrent_streams carry: others wait, and one more is made", async () => {
    bench = await Http2UpstreamBench.start({ http2: { max_concurrent_streams: 2 } });
    const clients = bench.ask("/a", "/b", "/c");
    expect(bench.ends).toHaveLength(2);
    bench.answer("/a", "", bench.ends[0] as Http2UpstreamEnd);
    bench.answer("/b", "", bench.ends[0] as Http2UpstreamEnd);
    bench.answer("/c", "", bench.ends[1] as Http2UpstreamEnd);
    expect(statuses(clients)).toEqual([200, 200, 200]);
  });

  it("keeps to the peer's limit, which comes when requests are under way", async () => {
    bench = await Http2UpstreamBench.start({
      far: { maxStreams: 1 },
      cluster: { circuit_breakers: { thresholds: [{ max_connections: 1 }] } },
    });
    const first = bench.proxy.request(get("/a"));
    const others = bench.ask("/b", "/c");
    expect(bench.upstream.streams.size).toBe(1);
    bench.answer("/a");
    expect(bench.upstream.streams.size).toBe(2);
    bench.answer("/b");
    bench.answer("/c");
    expect(statuses([first, ...others])).toEqual([200, 200, 200]);
    expect(bench.ends).toHaveLength(1);
  });

  it("begins no more than a hundred streams before the peer has said how many, and waits for that", async () => {
    bench = await Http2UpstreamBench.start({ prepare: (end) => end.mute() });
    const clients = Array.from({ length: 150 }, (_, i) => bench.proxy.request(get(`/${i}`)));
    expect(bench.upstream.streams.size).toBe(100);
    bench.upstream.speak();
    bench.proxy.settle();
    expect(bench.upstream.streams.size).toBe(150);
    expect(bench.ends).toHaveLength(1);
    for (const [i] of clients.entries()) bench.answer(`/${i}`);
    expect(statuses(clients)).toEqual(Array(150).fill(200));
  });

  it("takes a larger limit as it comes", async () => {
    bench = await Http2UpstreamBench.start({ cluster: { circuit_breakers: { thresholds: [{ max_connections: 1 }] } } });
    bench.warm();
    bench.upstream.changeSettings({ [MAX_CONCURRENT_STREAMS]: 1 });
    bench.proxy.settle();
    const clients = bench.ask("/a", "/b", "/c");
    expect(bench.upstream.streams.size).toBe(2);
    bench.upstream.changeSettings({ [MAX_CONCURRENT_STREAMS]: 10 });
    bench.proxy.settle();
    expect(bench.upstream.streams.size).toBe(4);
    for (const path of ["/a", "/b", "/c"]) bench.answer(path);
    expect(statuses(clients)).toEqual([200, 200, 200]);
  });

  it("ends after max_requests_per_connection, once all its answers are there", async () => {
    bench = await Http2UpstreamBench.start({
      options: { common_http_protocol_options: { max_requests_per_connection: 2 } },
    });
    const clients = bench.ask("/a", "/b", "/c");
    expect(bench.ends).toHaveLength(2);
    bench.answer("/a", "", bench.ends[0] as Http2UpstreamEnd);
    expect(bench.ends[0]?.isClosed).toBe(false);
    bench.answer("/b", "", bench.ends[0] as Http2UpstreamEnd);
    expect(bench.ends[0]?.isClosed).toBe(true);
    bench.answer("/c");
    expect(statuses(clients)).toEqual([200, 200, 200]);
    expect(bench.proxy.stat("cluster.u.upstream_cx_max_requests")).toBe(1);
  });

  it("ends when it was idle for idle_timeout, and not before", async () => {
    bench = await Http2UpstreamBench.start({ options: { common_http_protocol_options: { idle_timeout: "10s" } } });
    bench.proxy.request(get("/a"));
    bench.proxy.advance(9_000);
    bench.answer("/a");
    bench.proxy.advance(9_000);
    expect(bench.upstream.isClosed).toBe(false);
    bench.proxy.advance(1_500);
    expect(bench.upstream.isClosed).toBe(true);
    expect(bench.proxy.stat("cluster.u.upstream_cx_idle_timeout")).toBe(1);
  });

  it("is drained after max_connection_duration", async () => {
    bench = await Http2UpstreamBench.start({
      options: { common_http_protocol_options: { max_connection_duration: "5s" } },
    });
    const first = bench.proxy.request(get("/a"));
    bench.proxy.advance(6_000);
    expect(bench.upstream.isClosed).toBe(false);
    const second = bench.proxy.request(get("/b"));
    expect(bench.ends).toHaveLength(2);
    bench.answer("/a", "", bench.ends[0] as Http2UpstreamEnd);
    expect(bench.ends[0]?.isClosed).toBe(true);
    bench.answer("/b");
    expect(statuses([first, second])).toEqual([200, 200]);
    expect(bench.proxy.stat("cluster.u.upstream_cx_max_duration_reached")).toBe(1);
  });

  it("closes when its host leaves the cluster, after its answers", async () => {
    bench = await Http2UpstreamBench.start();
    const [client] = bench.ask("/a");
    const u = { load_assignment: assignment("u", [9002]), ...http2Options() };
    await bench.proxy.apply(httpConfig({ routes: [route("/", "u")], clusters: { u } }));
    bench.proxy.settle();
    expect(bench.upstream.isClosed).toBe(false);
    bench.answer("/a");
    expect(client?.status).toBe(200);
    expect(bench.upstream.isClosed).toBe(true);
  });

  it("is made ahead of need as per_upstream_preconnect_ratio says", async () => {
    bench = await Http2UpstreamBench.start({
      http2: { max_concurrent_streams: 1 },
      cluster: { preconnect_policy: { per_upstream_preconnect_ratio: 2 } },
    });
    const clients = bench.ask("/a");
    expect(bench.ends).toHaveLength(2);
    clients.push(...bench.ask("/b"));
    expect(bench.ends).toHaveLength(4);
    for (const end of bench.ends) for (const { id } of end.complete) end.answer(id, "");
    bench.proxy.settle();
    expect(statuses(clients)).toEqual([200, 200]);
  });
});

describe("breakers", () => {
  it("max_requests refuses the next stream, and the connection goes on", async () => {
    bench = await Http2UpstreamBench.start({ cluster: { circuit_breakers: { thresholds: [{ max_requests: 2 }] } } });
    const clients = bench.ask("/a", "/b", "/c");
    expect(clients[2]?.status).toBe(503);
    expect(bench.proxy.ended[0]?.flags).toBe(UPSTREAM_OVERFLOW);
    bench.answer("/a");
    bench.answer("/b");
    clients.push(...bench.ask("/d"));
    bench.answer("/d");
    expect(statuses(clients)).toEqual([200, 200, 503, 200]);
    expect(bench.ends).toHaveLength(1);
  });

  it("max_pending_requests counts those that wait for a connection", async () => {
    bench = await Http2UpstreamBench.start({
      cluster: { circuit_breakers: { thresholds: [{ max_pending_requests: 1 }] } },
    });
    const clients = [bench.proxy.client(), bench.proxy.client()];
    // Both in one pass: the connection is not there yet.
    bench.proxy.network.route = (address) => (address.text.endsWith(":9001") ? "blackhole" : "through");
    for (const [i, client] of clients.entries()) client.send(get(`/${i}`));
    bench.proxy.settle();
    expect(clients.map(({ messages }) => messages.length)).toEqual([0, 1]);
    bench.proxy.advance(10_000);
    expect(statuses(clients)).toEqual([503, 503]);
  });
});

describe("GOAWAY", () => {
  it("lets what is under way finish, and sends the next elsewhere", async () => {
    bench = await Http2UpstreamBench.start();
    const [first] = bench.ask("/a");
    const old = bench.upstream;
    old.goaway(bench.stream("/a").id);
    bench.proxy.settle();
    const [second] = bench.ask("/b");
    expect(bench.ends).toHaveLength(2);
    bench.answer("/a", "late", old);
    expect(first?.message.body.toString()).toBe("late");
    expect(old.isClosed).toBe(true);
    bench.answer("/b");
    expect(second?.status).toBe(200);
    expect(bench.proxy.stat("cluster.u.upstream_cx_close_notify")).toBe(1);
  });

  it("fails what the upstream has not looked at as refused, at once", async () => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b", "/c");
    bench.upstream.goaway(bench.stream("/a").id);
    bench.proxy.settle();
    expect(clients.slice(1).map(({ message }) => message.body.toString())).toEqual(
      Array(2).fill(
        "upstream connect error or disconnect/reset before headers. reset reason: remote refused stream reset",
      ),
    );
    bench.answer("/a");
    expect(clients[0]?.status).toBe(200);
    expect(bench.upstream.isClosed).toBe(true);
  });

  it("closes an idle connection", async () => {
    bench = await Http2UpstreamBench.start();
    bench.ask("/a");
    bench.answer("/a");
    bench.upstream.goaway(1);
    bench.proxy.settle();
    expect(bench.upstream.isClosed).toBe(true);
  });

  it("that comes with the last answer, or before SETTINGS, loses nobody", async () => {
    bench = await Http2UpstreamBench.start();
    const [client] = bench.ask("/a");
    bench.upstream.raw(Buffer.concat([headers(1, [[":status", "200"]]), frame(GOAWAY, 0, 0, u32(1, 0))]));
    bench.proxy.settle();
    expect(client?.status).toBe(200);
    expect(bench.upstream.isClosed).toBe(true);
  });

  it("whose last stream grows is a broken rule", async () => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a");
    bench.upstream.goaway(1);
    bench.upstream.goaway(99);
    bench.proxy.settle();
    expect(clients[0]?.status).toBe(502);
  });
});

describe("connection_keepalive", () => {
  const keepalive = { connection_keepalive: { interval: "10s", timeout: "2s", interval_jitter: { value: 0 } } };

  it("asks now and then, and bench.ends a connection that does not answer", async () => {
    bench = await Http2UpstreamBench.start({ http2: keepalive });
    const [client] = bench.ask("/a");
    bench.proxy.advance(10_100);
    expect(bench.upstream.isClosed).toBe(false);
    bench.proxy.advance(5_000);
    bench.upstream.mute();
    bench.proxy.advance(30_000);
    expect(bench.upstream.isClosed).toBe(true);
    expect(bench.proxy.stat("cluster.u.http2.keepalive_timeout")).toBe(1);
    expect(client?.status).toBe(504);
  });

  it("asks ahead of a request after connection_idle_interval", async () => {
    bench = await Http2UpstreamBench.start({
      http2: { connection_keepalive: { timeout: "2s", connection_idle_interval: "5s" } },
    });
    bench.ask("/a");
    bench.answer("/a");
    bench.proxy.advance(6_000);
    bench.upstream.mute();
    const [client] = bench.ask("/b");
    bench.proxy.advance(2_100);
    expect(bench.upstream.isClosed).toBe(true);
    expect(client?.status).toBe(503);
  });
});

describe("upgrades", () => {
  const UPGRADE =
    "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const manager = { upgrade_configs: [{ upgrade_type: "websocket" }, { upgrade_type: "CONNECT" }] };

  it("of WebSocket become extended CONNECT, and bytes go both ways", async () => {
    bench = await Http2UpstreamBench.start({ manager, far: { options: H2_OPTION_CONNECT } });
    const client = bench.proxy.request(UPGRADE);
    const heard = bench.stream("/chat");
    expect(Object.fromEntries(heard.head)).toMatchObject({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": "a",
    });
    expect(heard.head.map(([name]) => name)).not.toContain("upgrade");
    bench.upstream.head(heard.id, [[":status", "200"]]);
    bench.proxy.settle();
    expect(client.message.start).toBe("HTTP/1.1 101 Switching Protocols");
    expect(field(client.message, "upgrade")).toBe("websocket");
    expect(field(client.message, "sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    client.reader.isTunnel = true;
    client.send("ping");
    bench.proxy.settle();
    expect(heard.body.toString()).toBe("ping");
    bench.upstream.data(heard.id, "pong", true);
    bench.proxy.settle();
    expect(client.reader.tunnelled.toString()).toBe("pong");
    client.close();
    bench.proxy.settle();
  });

  it("are refused with 502 where the upstream does not take them, and others travel on", async () => {
    bench = await Http2UpstreamBench.start({ manager });
    const [other] = bench.ask("/other");
    const client = bench.proxy.request(UPGRADE);
    expect(client.status).toBe(502);
    bench.answer("/other");
    expect(other?.status).toBe(200);
  });

  it("may be answered with something else", async () => {
    bench = await Http2UpstreamBench.start({ manager, far: { options: H2_OPTION_CONNECT } });
    const client = bench.proxy.request(UPGRADE);
    bench.upstream.head(1, [[":status", "403"]]);
    bench.upstream.data(1, "no", true);
    bench.proxy.settle();
    expect([client.status, client.message.body.toString()]).toEqual([403, "no"]);
    expect(bench.stream("/chat").resetBy).toBe(0);
  });

  it("by CONNECT carry bytes as well", async () => {
    bench = await Http2UpstreamBench.start({
      manager,
      routes: [{ match: { connect_matcher: {} }, route: { cluster: "u" } }],
    });
    const client = bench.proxy.request("CONNECT b:80 HTTP/1.1\r\nhost: b:80\r\n\r\n");
    const [heard] = [...bench.upstream.streams.values()];
    expect(heard?.head.filter(([name]) => name.startsWith(":"))).toEqual([
      [":method", "CONNECT"],
      [":authority", "b:80"],
    ]);
    bench.upstream.head(1, [[":status", "200"]]);
    bench.proxy.settle();
    expect(client.status).toBe(200);
    client.reader.isTunnel = true;
    client.send("hello");
    bench.proxy.settle();
    expect(heard?.body.toString()).toBe("hello");
    client.close();
    bench.proxy.settle();
  });
});

// HTTP/2 to upstreams that reset, break rules, stand still or vanish: what becomes of the requests that travel together.

import { afterEach, describe, expect, it } from "vitest";
import {
  UPSTREAM_CONNECTION_TERMINATION,
  UPSTREAM_PROTOCOL_ERROR,
  UPSTREAM_REMOTE_RESET,
} from "../../../host/stream_info/response_flags.ts";
import { frame, headers, PING, settings, u32, WINDOW_UPDATE } from "../../support/http2_frames.ts";
import { get, Http2UpstreamBench, post, statuses } from "../../support/http2_upstream_bench.ts";
import type { Http2UpstreamEnd } from "../../support/http2_upstream_end.ts";

const INITIAL_WINDOW_SIZE = 4;
const mute = (end: Http2UpstreamEnd) => end.mute();

let bench: Http2UpstreamBench;
afterEach(() => bench.end());

describe("resets", () => {
  const REASONS: [string, number, string, number][] = [
    ["INTERNAL_ERROR", 2, "remote reset", UPSTREAM_REMOTE_RESET],
    ["NO_ERROR", 0, "remote reset", UPSTREAM_REMOTE_RESET],
    ["REFUSED_STREAM", 7, "remote refused stream reset", UPSTREAM_REMOTE_RESET],
    ["CONNECT_ERROR", 10, "remote error with CONNECT request", UPSTREAM_REMOTE_RESET],
  ];
  it.each(REASONS)("%s hits its own stream alone, and says why", async (_name, code, reason, flag) => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b");
    bench.upstream.reset(bench.stream("/a").id, code);
    bench.proxy.settle();
    expect(clients[0]?.status).toBe(503);
    expect(clients[0]?.message.body.toString()).toBe(
      `upstream connect error or disconnect/reset before headers. reset reason: ${reason}`,
    );
    expect(bench.proxy.ended[0]).toMatchObject({
      flags: flag,
      details: `upstream_reset_before_response_started{${reason.replaceAll(" ", "_")}}`,
    });
    bench.answer("/b");
    expect(clients[1]?.status).toBe(200);
  });

  it("in the middle of an answer cut the client off", async () => {
    bench = await Http2UpstreamBench.start();
    const [client] = bench.ask("/a");
    bench.upstream.head(1, [[":status", "200"]]);
    bench.upstream.data(1, "half");
    bench.proxy.settle();
    bench.upstream.reset(1, 2);
    bench.proxy.settle();
    expect(client?.isClosed).toBe(true);
    expect(client?.message.isComplete).toBe(false);
    expect(bench.proxy.ended[0]?.details).toBe("upstream_reset_after_response_started{remote_reset}");
  });

  it("tell the upstream of a client that has left, and keep the connection", async () => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b");
    clients[0]?.reset();
    bench.proxy.settle();
    expect(bench.stream("/a").resetBy).toBe(8);
    bench.answer("/b");
    expect(clients[1]?.status).toBe(200);
    expect(bench.upstream.isClosed).toBe(false);
    expect(bench.proxy.stat("cluster.u.http2.tx_reset")).toBe(1);
  });

  it("tell it of a timeout", async () => {
    bench = await Http2UpstreamBench.start();
    const [client] = bench.ask("/a");
    bench.proxy.advance(15_100);
    expect(client?.status).toBe(504);
    expect(bench.stream("/a").resetBy).toBe(8);
    expect(bench.upstream.isClosed).toBe(false);
  });

  it("end a request with NO_ERROR whose answer was whole before", async () => {
    bench = await Http2UpstreamBench.start();
    const client = bench.proxy.request(`${post("/a", 1000)}x`);
    bench.answer("/a", "enough");
    expect(client.message.body.toString()).toBe("enough");
    expect(bench.stream("/a").resetBy).toBe(0);
    const next = bench.proxy.request(get("/b"));
    bench.answer("/b");
    expect(next.status).toBe(200);
    expect(bench.ends).toHaveLength(1);
  });

  it("by the hundred leave the connection and the others as they were", async () => {
    bench = await Http2UpstreamBench.start();
    const [kept] = bench.ask("/kept");
    for (let i = 0; i < 300; i++) {
      const client = bench.proxy.request(get(`/${i}`));
      bench.upstream.reset(bench.stream(`/${i}`).id, 2);
      bench.proxy.settle();
      expect(client.status).toBe(503);
    }
    bench.answer("/kept");
    expect(kept?.status).toBe(200);
    expect(bench.ends).toHaveLength(1);
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
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b");
    const old = bench.upstream;
    old.raw(bytes(bench.stream("/a").id));
    bench.proxy.settle();
    expect(statuses(clients)).toEqual([502, 502]);
    expect(bench.proxy.ended.map(({ flags }) => flags)).toEqual([UPSTREAM_PROTOCOL_ERROR, UPSTREAM_PROTOCOL_ERROR]);
    expect(old.isClosed).toBe(true);
    expect(bench.proxy.stat("cluster.u.upstream_cx_protocol_error")).toBe(1);
    const [next] = bench.ask("/c");
    bench.answer("/c");
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
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b");
    bench.upstream.raw(bytes(bench.stream("/a").id));
    bench.proxy.settle();
    expect(bench.proxy.ended[0]?.flags).toBe(UPSTREAM_PROTOCOL_ERROR);
    expect(bench.stream("/a").resetBy).not.toBeNull();
    bench.answer("/b");
    expect(clients[1]?.status).toBe(200);
    expect(bench.ends).toHaveLength(1);
  });

  it("ends the connection for a malformed message where the config says so", async () => {
    bench = await Http2UpstreamBench.start({ http2: { override_stream_error_on_invalid_http_message: false } });
    const clients = bench.ask("/a", "/b");
    bench.upstream.raw(headers(1, [["a", "b"]]));
    bench.proxy.settle();
    expect(statuses(clients)).toEqual([502, 502]);
    expect(bench.upstream.isClosed).toBe(true);
  });

  it("floods with PING: cut off", async () => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a");
    bench.upstream.raw(Buffer.concat(Array.from({ length: 400 }, () => frame(PING, 0, 0, Buffer.alloc(8)))));
    bench.proxy.settle();
    expect(clients[0]?.status).toBe(502);
    expect(bench.upstream.isClosed).toBe(true);
  });

  it("closes in the middle: those without their whole answer get 503 UC", async () => {
    bench = await Http2UpstreamBench.start();
    const clients = bench.ask("/a", "/b");
    bench.answer("/a");
    bench.upstream.socket.close();
    bench.proxy.settle();
    expect(statuses(clients)).toEqual([200, 503]);
    expect(bench.proxy.ended.at(-1)?.flags).toBe(UPSTREAM_CONNECTION_TERMINATION);
    expect(bench.proxy.stat("cluster.u.upstream_cx_destroy_remote_with_active_rq")).toBe(1);
  });

  it("never acknowledges SETTINGS: requests are answered all the same", async () => {
    bench = await Http2UpstreamBench.start({ prepare: mute });
    const clients = bench.ask("/a", "/b");
    bench.upstream.raw(Buffer.concat([settings(), headers(3, [[":status", "204"]]), headers(1, [[":status", "204"]])]));
    bench.proxy.settle();
    expect(statuses(clients)).toEqual([204, 204]);
  });

  it("says nothing at all: its requests time out, and are taken back", async () => {
    bench = await Http2UpstreamBench.start({ prepare: mute });
    const clients = bench.ask("/a", "/b");
    bench.proxy.advance(15_100);
    expect(statuses(clients)).toEqual([504, 504]);
    expect([bench.stream("/a").resetBy, bench.stream("/b").resetBy]).toEqual([8, 8]);
  });
});

describe("flow control", () => {
  const LARGE = 1_000_000;
  const body = (tag: string, bytes: number) => tag.repeat(bytes / tag.length + 1).slice(0, bytes);

  it("an upstream without a window for one stream pauses its client alone", async () => {
    bench = await Http2UpstreamBench.start({ far: { streamWindow: 20_000, connectionWindow: 10_000_000 } });
    bench.warm();
    bench.upstream.peer.consumes = false;
    const slow = bench.proxy.client();
    slow.send(post("/slow", LARGE) + body("s", LARGE));
    bench.proxy.settle();
    expect(bench.stream("/slow").body.length).toBe(20_000);
    // One read is held, and the rest is left to the client's kernel.
    expect(slow.socket.pendingBytes).toBeGreaterThan(LARGE / 2);
    expect(bench.proxy.stat("cluster.u.upstream_flow_control_backed_up_total")).toBe(1);
    const [quick] = bench.ask("/quick");
    bench.answer("/quick");
    expect(quick?.status).toBe(200);
    bench.upstream.peer.consumes = true;
    bench.upstream.consume(bench.stream("/slow").id, 20_000);
    bench.proxy.settle();
    expect(bench.stream("/slow").body.toString()).toBe(body("s", LARGE));
    bench.answer("/slow");
    expect(slow.status).toBe(200);
    expect(bench.proxy.stat("cluster.u.http2.pending_send_bytes")).toBe(0);
  });

  it("a window of nothing, and then of much, is followed", async () => {
    bench = await Http2UpstreamBench.start();
    bench.warm();
    bench.upstream.changeSettings({ [INITIAL_WINDOW_SIZE]: 0 });
    bench.proxy.settle();
    const client = bench.proxy.client();
    client.send(post("/a", 50_000) + body("a", 50_000));
    bench.proxy.settle();
    expect(bench.stream("/a").body.length).toBe(0);
    bench.upstream.changeSettings({ [INITIAL_WINDOW_SIZE]: 60_000 });
    bench.proxy.settle();
    expect(bench.stream("/a").body.length).toBe(50_000);
    bench.answer("/a");
    expect(client.status).toBe(200);
  });

  it("a client that does not read holds no more than its stream's window, and the others go on", async () => {
    bench = await Http2UpstreamBench.start({ http2: { initial_stream_window_size: 65_535 } });
    const slow = bench.proxy.client();
    slow.socket.pauseReading();
    slow.send(get("/slow"));
    bench.proxy.settle();
    const end = bench.upstream;
    const { id } = bench.stream("/slow");
    end.head(id, [[":status", "200"]]);
    end.data(id, body("s", LARGE), true);
    bench.proxy.settle();
    const [quick] = bench.ask("/quick");
    bench.answer("/quick", body("q", 300_000));
    expect(quick?.message.body.toString()).toBe(body("q", 300_000));
    expect(bench.proxy.stat("cluster.u.upstream_flow_control_paused_reading_total")).toBeGreaterThan(0);
    slow.socket.resumeReading();
    bench.proxy.settle();
    expect(slow.message.body.toString()).toBe(body("s", LARGE));
    expect(bench.ends).toHaveLength(1);
  });

  it("a hundred clients that do not read stop nobody", async () => {
    bench = await Http2UpstreamBench.start();
    const stalled = Array.from({ length: 100 }, (_, i) => {
      const client = bench.proxy.client();
      client.socket.pauseReading();
      client.send(get(`/stalled/${i}`));
      return client;
    });
    bench.proxy.settle();
    const end = bench.upstream;
    for (const { id } of end.complete) {
      end.head(id, [[":status", "200"]]);
      end.data(id, body(`${id}.`, 200_000), true);
    }
    bench.proxy.settle();
    const [quick] = bench.ask("/quick");
    bench.answer("/quick");
    expect(quick?.status).toBe(200);
    const ids = end.complete.map(({ id }) => id);
    for (const client of stalled) client.socket.resumeReading();
    bench.proxy.settle();
    for (const [i, client] of stalled.entries())
      expect(client.message.body.toString() === body(`${ids[i]}.`, 200_000), `client ${i}`).toBe(true);
  });

  it("an answer that is whole outlives its connection while its client is slow", async () => {
    bench = await Http2UpstreamBench.start();
    const slow = bench.proxy.client();
    slow.socket.pauseReading();
    slow.send(get("/slow"));
    bench.proxy.settle();
    bench.upstream.head(1, [[":status", "200"]]);
    bench.upstream.data(1, body("s", 200_000), false, [["x-sum", "1"]]);
    bench.proxy.settle();
    bench.upstream.socket.close();
    bench.proxy.settle();
    slow.socket.resumeReading();
    bench.proxy.settle();
    expect(slow.message.isComplete).toBe(true);
    expect(slow.message.body.toString()).toBe(body("s", 200_000));
  });

  it("a client that leaves in the middle of a held answer gives everything back", async () => {
    bench = await Http2UpstreamBench.start();
    const slow = bench.proxy.client();
    slow.socket.pauseReading();
    slow.send(get("/slow"));
    bench.proxy.settle();
    bench.upstream.head(1, [[":status", "200"]]);
    bench.upstream.data(1, body("s", LARGE), true);
    bench.proxy.settle();
    slow.reset();
    bench.proxy.advance(400_000);
    expect(bench.stream("/slow").resetBy).not.toBeNull();
  });
});

// Clients of HTTP/2 that do not read, or that nobody reads: who waits for whom, and what that may cost.

import { describe, expect, it } from "vitest";
import {
  RESPONSES_HELD_ALL,
  RESPONSES_HELD_LEAST,
  RESPONSES_HELD_MAX,
} from "../../../host/http/http2_server_connection.ts";
import { at, checkLeftoversAfterEach, client, proxy, start, upstreams } from "../../support/http2_clients.ts";
import { ERRORS, GET, POST } from "../../support/http2_frames.ts";

const CANCEL = ERRORS.indexOf("CANCEL");
const INTERNAL_ERROR = ERRORS.indexOf("INTERNAL_ERROR");

checkLeftoversAfterEach();

describe("flow control", () => {
  const body = "0123456789".repeat(100_000);

  it("pauses the upstream of a stream that is not read, and of no other", async () => {
    await start();
    const end = client();
    end.peer.consumes = false;
    const stalled = end.ask(at("/a"));
    proxy.settle();
    upstreams[0]?.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    proxy.settle();
    expect(end.content(stalled)).toHaveLength(65_535);
    // One read, or two, and not a megabyte.
    expect(proxy.stat("http2.pending_send_bytes")).toBeLessThanOrEqual(131_072);
    expect(proxy.stat("cluster.u.upstream_flow_control_paused_reading_total")).toBe(1);
    end.peer.consumes = true;
    end.peer.consumed(stalled, 65_535);
    end.flush();
    proxy.settle();
    expect(end.content(stalled)).toBe(body);
    expect(proxy.stat("http2.pending_send_bytes")).toBe(0);
    expect(proxy.ended.map(({ status, details }) => [status, details])).toEqual([[200, "via_upstream"]]);
  });

  it("ends a stream whose answer waits when its time is up, or its client cancels", async () => {
    await start({ stream_idle_timeout: "10s" });
    const end = client();
    end.peer.consumes = false;
    for (const path of ["/a", "/b"]) end.ask(at(path));
    proxy.settle();
    for (const upstream of upstreams)
      upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: 66000\r\n\r\n${body.slice(0, 66_000)}`);
    proxy.settle();
    expect(proxy.ended).toEqual([]);
    end.cancel(3, CANCEL);
    proxy.settle();
    expect(proxy.ended.map(({ details }) => details)).toEqual(["http2.remote_reset"]);
    proxy.advance(10_100);
    expect(proxy.ended[1]?.details).toBe("stream_idle_timeout");
    expect(proxy.stat("http2.tx_flush_timeout")).toBe(1);
    expect(end.heard(1).at(-1)).toBe(`RESET 1 ${INTERNAL_ERROR}`);
  });

  it("holds a bounded amount for all streams of a client together", async () => {
    await start({ http2_protocol_options: { max_concurrent_streams: 1000 } });
    const end = client({ streamWindow: 0 });
    end.peer.consumes = false;
    for (let i = 0; i < 400; i++) end.ask(at(`/${i}`));
    proxy.settle();
    for (const upstream of upstreams) upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    proxy.settle();
    expect(proxy.stat("http2.pending_send_bytes")).toBeGreaterThan(RESPONSES_HELD_MAX / 2);
    expect(proxy.stat("http2.pending_send_bytes")).toBeLessThan(RESPONSES_HELD_MAX + 400 * 1024);
    // Another client is not concerned.
    const other = client();
    other.ask(at("/direct"));
    proxy.settle();
    expect(other.content(1)).toBe("here");
  });

  it("holds little for each of many clients that take nothing", async () => {
    await start({}, 2_000_000);
    const piece = body.slice(0, 900_000);
    // As if others kept that much.
    proxy.runtime.http2.heldBytes = RESPONSES_HELD_ALL;
    const end = client({ streamWindow: 0 });
    end.peer.consumes = false;
    for (let i = 0; i < 50; i++) end.ask(at(`/${i}`));
    proxy.settle();
    for (const upstream of upstreams)
      upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${piece.length}\r\n\r\n${piece}`);
    proxy.settle();
    expect(proxy.stat("http2.pending_send_bytes")).toBeLessThan(2 * RESPONSES_HELD_LEAST);
    end.close();
    proxy.settle();
    expect(proxy.runtime.http2.heldBytes).toBe(RESPONSES_HELD_ALL);
  });

  it("does not let a client send more of a body than its window while the upstream reads nothing", async () => {
    await start({ http2_protocol_options: { initial_stream_window_size: 100_000 } }, 10_000);
    const end = client();
    const slow = end.ask(POST, null);
    proxy.settle();
    upstreams[0]?.socket.pauseReading();
    let sent = 0;
    for (let i = 0; i < 30; i++) {
      sent += Math.max(end.say(slow, body.slice(sent, sent + 50_000)), 0);
      proxy.settle();
    }
    expect(sent).toBeLessThan(100_000 + 3 * 65_536);
    const other = end.ask(at("/direct"));
    proxy.settle();
    expect(end.content(other)).toBe("here");
    upstreams[0]?.socket.resumeReading();
    proxy.settle();
    while (sent < body.length) {
      const taken = end.say(slow, body.slice(sent, sent + 50_000), sent + 50_000 >= body.length);
      proxy.settle();
      if (taken <= 0) break;
      sent += taken;
    }
    expect(sent).toBe(body.length);
    expect(upstreams[0]?.message.body.toString("latin1")).toBe(body);
  });

  it("reads nothing more of a client that asks and asks and does not read", async () => {
    await start({}, 1_000);
    const end = client();
    end.socket.pauseReading();
    let asked = 0;
    for (let i = 0; i < 20_000; i++) {
      const id = end.peer.start();
      if (id === 0) break;
      end.peer.head(id, at("/nowhere", [[":method", "HEAD"], ...GET.slice(1)]), true);
      asked++;
    }
    end.flush();
    proxy.settle();
    const held = [...proxy.network.sockets].reduce((sum, { local, pendingBytes }) => {
      return local.text.endsWith(":10000") ? sum + pendingBytes : sum;
    }, 0);
    expect(held).toBeLessThan(1_000_000);
    expect(asked).toBeGreaterThan(50);
    end.socket.resumeReading();
    proxy.settle();
  });
});

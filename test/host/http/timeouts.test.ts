// The timeouts of the connection manager on virtual time, and tunnels that end from either side.

import { afterEach, describe, expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { STREAM_IDLE_TIMEOUT } from "../../../host/stream_info/response_flags.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { field } from "../../support/http_messages.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

let proxy: SimulatedProxy;
let upstream: FarEnd;

async function start(manager: object, action: object = {}): Promise<void> {
  const routes = [route("/", "u", { timeout: "0s", ...action })];
  proxy = await SimulatedProxy.start(httpConfig({ routes, clusters: { u: 9001 }, manager }), { networkFilters });
  await proxy.upstream(9001, (end) => {
    upstream = end;
  });
}

afterEach(() => {
  proxy.advance(8_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

describe("timeouts", () => {
  it("request_headers_timeout: a head that is begun and not finished is answered 408", async () => {
    await start({ request_headers_timeout: "3s" });
    const client = proxy.request("GET / HTTP/1.1\r\nho");
    proxy.advance(2_900);
    expect(client.messages).toHaveLength(0);
    proxy.advance(200);
    expect(client.status).toBe(408);
    expect(proxy.ended[0]?.details).toBe("request_header_timeout");
  });

  it("request_timeout: a body that does not end is answered 408", async () => {
    await start({ request_timeout: "3s" });
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab");
    proxy.advance(3_100);
    expect(client.status).toBe(408);
    expect(proxy.ended[0]?.details).toBe("request_overall_timeout");
    expect(upstream.isClosed).toBe(true);
  });

  it("stream_idle_timeout: nothing moves; what moves puts it off", async () => {
    await start({ stream_idle_timeout: "3s" });
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab");
    proxy.advance(2_000);
    client.send("cdefghi");
    proxy.advance(2_000);
    expect(client.messages).toHaveLength(0);
    proxy.advance(1_100);
    expect(client.status).toBe(504);
    expect(proxy.ended[0]?.flags).toBe(STREAM_IDLE_TIMEOUT);
  });

  it("stream_idle_timeout in the middle of an answer cuts it short", async () => {
    await start({ stream_idle_timeout: "3s" });
    const client = proxy.request(GET);
    upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab");
    proxy.advance(3_100);
    expect(client.message.isComplete).toBe(false);
    expect(client.isClosed).toBe(true);
  });

  it("max_stream_duration: however much moves", async () => {
    await start({ common_http_protocol_options: { max_stream_duration: "3s" } });
    const client = proxy.request(GET);
    proxy.advance(3_100);
    expect(client.status).toBe(504);
    expect(proxy.ended[0]?.details).toBe("max_duration_timeout");
  });

  it("idle_timeout: a connection without requests ends once drain_timeout is over as well", async () => {
    await start({ common_http_protocol_options: { idle_timeout: "3s" }, drain_timeout: "2s" });
    const client = proxy.client();
    proxy.advance(3_100);
    expect(proxy.stat("http.front.downstream_cx_idle_timeout")).toBe(1);
    expect(client.isEnded).toBe(false);
    proxy.advance(2_000);
    expect(client.isEnded).toBe(true);
    expect(proxy.stat("http.front.downstream_cx_drain_close")).toBe(0);
  });

  it("idle_timeout: a request that was on its way is answered, and is the last", async () => {
    await start({ common_http_protocol_options: { idle_timeout: "3s" }, drain_timeout: "2s" });
    const client = proxy.client();
    proxy.advance(4_000);
    client.send(GET);
    proxy.settle();
    upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    proxy.settle();
    expect(client.status).toBe(200);
    expect(field(client.message, "connection")).toBe("close");
    proxy.advance(1_100);
    expect(client.isEnded).toBe(true);
  });

  it.each(["0.1s", "20s"])(
    "max_connection_duration: an idle connection ends after a drain_timeout of %s",
    async (drain) => {
      await start({ common_http_protocol_options: { max_connection_duration: "3s" }, drain_timeout: drain });
      const client = proxy.client();
      proxy.advance(3_050);
      expect(client.isEnded).toBe(false);
      proxy.advance(Number.parseFloat(drain) * 1000 - 100);
      expect(client.isEnded).toBe(false);
      proxy.advance(200);
      expect(client.isEnded).toBe(true);
      expect(proxy.stat("http.front.downstream_cx_max_duration_reached")).toBe(1);
    },
  );

  it("delayed_close_timeout: a client that keeps its end open is closed on", async () => {
    await start({ delayed_close_timeout: "2s" });
    const client = proxy.client();
    client.endsOnFin = false;
    client.send("nonsense\r\n\r\n");
    proxy.settle();
    expect(client.status).toBe(400);
    proxy.advance(1_900);
    expect(proxy.stat("http.front.downstream_cx_active")).toBe(1);
    proxy.advance(200);
    expect(proxy.stat("http.front.downstream_cx_active")).toBe(0);
    expect(proxy.stat("http.front.downstream_cx_delayed_close_timeout")).toBe(1);
    client.close();
  });
});

describe("a tunnel", () => {
  const UPGRADE = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

  async function open(): Promise<FarEnd> {
    await start({ upgrade_configs: [{ upgrade_type: "websocket" }] });
    const client = proxy.request(UPGRADE);
    upstream.reader.isTunnel = true;
    expect(field(upstream.message, "upgrade")).toBe("websocket");
    upstream.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello");
    proxy.settle();
    client.send("hi");
    proxy.settle();
    expect(client.reader.tunnelled.toString()).toBe("hello");
    expect(upstream.reader.tunnelled.toString()).toBe("hi");
    expect(proxy.stat("http.front.downstream_cx_upgrades_active")).toBe(1);
    return client;
  }

  it.each(["client ends", "client resets", "upstream ends", "upstream resets"])(
    "ends on both sides when the %s",
    async (how) => {
      const client = await open();
      const end = how.startsWith("client") ? client : upstream;
      if (how.endsWith("ends")) end.end();
      else end.reset();
      proxy.advance(1_100);
      expect([client.isClosed, upstream.isClosed]).toEqual([true, true]);
      expect(proxy.stat("http.front.downstream_cx_upgrades_active")).toBe(0);
    },
  );

  it("slows the side whose other does not read, and loses nothing", async () => {
    const client = await open();
    const bytes = "0123456789".repeat(100_000);
    client.socket.pauseReading();
    upstream.send(bytes);
    proxy.settle();
    expect(upstream.socket.pendingBytes).toBeGreaterThan(600_000);
    client.socket.resumeReading();
    proxy.settle();
    expect(client.reader.tunnelled.toString() === `hello${bytes}`).toBe(true);
    client.end();
    proxy.settle();
  });
});

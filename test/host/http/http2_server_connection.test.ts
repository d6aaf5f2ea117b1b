// A downstream connection of HTTP/2 in its proxy, on virtual time: how it drains, and what ends what.

import { describe, expect, it } from "vitest";
import {
  DOWNSTREAM_CONNECTION_TERMINATION,
  DOWNSTREAM_PROTOCOL_ERROR,
} from "../../../host/stream_info/response_flags.ts";
import { H2_OPTION_CONNECT } from "../../../host/wasm/layout.gen.ts";
import { httpConfig } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { field } from "../../support/http_messages.ts";
import { at, checkLeftoversAfterEach, client, proxy, start, upstreams } from "../../support/http2_clients.ts";
import type { Http2FarEnd } from "../../support/http2_far_end.ts";
import {
  CONTINUATION,
  END_HEADERS,
  ERRORS,
  frame,
  GET,
  HEADERS,
  POST,
  SETTINGS,
  section,
} from "../../support/http2_frames.ts";

const LAST = 0x7fff_ffff;
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const CANCEL = ERRORS.indexOf("CANCEL");
const INTERNAL_ERROR = ERRORS.indexOf("INTERNAL_ERROR");

checkLeftoversAfterEach();

describe("the end of a connection", () => {
  it("by another config: what is on its way is answered, in two steps", async () => {
    await start();
    const end = client();
    const first = end.ask(GET);
    const second = end.peer.start();
    proxy.settle();
    await proxy.apply(httpConfig({ routes: [], manager: { stat_prefix: "other" } }));
    await proxy.settled();
    expect(end.goaways).toEqual([`GOAWAY ${LAST} 0`]);
    // The client has not heard of it yet.
    end.ask(at("/direct"), "", second);
    await proxy.settled();
    expect(end.heard(second)).toEqual([`HEADERS ${second} 200`, `DATA ${second} here end`]);
    proxy.advance(600);
    expect(end.goaways).toEqual([`GOAWAY ${LAST} 0`, `GOAWAY ${second} 0`]);
    expect(end.isEnded).toBe(false);
    upstreams[0]?.send(OK);
    proxy.settle();
    expect(end.heard(first)).toEqual([`HEADERS ${first} 200 end`]);
    expect(end.isEnded).toBe(true);
    expect(proxy.stat("http2.goaway_sent")).toBe(1);
  });

  it("by idle_timeout: what was asked meanwhile is answered", async () => {
    await start({ common_http_protocol_options: { idle_timeout: "3s" }, drain_timeout: "2s" });
    const end = client();
    const id = end.peer.start();
    proxy.advance(3_100);
    expect(end.goaways).toEqual([`GOAWAY ${LAST} 0`]);
    end.ask(at("/direct"), "", id);
    proxy.settle();
    expect(end.content(1)).toBe("here");
    proxy.advance(2_000);
    expect(end.goaways).toEqual([`GOAWAY ${LAST} 0`, "GOAWAY 1 0"]);
    expect(end.isEnded).toBe(true);
    expect(proxy.stat("http.front.downstream_cx_idle_timeout")).toBe(1);
  });

  it("by max_connection_duration, and by max_requests_per_connection", async () => {
    await start({
      common_http_protocol_options: { max_connection_duration: "3s", max_requests_per_connection: 2 },
      drain_timeout: "1s",
    });
    const old = client();
    proxy.advance(3_100);
    expect(old.goaways).toEqual([`GOAWAY ${LAST} 0`]);
    proxy.advance(1_000);
    expect(old.isEnded).toBe(true);
    const used = client();
    for (let i = 0; i < 2; i++) used.ask(at("/direct"));
    proxy.settle();
    expect(used.goaways).toEqual([`GOAWAY ${LAST} 0`]);
    proxy.advance(1_100);
    expect([used.goaways[1], used.isEnded]).toEqual(["GOAWAY 3 0", true]);
    expect(proxy.stat("http.front.downstream_cx_max_duration_reached")).toBe(1);
    expect(proxy.stat("http.front.downstream_cx_max_requests_reached")).toBe(1);
  });

  it("by connection_keepalive: PING is answered, or any frame comes, or it is over", async () => {
    const connection_keepalive = { interval: "10s", timeout: "2s", interval_jitter: { value: 0 } };
    await start({ http2_protocol_options: { connection_keepalive } });
    const end = client();
    proxy.advance(25_000);
    expect(end.isClosed).toBe(false);
    end.ask(GET);
    proxy.settle();
    end.whenRead = () => {};
    end.socket.pauseReading();
    proxy.advance(6_000);
    end.say(1, "");
    end.send(frame(SETTINGS, 0, 0));
    proxy.advance(1_500);
    expect(proxy.stat("http2.keepalive_timeout")).toBe(0);
    proxy.advance(1_000);
    expect(proxy.stat("http2.keepalive_timeout")).toBe(1);
    expect(proxy.stat("http.front.downstream_cx_destroy_local_active_rq")).toBe(1);
    expect(proxy.ended[0]).toMatchObject({
      details: "downstream_local_disconnect(http2_ping_timeout)",
      flags: DOWNSTREAM_CONNECTION_TERMINATION,
    });
    end.socket.resumeReading();
  });

  it("by a fault of the client ends all streams, and says which", async () => {
    await start();
    const end = client();
    end.ask(GET);
    proxy.settle();
    end.send(frame(HEADERS, END_HEADERS, 2, section(GET)));
    proxy.settle();
    expect(end.goaways).toEqual([`GOAWAY 1 ${ERRORS.indexOf("PROTOCOL_ERROR")}`]);
    expect(end.isEnded).toBe(true);
    expect(proxy.ended.map(({ details, flags }) => [details, flags])).toEqual([
      ["http2.protocol_error", DOWNSTREAM_PROTOCOL_ERROR],
    ]);
    expect(proxy.stat("http.front.downstream_cx_protocol_error")).toBe(1);
  });

  it("by request_headers_timeout: a block that does not end", async () => {
    await start({ request_headers_timeout: "3s" });
    const end = client();
    const block = section(GET);
    end.send(frame(HEADERS, 0, 1, block.subarray(0, 5)));
    proxy.settle();
    end.send(frame(CONTINUATION, 0, 1, block.subarray(5, 6)));
    proxy.advance(3_100);
    expect(end.goaways).toEqual(["GOAWAY 0 0"]);
    expect(end.isEnded).toBe(true);
    expect(proxy.stat("http.front.downstream_rq_header_timeout")).toBe(1);
  });

  it("by the client: its requests are dropped, counted and logged", async () => {
    await start();
    const end = client();
    end.ask(GET);
    end.ask(POST, null);
    proxy.settle();
    end.end();
    proxy.settle();
    expect(proxy.ended.map(({ details }) => details)).toEqual([
      "downstream_remote_disconnect",
      "downstream_remote_disconnect",
    ]);
    expect(upstreams.every(({ isClosed }) => isClosed)).toBe(true);
    expect(proxy.stat("http.front.downstream_cx_destroy_remote_active_rq")).toBe(1);
  });
});

describe("one stream", () => {
  it("that is cut off upstream is reset, and that the client cancels ends upstream", async () => {
    await start();
    const end = client();
    end.ask(GET);
    end.ask(GET);
    proxy.settle();
    upstreams[0]?.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    proxy.settle();
    upstreams[0]?.close();
    proxy.settle();
    expect(end.heard(1)).toEqual(["HEADERS 1 200", "DATA 1 abc", `RESET 1 ${INTERNAL_ERROR}`]);
    end.cancel(3, CANCEL);
    proxy.settle();
    expect(upstreams[1]?.isClosed).toBe(true);
    expect([proxy.stat("http2.rx_reset"), proxy.stat("http2.tx_reset")]).toEqual([1, 1]);
  });

  it("that breaks a rule is reset alone, unless the connection is to end for it", async () => {
    const bad = [...GET, ["Upper", "1"]] as const;
    await start();
    const lenient = client();
    lenient.send(frame(HEADERS, 5, 1, section(bad)));
    lenient.send(frame(HEADERS, 5, 3, section(at("/direct"))));
    proxy.settle();
    expect(proxy.stat("http2.rx_messaging_error")).toBe(1);
    expect(proxy.ended.map(({ status, details }) => [status, details])).toEqual([
      [0, "http2.invalid.header.field"],
      [200, "direct_response"],
    ]);
    expect(lenient.isEnded).toBe(false);
    lenient.close();
    proxy.settle();
    await start({ http2_protocol_options: { override_stream_error_on_invalid_http_message: false } });
    const strict = client();
    strict.send(frame(HEADERS, 5, 1, section(bad)));
    proxy.settle();
    expect(strict.isEnded).toBe(true);
  });

  it("without an authority is answered 400", async () => {
    await start();
    const end = client();
    end.ask(GET.filter(([name]) => name !== ":authority"));
    proxy.settle();
    expect(end.heard(1)).toEqual(["HEADERS 1 400 end"]);
    expect(proxy.ended[0]?.details).toBe("missing_host_header");
  });

  it("beyond max_concurrent_streams is refused", async () => {
    await start({ http2_protocol_options: { max_concurrent_streams: 1 } });
    const end = client();
    end.send(frame(HEADERS, 5, 1, section(GET)));
    end.send(frame(HEADERS, 5, 3, section(GET)));
    proxy.settle();
    expect(proxy.stat("http2.stream_refused_errors")).toBe(1);
    expect(upstreams).toHaveLength(1);
  });
});

describe("a tunnel", () => {
  const upgrade = { upgrade_configs: [{ upgrade_type: "websocket" }], http2_protocol_options: { allow_connect: true } };
  const EXTENDED = [[":method", "CONNECT"], [":protocol", "websocket"], ...GET.slice(1)] as const;

  it("by extended CONNECT is an upgrade to an upstream of HTTP/1", async () => {
    await start(upgrade);
    const end = client({ options: H2_OPTION_CONNECT });
    const id = end.ask(EXTENDED, null);
    proxy.settle();
    const [upstream] = upstreams as [FarEnd];
    expect(upstream.message.start).toBe("GET / HTTP/1.1");
    expect(["connection", "upgrade"].map((name) => field(upstream.message, name))).toEqual(["upgrade", "websocket"]);
    upstream.reader.isTunnel = true;
    upstream.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nfirst");
    proxy.settle();
    expect(end.heard(id)).toEqual([`HEADERS ${id} 200`, `DATA ${id} first`]);
    expect(end.peer.heads.get(id)?.[0]?.map(([name]) => name)).not.toContain("upgrade");
    end.say(id, "hello");
    proxy.settle();
    expect(upstream.reader.tunnelled.toString()).toBe("hello");
    upstream.send("bye");
    upstream.end();
    proxy.settle();
    expect(end.content(id)).toBe("firstbye");
    expect(proxy.ended.map(({ status }) => status)).toEqual([101]);
    expect(proxy.stat("http.front.downstream_cx_upgrades_active")).toBe(0);
    expect(end.isEnded).toBe(false);
  });

  it("by CONNECT goes to an upstream as plain TCP, and each side ends by itself", async () => {
    const action = { upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }] };
    const config = httpConfig({
      routes: [{ match: { connect_matcher: {} }, route: { cluster: "u", ...action } }],
      clusters: { u: 9001 },
    });
    await start();
    await proxy.apply(config);
    await proxy.settled();
    const end = client();
    const id = end.ask(
      [
        [":method", "CONNECT"],
        [":authority", "target.example:443"],
      ],
      null,
    );
    proxy.settle();
    const [upstream] = upstreams as [FarEnd];
    upstream.reader.isTunnel = true;
    upstream.endsOnFin = false;
    expect(end.heard(id)).toEqual([`HEADERS ${id} 200`]);
    end.say(id, "hello", true);
    proxy.settle();
    expect([upstream.reader.tunnelled.toString(), upstream.isEnded]).toEqual(["hello", true]);
    upstream.send("bye");
    upstream.end();
    proxy.settle();
    expect(end.heard(id)).toEqual([`HEADERS ${id} 200`, `DATA ${id} bye end`]);
    expect(proxy.ended.map(({ status }) => status)).toEqual([200]);
    expect(end.isEnded).toBe(false);
  });

  it("that is not allowed is answered 403", async () => {
    await start({ http2_protocol_options: { allow_connect: true } });
    const end = client({ options: H2_OPTION_CONNECT });
    end.ask(EXTENDED, null);
    proxy.settle();
    expect(end.heard(1)[0]).toMatch(/^HEADERS 1 403/);
  });
});

describe("floods", () => {
  it.each([
    [
      "of empty frames",
      "inbound_empty_frames_flood",
      (end: Http2FarEnd) => {
        end.ask(POST, null);
        end.send(frame(0, 0, 1).toString("latin1").repeat(3));
      },
    ],
    [
      "of PRIORITY",
      "inbound_priority_frames_flood",
      (end: Http2FarEnd) => end.send(frame(2, 0, 1, "\x00\x00\x00\x03\x10").toString("latin1").repeat(200)),
    ],
    [
      "of WINDOW_UPDATE",
      "inbound_window_update_frames_flood",
      (end: Http2FarEnd) => end.send(frame(8, 0, 0, "\x00\x00\x00\x01").toString("latin1").repeat(50)),
    ],
    [
      "of CONTINUATION",
      "too_many_header_frames",
      (end: Http2FarEnd) => {
        end.send(frame(HEADERS, 0, 1, section(GET)));
        end.send(frame(CONTINUATION, 0, 1, "\x00\x01a\x01b").toString("latin1").repeat(600));
      },
    ],
  ] as const)("%s end the connection, and are counted", async (_what, stat, attack) => {
    await start();
    const end = client();
    attack(end);
    proxy.settle();
    expect(end.goaways[0]).toMatch(new RegExp(` ${ERRORS.indexOf("ENHANCE_YOUR_CALM")}$`));
    expect(end.isEnded).toBe(true);
    expect(proxy.stat(`http2.${stat}`)).toBe(1);
    expect(proxy.stat("http.front.downstream_cx_protocol_error")).toBe(0);
  });

  it("of resets are counted as Envoy does", async () => {
    await start();
    const end = client();
    for (let i = 0; i < 300; i++) {
      end.peer.head(end.peer.start(), GET, true);
      end.peer.reset(1 + 2 * i, CANCEL);
    }
    end.flush();
    proxy.settle();
    expect(proxy.stat("http.front.downstream_rq_too_many_premature_resets")).toBe(1);
    expect(end.isEnded).toBe(true);
  });
});

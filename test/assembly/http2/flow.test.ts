/** Windows, the line of streams that wait, order and ownership: RFC 9113 5.2 and 6.9, seen from both sides at once. */

import { afterEach, describe, expect, it } from "vitest";
import {
  ENCODE_GONE,
  ENCODE_NO_ROOM,
  H2_FACT_GOAWAY_RECEIVED,
  H2_FACT_SETTLED,
} from "../../../host/wasm/layout.gen.ts";
import { Http2Bench, type Http2Peer, type Settings } from "../../support/http2_bench.ts";
import {
  DATA,
  END_HEADERS,
  frame,
  GET,
  GOAWAY,
  headers,
  POST,
  settings,
  u32,
  WINDOW_UPDATE,
} from "../../support/http2_frames.ts";
import { randomNumbers } from "../../support/random.ts";

const bench = new Http2Bench();
const open: Http2Peer[] = [];

afterEach(() => {
  for (const peer of open.splice(0)) peer.close();
  expect(bench.leaks()).toEqual([0, 0, 0]);
});

function server(given: Settings = {}, peer: Readonly<Record<number, number>> = {}): Http2Peer {
  const one = bench.server(given).greet(peer);
  open.push(one);
  return one;
}

/** A client and a server that have greeted each other. */
function pair(client: Settings = {}, other: Settings = {}): { client: Http2Peer; server: Http2Peer } {
  const both = { client: bench.client(client), server: bench.server(other) };
  open.push(both.client, both.server);
  both.client.fetch();
  both.server.fetch();
  exchange(both.client, both.server);
  both.client.take();
  both.server.take();
  return both;
}

/** Carries bytes to and fro until nobody has any. */
function exchange(a: Http2Peer, b: Http2Peer): void {
  for (let round = 0; round < 1000; round++) {
    const there = a.takeSent();
    if (there.length > 0) b.feed(there);
    const back = b.takeSent();
    if (back.length > 0) a.feed(back);
    if (there.length === 0 && back.length === 0) return;
  }
  throw new Error("they never fall silent");
}

const OK_HEAD = [[":status", "200"]] as const;

describe("what goes out", () => {
  it("keeps to the stream's window, and goes on when there is more", () => {
    const it = server({}, { 4: 10 });
    it.feed(headers(1, GET));
    it.head(1, OK_HEAD);
    expect(it.data(1, Buffer.from("hello, world"), true)).toBe(10);
    expect(it.take()).toEqual(["HEADERS 1 1 end", "> HEADERS 1 whole", "> DATA 1 10"]);
    it.feed(frame(WINDOW_UPDATE, 0, 1, u32(100)));
    expect(it.take()).toEqual(["WRITABLE 1"]);
    expect(it.data(1, Buffer.from("ld"), true)).toBe(2);
    expect(it.take()).toEqual(["> DATA 1 2 end"]);
    expect(it.data(1, Buffer.from("more"))).toBe(ENCODE_GONE);
  });

  it("ends a stream without any window", () => {
    const it = server({}, { 4: 0 });
    it.feed(headers(1, GET));
    it.head(1, OK_HEAD);
    expect(it.data(1, Buffer.alloc(0), true)).toBe(0);
    expect(it.take().at(-1)).toBe("> DATA 1 0 end");
  });

  it("follows a window that a setting made negative (6.9.2)", () => {
    const it = server({}, { 4: 100 });
    it.feed(headers(1, GET));
    it.head(1, OK_HEAD);
    it.data(1, Buffer.alloc(80));
    it.feed(settings({ 4: 10 }));
    expect(it.data(1, Buffer.alloc(5))).toBe(0);
    it.feed(frame(WINDOW_UPDATE, 0, 1, u32(70)));
    it.take();
    expect(it.data(1, Buffer.alloc(5))).toBe(0);
    it.feed(frame(WINDOW_UPDATE, 0, 1, u32(1)));
    expect(it.take()).toEqual(["WRITABLE 1"]);
    expect(it.data(1, Buffer.alloc(5))).toBe(1);
  });

  it("shares the connection's window in turns", () => {
    const it = server({}, { 4: 1_000_000 });
    for (const id of [1, 3, 5]) {
      it.feed(headers(id, GET));
      it.head(id, OK_HEAD);
    }
    expect(it.data(1, Buffer.alloc(65_535))).toBe(65_535);
    for (const id of [1, 3, 5]) expect(it.data(id, Buffer.alloc(10))).toBe(0);
    it.take();
    it.flushes = false;
    const turns: string[] = [];
    for (let i = 0; i < 6; i++) {
      it.feed(frame(WINDOW_UPDATE, 0, 0, u32(10)));
      const told = it.take().filter((line) => line.startsWith("WRITABLE"));
      turns.push(...told);
      for (const line of told) it.data(Number(line.split(" ")[1]), Buffer.alloc(20));
      it.take();
    }
    expect(turns).toEqual(["WRITABLE 1", "WRITABLE 3", "WRITABLE 5", "WRITABLE 1", "WRITABLE 3", "WRITABLE 5"]);
  });

  it("hands on what a stream left of the connection's window when it was reset", () => {
    const it = server({}, { 4: 1_000_000 });
    for (const id of [1, 3]) {
      it.feed(headers(id, GET));
      it.head(id, OK_HEAD);
    }
    it.data(1, Buffer.alloc(65_535));
    for (const id of [1, 3]) it.data(id, Buffer.alloc(10));
    it.flushes = false;
    it.feed(frame(WINDOW_UPDATE, 0, 0, u32(10)));
    expect(it.take()).toContain("WRITABLE 1");
    it.reset(1, 8);
    it.take();
    it.flush();
    expect(it.take()).toEqual(["WRITABLE 3"]);
  });

  it("puts an acknowledgement before what it allows (6.5.3)", () => {
    const it = server({}, { 4: 0 });
    it.feed(headers(1, GET));
    it.head(1, OK_HEAD);
    it.data(1, Buffer.alloc(1));
    it.fetches = false;
    it.feed(settings({ 4: 1 }));
    it.data(1, Buffer.alloc(1), true);
    expect(it.take().slice(-2)).toEqual(["> SETTINGS ack", "> DATA 1 1 end"]);
  });

  it("stops at max_outbound_frames until they are flushed", () => {
    const it = server({ maxOutboundFrames: 3 }, { 4: 1_000_000 });
    it.flushes = false;
    it.flush();
    it.feed(headers(1, GET));
    it.head(1, OK_HEAD);
    expect(it.data(1, Buffer.alloc(50_000))).toBe(2 * 16_384);
    expect(it.data(1, Buffer.alloc(50_000))).toBe(0);
    it.take();
    it.flush();
    expect(it.take()).toEqual(["WRITABLE 1"]);
    expect(it.data(1, Buffer.alloc(10))).toBe(10);
  });

  it("says when the room is too small, and changes nothing", () => {
    const it = server();
    it.feed(headers(1, GET));
    const block = bench.block(OK_HEAD);
    const { exports } = bench.core;
    expect(exports.http2EncodeHeaders(it.connection, 1, block, 0, bench.out, 5, 0)).toBe(ENCODE_NO_ROOM);
    exports.blockFree(block);
    it.head(1, OK_HEAD);
    expect(exports.http2EncodeData(it.connection, 1, bench.out, 100, 1, bench.out, 50)).toBe(ENCODE_NO_ROOM);
    expect(it.data(1, Buffer.from("x"), true)).toBe(1);
  });

  it("cuts a head that is larger than a frame", () => {
    const both = pair();
    const id = both.client.start();
    const long: [string, string][] = [...GET, ["x-long", "\u00ff".repeat(40_000)]] as never;
    both.client.head(id, long, true);
    expect(both.client.take()).toEqual(["> HEADERS 1 end", "> CONTINUATION 1", "> CONTINUATION 1 whole"]);
    exchange(both.client, both.server);
    expect(both.server.heads.get(1)).toEqual([long]);
  });
});

describe("what comes in", () => {
  it("gives no more window than was consumed", () => {
    const it = server({ streamWindow: 1000 });
    it.consumes = false;
    it.feed(headers(1, POST, END_HEADERS));
    it.feed(frame(DATA, 0, 1, "x".repeat(1000)));
    expect(it.take(true).filter((line) => line.startsWith(">"))).toEqual([]);
    it.consumed(1, 400);
    expect(it.take(true)).toEqual(["> WINDOW 1 400"]);
    it.consumed(1, 300);
    expect(it.take(true)).toEqual([]);
    it.consumed(1, 200);
    expect(it.take(true)).toEqual(["> WINDOW 1 500"]);
    it.feed(frame(DATA, 0, 1, "x".repeat(901)));
    expect(it.take()).toEqual(["ERROR 1 H2_STREAM_WINDOW_EXCEEDED", "> RST 1 FLOW_CONTROL_ERROR"]);
  });

  it("gives the others what they consumed while one holds most of the connection's window", () => {
    const it = server({ streamWindow: 50_000 });
    it.consumes = false;
    it.feed(headers(1, POST, END_HEADERS)).feed(headers(3, POST, END_HEADERS));
    for (let i = 0; i < 5; i++) it.feed(frame(DATA, 0, 1, "x".repeat(10_000)));
    it.take();
    it.feed(frame(DATA, 0, 3, "y".repeat(15_535)));
    it.consumed(3, 15_535);
    expect(it.take(true)).toContain("> WINDOW 0 15535");
  });

  it("ends a connection whose window is exceeded", () => {
    const it = server({ streamWindow: 1_000_000 });
    it.consumes = false;
    it.feed(headers(1, POST, END_HEADERS));
    for (let i = 0; i < 5; i++) it.feed(frame(DATA, 0, 1, "x".repeat(16_384)));
    expect(it.take().slice(-2)).toEqual(["ERROR 0 H2_WINDOW_EXCEEDED", "> GOAWAY 1 FLOW_CONTROL_ERROR"]);
  });

  it("takes back what a stream held when it ends, and what came too late for it", () => {
    const it = server();
    it.consumes = false;
    for (let id = 1; id < 40; id += 2) {
      it.feed(headers(id, POST, END_HEADERS));
      it.feed(frame(DATA, 0, id, "x".repeat(16_000)));
      it.reset(id, 8);
      it.feed(frame(DATA, 1, id, "x".repeat(16_000)));
    }
    expect(it.take().some((line) => line.startsWith("ERROR"))).toBe(false);
  });

  it("counts padding as consumed", () => {
    const it = server({ streamWindow: 2_000 });
    it.feed(headers(1, POST, END_HEADERS));
    for (let i = 0; i < 50; i++)
      it.feed(frame(DATA, 8, 1, Buffer.concat([Buffer.of(255), Buffer.from("x"), Buffer.alloc(255)])));
    expect(it.take().filter((line) => line.startsWith("ERROR"))).toEqual([]);
    expect(it.content.get(1)?.length).toBe(50);
  });

  it("allows the default window until our smaller one is acknowledged", () => {
    const it = bench.server({ streamWindow: 100 });
    open.push(it);
    it.feed(
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings(), headers(1, POST, END_HEADERS)]),
    );
    it.consumes = false;
    it.feed(frame(DATA, 0, 1, "x".repeat(10_000)));
    it.feed(frame(4, 1, 0));
    expect(it.take().filter((line) => line.startsWith("ERROR"))).toEqual([]);
    expect(it.fact(H2_FACT_SETTLED)).toBe(true);
    it.feed(frame(DATA, 0, 1, "x"));
    expect(it.take().at(-1)).toBe("> RST 1 FLOW_CONTROL_ERROR");
  });

  it("does not let a stream that stands still stop the others", () => {
    const it = server({ streamWindow: 30_000, connectionWindow: 65_535 });
    it.consumes = false;
    it.feed(headers(1, POST, END_HEADERS)).feed(headers(3, POST, END_HEADERS));
    it.feed(frame(DATA, 0, 1, "x".repeat(15_000))).feed(frame(DATA, 0, 1, "x".repeat(15_000)));
    let got = 0;
    for (let i = 0; i < 50; i++) {
      it.feed(frame(DATA, 0, 3, "y".repeat(10_000)));
      it.consumed(3, 10_000);
      got += 10_000;
    }
    expect(it.content.get(3)?.length).toBe(got);
  });
});

describe("the two sides of one implementation", () => {
  it("carry exchanges of all kinds at once, in random order, through small windows", () => {
    const random = randomNumbers(7);
    const both = pair({ streamWindow: 5_000 }, { streamWindow: 3_000, maxStreams: 20 });
    const { client, server: far } = both;
    const bodies = new Map<number, Buffer>();
    const todo: { peer: Http2Peer; id: number; rest: Buffer }[] = [];
    for (let i = 0; i < 20; i++) {
      const id = client.start();
      const body = Buffer.from(Array.from({ length: Math.floor(random() * 30_000) }, () => Math.floor(random() * 256)));
      bodies.set(id, body);
      client.head(id, [...POST, ["x-id", String(id)]]);
      todo.push({ peer: client, id, rest: body });
    }
    expect(client.start()).toBe(0);
    exchange(client, far);
    for (const id of bodies.keys()) {
      far.head(id, [
        [":status", "200"],
        ["x-id", String(id)],
      ]);
      todo.push({ peer: far, id, rest: bodies.get(id) as Buffer });
    }
    for (let round = 0; todo.length > 0; round++) {
      expect(round).toBeLessThan(20_000);
      const at = Math.floor(random() * todo.length);
      const one = todo[at] as (typeof todo)[number];
      const piece = one.rest.subarray(0, 1 + Math.floor(random() * 4_000));
      const taken = one.peer.data(one.id, piece);
      one.rest = one.rest.subarray(taken);
      if (one.rest.length === 0) {
        one.peer.trailers(one.id, [["x-end", String(one.id)]]);
        todo.splice(at, 1);
      }
      exchange(client, far);
    }
    for (const [id, body] of bodies) {
      expect(far.content.get(id) ?? Buffer.alloc(0)).toEqual(body);
      expect(client.content.get(id) ?? Buffer.alloc(0)).toEqual(body);
      expect(client.heads.get(id)?.at(-1)).toEqual([["x-end", String(id)]]);
    }
    expect(bench.core.exports.http2StreamsLive()).toBe(0);
    expect(client.start()).toBe(41);
  });

  it("begin no stream behind GOAWAY, and end those that are open", () => {
    const { client, server: far } = pair();
    const id = client.start();
    client.head(id, GET, true);
    exchange(client, far);
    bench.core.exports.http2Goaway(far.connection, 0, 0);
    far.fetch();
    exchange(client, far);
    expect(client.fact(H2_FACT_GOAWAY_RECEIVED)).toBe(true);
    expect(client.start()).toBe(0);
    far.head(id, OK_HEAD, true);
    exchange(client, far);
    expect(client.take().at(-1)).toBe("HEADERS 1 200 end");
    bench.core.exports.http2Goaway(far.connection, 0, 1);
    far.fetch();
    expect(far.take().at(-1)).toBe("> GOAWAY 1 NO_ERROR");
  });

  it("refuse streams above the last one of GOAWAY, for another connection", () => {
    const { client } = pair();
    for (const id of [client.start(), client.start()]) client.head(id, GET, true);
    client.take();
    client.feed(frame(GOAWAY, 0, 0, u32(0, 0)));
    expect(client.take().sort()).toEqual(["GOAWAY 0 0", "RESET 1 7", "RESET 3 7"]);
  });

  it("tell a connection that ends in the middle of an exchange", () => {
    const { client } = pair();
    client.head(client.start(), GET, true);
    client.take();
    expect(client.eof().take()[0]).toBe("ERROR 0 H2_CUT_SHORT");
  });

  it("end in peace when nothing is under way", () => {
    const { client } = pair();
    expect(client.eof().take()).toEqual([]);
  });
});

describe("heads", () => {
  it("give :authority what host says, and one cookie", () => {
    const it = server();
    it.feed(
      headers(1, [
        ...GET.slice(0, 3),
        ["cookie", "a=1"],
        ["host", "Example.com"],
        ["cookie", "b=2"],
        ["x", "y"],
        ["cookie", "c=3"],
      ]),
    );
    expect(it.heads.get(1)?.[0]).toEqual([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      ["cookie", "a=1; b=2; c=3"],
      [":authority", "Example.com"],
      ["x", "y"],
    ]);
  });

  it("drop fields with underscores where they are told to", () => {
    const it = server({ options: 128 });
    it.feed(headers(1, [...GET, ["a_b", "c"], ["d", "e"]]));
    expect(it.heads.get(1)?.[0]?.slice(4)).toEqual([["d", "e"]]);
  });

  it("drop from trailers what steers framing", () => {
    const it = server();
    it.feed(headers(1, POST, END_HEADERS)).feed(
      headers(1, [
        ["content-length", "3"],
        ["trailer", "x"],
        ["x", "y"],
      ]),
    );
    expect(it.heads.get(1)?.[1]).toEqual([["x", "y"]]);
  });

  it("are written by an interim response too", () => {
    const { client, server: far } = pair();
    client.head(client.start(), POST);
    exchange(client, far);
    const length = bench.core.exports.http2EncodeInterim(far.connection, 1, 100, bench.out, bench.room);
    far.wrote(length);
    far.head(1, OK_HEAD, true);
    exchange(client, far);
    expect(client.take().filter((line) => line.startsWith("HEADERS"))).toEqual(["HEADERS 1 100", "HEADERS 1 200 end"]);
    // The answer is whole, the request is not: RFC 9113 8.1.
    far.reset(1, 0);
    exchange(client, far);
    expect(client.take()).toContain("RESET 1 0");
  });
});

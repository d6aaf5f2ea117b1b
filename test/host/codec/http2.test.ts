/** The contract of codecs (host/codec/codec.ts), as HTTP/2 keeps it, and Node's HTTP/2 (nghttp2) on the other side of real sockets. */

import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { StreamCodec, StreamListener } from "../../../host/codec/codec.ts";
import { PendingEvents } from "../../../host/codec/http1_codec.ts";
import { Http2ClientCodec } from "../../../host/codec/http2_client.ts";
import { describeHttp2Error, HTTP2_ERRORS } from "../../../host/codec/http2_errors.ts";
import { Http2ServerCodec } from "../../../host/codec/http2_server.ts";
import type { Http2Settings } from "../../../host/codec/http2_settings.ts";
import * as layout from "../../../host/wasm/layout.gen.ts";
import { Http2Bench } from "../../support/http2_bench.ts";
import {
  DATA,
  END_HEADERS,
  frame,
  GET,
  headers,
  POST,
  PREFACE,
  RST_STREAM,
  settings,
  u32,
} from "../../support/http2_frames.ts";

const bench = new Http2Bench();
const pending = new PendingEvents(bench.core);
const { exports } = bench.core;
const SETTINGS: Http2Settings = {
  maxHeadBytes: 60 * 1024,
  maxHeaders: 100,
  maxConcurrentStreams: 100,
  initialStreamWindowSize: 65_535,
  initialConnectionWindowSize: 1 << 20,
};

afterEach(() => expect(bench.leaks()).toEqual([0, 0, 0]));

interface Message {
  readonly fields: [string, string][];
  readonly flags: number;
  readonly code: number;
  content: Buffer;
  trailers: [string, string][] | null;
  isComplete: boolean;
}

/** Writes down what a codec tells, and consumes at once. */
class Recorder implements StreamListener {
  readonly messages = new Map<number, Message>();
  readonly log: string[] = [];
  onMessage: (streamId: number, message: Message) => void = () => {};
  onPart: () => void = () => {};
  readonly codec: StreamCodec;

  constructor(codec: StreamCodec) {
    this.codec = codec;
    codec.listener = this;
  }

  onHeaders(streamId: number, block: number, flags: number, code: number): void {
    const fields = bench.fields(block);
    exports.blockFree(block);
    const message = { fields, flags, code, content: Buffer.alloc(0), trailers: null, isComplete: false };
    this.log.push(`headers ${streamId} ${code}`);
    if (code >= 100 && code < 200) return;
    this.messages.set(streamId, message);
    this.onPart();
    if ((flags & layout.END_STREAM) !== 0) this.complete(streamId);
  }

  onData(streamId: number, address: number, length: number, endStream: boolean): void {
    const message = this.messages.get(streamId) as Message;
    message.content = Buffer.concat([message.content, bench.core.bytes.subarray(address, address + length)]);
    this.codec.consumed(streamId, length);
    if (endStream) this.complete(streamId);
  }

  onTrailers(streamId: number, block: number): void {
    (this.messages.get(streamId) as Message).trailers = bench.fields(block);
    exports.blockFree(block);
    this.complete(streamId);
  }

  onError(streamId: number, code: number): void {
    this.log.push(`error ${streamId} ${describeHttp2Error(code).rule}`);
  }
  onReset(streamId: number, error: number): void {
    this.log.push(`reset ${streamId} ${error}`);
  }
  onWritable(streamId: number): void {
    this.log.push(`writable ${streamId}`);
  }
  onGoaway(error: number, last: number): void {
    this.log.push(`goaway ${error} ${last}`);
  }
  onSettings(): void {
    this.log.push("settings");
  }
  onPingAck(first: number, second: number): void {
    this.log.push(`ping ${first} ${second}`);
  }

  private complete(streamId: number): void {
    const message = this.messages.get(streamId) as Message;
    message.isComplete = true;
    this.onMessage(streamId, message);
  }
}

function server(given: Partial<Http2Settings> = {}): { codec: Http2ServerCodec; seen: Recorder } {
  const codec = Http2ServerCodec.open(pending, { ...SETTINGS, ...given }, () => 0);
  if (codec === null) throw new Error("no connection");
  return { codec, seen: new Recorder(codec) };
}

function client(): { codec: Http2ClientCodec; seen: Recorder } {
  const codec = Http2ClientCodec.open(pending, SETTINGS, () => 0);
  if (codec === null) throw new Error("no connection");
  return { codec, seen: new Recorder(codec) };
}

function feed(codec: StreamCodec, bytes: Buffer, cuts: readonly number[] = []): void {
  let from = 0;
  for (const end of [...cuts, bytes.length]) {
    const piece = bytes.subarray(from, end);
    bench.core.bytes.set(piece, layout.READ_BUFFER_START);
    codec.feed(layout.READ_BUFFER_START, piece.length);
    from = end;
  }
}

function head(
  codec: StreamCodec,
  streamId: number,
  fields: readonly (readonly [string, string])[],
  end: boolean,
): Buffer {
  const block = bench.block(fields);
  const length = codec.encodeHeaders(streamId, block, end, 0, bench.out, bench.room);
  exports.blockFree(block);
  return output(length);
}

function output(length: number): Buffer {
  return Buffer.from(bench.core.bytes.subarray(bench.out, bench.out + Math.max(length, 0)));
}

const GREETING = Buffer.concat([PREFACE, settings(), frame(4, 1, 0)]);

describe("contract", () => {
  const conversation = Buffer.concat([
    GREETING,
    headers(1, GET),
    headers(3, [...POST, ["content-length", "10"]], END_HEADERS),
    headers(5, POST, END_HEADERS),
    frame(DATA, 0, 3, "hello"),
    frame(DATA, 8, 5, "\x02abc\0\0"),
    frame(DATA, 1, 3, "world"),
    headers(5, [["x-end", "yes"]]),
    headers(7, POST, END_HEADERS),
    frame(RST_STREAM, 0, 7, u32(8)),
  ]);

  function told(cuts: readonly number[]): unknown {
    const { codec, seen } = server();
    feed(codec, conversation, cuts);
    codec.close();
    return { messages: [...seen.messages], log: seen.log };
  }

  it("tells messages the same whole, byte by byte, and cut anywhere", () => {
    const whole = told([]) as { messages: [number, Message][]; log: string[] };
    expect(whole.log).toEqual(["settings", "headers 1 1", "headers 3 3", "headers 5 3", "headers 7 3", "reset 7 8"]);
    const text = whole.messages.map(([id, { content, trailers, isComplete }]) => [
      id,
      content.toString(),
      trailers,
      isComplete,
    ]);
    expect(text).toEqual([
      [1, "", null, true],
      [3, "helloworld", null, true],
      [5, "abc", [["x-end", "yes"]], true],
      [7, "", null, false],
    ]);
    expect(told(Array.from({ length: conversation.length - 1 }, (_, i) => i + 1))).toEqual(whole);
    for (let cut = 1; cut < conversation.length; cut++) expect(told([cut]), `cut at ${cut}`).toEqual(whole);
  });

  it("tells nothing after close, and frees what was left", () => {
    const { codec, seen } = server();
    seen.onPart = () => codec.close();
    feed(
      codec,
      Buffer.concat([GREETING, headers(1, GET), headers(3, GET), headers(5, POST, 4), headers(5, [["x", "y"]])]),
    );
    expect(seen.log).toEqual(["settings", "headers 1 1"]);
    expect([codec.isDead, codec.hasControl, codec.encodeControl(bench.out, bench.room)]).toEqual([true, false, 0]);
  });

  it("lets a callback feed another connection", () => {
    const one = server();
    const other = server();
    feed(other.codec, GREETING);
    let id = 1;
    one.seen.onPart = () => {
      feed(other.codec, headers(id, GET));
      id += 2;
    };
    feed(one.codec, Buffer.concat([GREETING, headers(1, GET), headers(3, GET)]));
    expect(other.seen.messages.size).toBe(2);
    expect(one.seen.messages.size).toBe(2);
    one.codec.close();
    other.codec.close();
  });

  it("says how much content it took, and that a stream has gone", () => {
    const { codec, seen } = server();
    feed(codec, Buffer.concat([PREFACE, settings({ 4: 4 }), headers(1, GET)]));
    head(codec, 1, [[":status", "200"]], false);
    bench.core.bytes.write("hello", bench.out + 1000, "latin1");
    expect(codec.encodeData(1, bench.out + 1000, 5, true, bench.out, 900)).toBe(9 + 4);
    expect(codec.taken).toBe(4);
    feed(codec, frame(8, 0, 1, u32(10)));
    expect(seen.log.at(-1)).toBe("writable 1");
    codec.resetStream(1, 8);
    expect(codec.encodeData(1, bench.out + 1000, 1, true, bench.out, 900)).toBe(layout.ENCODE_GONE);
    expect(codec.taken).toBe(0);
    codec.close();
  });

  it("is closed only behind GOAWAY and its last stream", () => {
    const { codec } = server();
    feed(codec, Buffer.concat([GREETING, headers(1, GET)]));
    expect(codec.closeAfterResponse).toBe(false);
    codec.goaway(0, false);
    codec.goaway(0, true);
    expect(codec.closeAfterResponse).toBe(false);
    head(codec, 1, [[":status", "200"]], true);
    expect(codec.closeAfterResponse).toBe(true);
    codec.close();
  });

  it("keeps a stream whose head is too large, to be answered", () => {
    const { codec, seen } = server({ maxHeadBytes: 1000 });
    feed(codec, Buffer.concat([GREETING, headers(1, [...GET, ["x", "y".repeat(2000)]])]));
    expect(seen.log.at(-1)).toBe("error 1 head_too_large");
    expect(codec.errorStreamId).toBe(1);
    expect(describeHttp2Error(layout.H2_HEAD_TOO_LARGE).status).toBe(431);
    expect(head(codec, 1, [[":status", "431"]], true).length).toBeGreaterThan(9);
    codec.close();
  });

  it("knows every result code of the core by one name", () => {
    const codes = Object.entries(layout)
      .filter(([name]) => /^(H2_(?!OPTION|FACT|SETTINGS_[A-Z]+_|CONNECTION_[A-Z]+S?$)|HPACK_)/.test(name))
      .filter(([, value]) => typeof value === "number" && value >= 0x200 && value < 0x400)
      .map(([name, value]) => [name, value as number] as const)
      .filter(([name]) => !/(_BYTES|_MAX|_SECOND|_STREAMS|_SLOTS|STREAM_CODES|_ENTRIES|_FACTS)$/.test(name));
    for (const [name, value] of codes) expect(() => describeHttp2Error(value), name).not.toThrow();
    expect(new Set(HTTP2_ERRORS.map((error) => error.rule)).size).toBe(HTTP2_ERRORS.length);
    expect(HTTP2_ERRORS.length).toBeGreaterThan(60);
  });
});

/** Carries a codec over a socket. `write` takes what an encoder wrote. */
function attach(codec: StreamCodec, socket: Socket): { flush: () => void } {
  const flush = () => {
    const length = codec.encodeControl(bench.out, bench.room);
    if (length > 0) socket.write(output(length));
    codec.flushed();
  };
  socket.on("data", (bytes) => {
    for (let at = 0; at < bytes.length && !codec.isDead; at += 65_536) feed(codec, bytes.subarray(at, at + 65_536));
    flush();
  });
  socket.on("error", () => {});
  flush();
  return { flush };
}

/** Sends a body as windows allow, then ends. */
class Sender {
  private rest: Buffer;
  private readonly codec: StreamCodec;
  private readonly id: number;
  private readonly socket: Socket;
  private readonly trailers: readonly (readonly [string, string])[] | null;

  constructor(
    codec: StreamCodec,
    id: number,
    socket: Socket,
    body: Buffer,
    trailers: readonly (readonly [string, string])[] | null,
  ) {
    this.codec = codec;
    this.id = id;
    this.socket = socket;
    this.rest = body;
    this.trailers = trailers;
  }

  go(): void {
    while (true) {
      const piece = this.rest.subarray(0, 60_000);
      const from = bench.out + layout.OUTPUT_SLAB_BYTES;
      bench.core.bytes.set(piece, from);
      const isLast = piece.length === this.rest.length;
      const length = this.codec.encodeData(
        this.id,
        from,
        piece.length,
        isLast && this.trailers === null,
        bench.out,
        bench.room,
      );
      if (length > 0) this.socket.write(output(length));
      this.rest = this.rest.subarray(this.codec.taken);
      if (this.codec.taken < piece.length) return;
      if (isLast) break;
    }
    if (this.trailers === null) return;
    const block = bench.block(this.trailers);
    this.socket.write(output(this.codec.encodeTrailers(this.id, block, bench.out, bench.room)));
    exports.blockFree(block);
  }
}

const BIG = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));

describe("with Node's HTTP/2 on the other side", () => {
  it("serves: requests with bodies and trailers, many at once, large answers", async () => {
    const codecs: StreamCodec[] = [];
    const listener = createServer((socket) => {
      const { codec, seen } = server();
      codecs.push(codec);
      const senders = new Map<number, Sender>();
      const { flush } = attach(codec, socket);
      seen.onWritable = (id) => senders.get(id)?.go();
      seen.onMessage = (id, message) => {
        const path = message.fields.find(([name]) => name === ":path")?.[1] ?? "";
        socket.write(
          head(
            codec,
            id,
            [
              [":status", "200"],
              ["x-path", path],
              ["x-trailers", JSON.stringify(message.trailers)],
            ],
            false,
          ),
        );
        const sender = new Sender(codec, id, socket, path === "/big" ? BIG : message.content, [["x-end", path]]);
        senders.set(id, sender);
        sender.go();
        flush();
      };
    });
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    const session = connectHttp2(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`);
    const ask = (path: string, body: Buffer | null) =>
      new Promise<{ status: number; body: Buffer; end: string; sent: string }>((done, fail) => {
        const stream = session.request(
          { ":path": path, ":method": body === null ? "GET" : "POST" },
          { endStream: body === null, waitForTrailers: true },
        );
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "1" }));
        const parts: Buffer[] = [];
        let status = 0;
        let sent = "";
        let end = "";
        stream.on("response", (fields) => {
          status = fields[":status"] as number;
          sent = String(fields["x-trailers"]);
        });
        stream.on("trailers", (fields) => {
          end = String(fields["x-end"]);
        });
        stream.on("data", (part) => parts.push(part));
        stream.on("error", fail);
        stream.on("end", () => done({ status, body: Buffer.concat(parts), end, sent }));
        if (body !== null) stream.end(body);
      });
    const answers = await Promise.all([
      ask("/big", null),
      ask("/echo", BIG),
      ...Array.from({ length: 30 }, (_, i) => ask(`/${i}`, Buffer.from(`body ${i}`))),
    ]);
    expect(answers[0]).toMatchObject({ status: 200, end: "/big" });
    expect(answers[0]?.body.equals(BIG)).toBe(true);
    expect(answers[1]?.body.equals(BIG)).toBe(true);
    expect(answers[1]?.sent).toBe('[["x-checksum","1"]]');
    expect(answers.slice(2).map(({ body }) => body.toString())).toEqual(
      Array.from({ length: 30 }, (_, i) => `body ${i}`),
    );
    expect(await new Promise((done) => session.ping((error) => done(error)))).toBeNull();
    await new Promise<void>((done) => session.close(done));
    for (const codec of codecs) codec.close();
    await new Promise((done) => listener.close(done));
  });

  it("asks: many at once, bodies and trailers both ways, a reset, GOAWAY", async () => {
    const far = createHttp2Server({ settings: { initialWindowSize: 20_000 } });
    far.on("stream", (stream, fields) => {
      stream.on("error", () => {});
      if (fields[":path"] === "/reset") return stream.close(11);
      const parts: Buffer[] = [];
      stream.on("data", (part) => parts.push(part as Buffer));
      stream.on("end", () => {
        stream.additionalHeaders({ ":status": 103, link: "</a>" });
        stream.respond({ ":status": 200, "x-path": String(fields[":path"]) }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.concat(parts));
      });
    });
    await new Promise<void>((done) => far.listen(0, "127.0.0.1", done));
    let session: { goaway: () => void } | null = null;
    far.on("session", (one) => {
      session = one as never;
    });
    const socket = connectSocket((far.address() as AddressInfo).port, "127.0.0.1");
    const { codec, seen } = client();
    const senders = new Map<number, Sender>();
    seen.onWritable = (id) => senders.get(id)?.go();
    attach(codec, socket);
    const ids = Array.from({ length: 20 }, (_, i) => {
      const id = codec.startStream();
      const path = i === 3 ? "/reset" : `/${i}`;
      socket.write(
        head(
          codec,
          id,
          [
            [":method", "POST"],
            [":scheme", "http"],
            [":path", path],
            [":authority", "h"],
          ],
          false,
        ),
      );
      const sender = new Sender(codec, id, socket, BIG.subarray(0, i * 4_000), null);
      senders.set(id, sender);
      sender.go();
      return id;
    });
    await expect
      .poll(() => [...seen.messages.values()].filter((one) => one.isComplete).length, { timeout: 10_000 })
      .toBe(19);
    expect(seen.log).toContain("reset 7 11");
    for (const [i, id] of ids.entries()) {
      if (i === 3) continue;
      const message = seen.messages.get(id) as Message;
      expect(message.content.equals(BIG.subarray(0, i * 4_000)), `stream ${id}`).toBe(true);
      expect(message.trailers).toEqual([["grpc-status", "0"]]);
      expect(seen.log).toContain(`headers ${id} 103`);
    }
    expect(codec.activeStreams).toBe(0);
    expect(codec.reusable).toBe(true);
    (session as unknown as { goaway: () => void }).goaway();
    await expect.poll(() => codec.reusable, { timeout: 5_000 }).toBe(false);
    expect(codec.startStream()).toBe(0);
    socket.destroy();
    codec.close();
    await new Promise((done) => far.close(done));
  });
});

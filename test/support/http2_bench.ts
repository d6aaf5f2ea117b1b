/**
 * An HTTP/2 connection of the core, driven without sockets. It writes down events and its own frames in words that do not depend on how the bytes were cut:
 * adjacent content of a stream is one line.
 */

import { Core } from "../../host/wasm/core.ts";
import { EventRing } from "../../host/wasm/events.ts";
import { HeaderMap } from "../../host/wasm/header_view.ts";
import * as layout from "../../host/wasm/layout.gen.ts";
import { describeFrames, type Fields, frame, PREFACE, SETTINGS, settings } from "./http2_frames.ts";

export interface Settings {
  readonly options?: number;
  readonly maxHeadBytes?: number;
  readonly maxFields?: number;
  readonly maxStreams?: number;
  readonly streamWindow?: number;
  readonly connectionWindow?: number;
  readonly tableSize?: number;
  readonly maxOutboundFrames?: number;
  readonly maxOutboundControlFrames?: number;
}

const CODES = new Map(
  Object.entries(layout)
    .filter(
      ([name, value]) =>
        /^(H2|HPACK)_[A-Z_]+$/.test(name) && typeof value === "number" && value >= 0x200 && value < 0x400,
    )
    .filter(([name]) => !/_(BYTES|MAX|SECOND|STREAMS|MS|CODES|SLOTS|MARGIN)$/.test(name))
    .map(([name, value]) => [value as number, name]),
);

export class Http2Bench {
  readonly core = new Core({ seed: [3, 4] });
  readonly events = new EventRing(this.core);
  readonly out = layout.OUTPUT_SLABS_START;
  readonly room = layout.OUTPUT_SLAB_BYTES;

  server(given: Settings = {}): Http2Peer {
    return new Http2Peer(this, layout.H2_SERVER, given);
  }

  client(given: Settings = {}): Http2Peer {
    return new Http2Peer(this, layout.H2_CLIENT, given);
  }

  leaks(): [number, number, number] {
    const { exports } = this.core;
    return [exports.blocksLive(), exports.http2Live(), exports.http2StreamsLive()];
  }

  fields(block: number): [string, string][] {
    const map = new HeaderMap(this.core);
    map.attach(block);
    return [...map.entries()];
  }

  block(fields: Fields): number {
    const map = new HeaderMap(this.core);
    if (!map.create()) throw new Error("no block");
    for (const [name, value] of fields) if (!map.add(name, value)) throw new Error(`no room for ${name}`);
    return map.detach();
  }
}

export class Http2Peer {
  readonly bench: Http2Bench;
  readonly connection: number;
  now = 1000;
  /** Content is reported as consumed at once. */
  consumes = true;
  /** Every event and frame since the last `take`. */
  log: string[] = [];
  /** Frames as bytes, for a peer of our own. */
  sent: Buffer[] = [];
  /** Fields of the heads and trailers seen, by stream. */
  readonly heads = new Map<number, [string, string][][]>();
  /** Blocks are kept, and their owner is the test. */
  readonly content = new Map<number, Buffer>();
  flushes = true;
  /** Control output is taken behind every call. */
  fetches = true;

  constructor(bench: Http2Bench, kind: number, given: Settings) {
    this.bench = bench;
    const { words } = bench.core;
    const set = (offset: number, value: number) => {
      words[(layout.SCRATCH_START + offset) >> 2] = value;
    };
    set(layout.H2_SETTINGS_OPTIONS, given.options ?? 0);
    set(layout.H2_SETTINGS_MAX_HEAD_BYTES, given.maxHeadBytes ?? 60 * 1024);
    set(layout.H2_SETTINGS_MAX_FIELDS, given.maxFields ?? 100);
    set(layout.H2_SETTINGS_MAX_STREAMS, given.maxStreams ?? 100);
    set(layout.H2_SETTINGS_STREAM_WINDOW, given.streamWindow ?? 65_535);
    set(layout.H2_SETTINGS_CONNECTION_WINDOW, given.connectionWindow ?? 65_535);
    set(layout.H2_SETTINGS_TABLE_SIZE, given.tableSize ?? 4096);
    set(layout.H2_SETTINGS_MAX_OUTBOUND_FRAMES, given.maxOutboundFrames ?? 10_000);
    set(layout.H2_SETTINGS_MAX_OUTBOUND_CONTROL_FRAMES, given.maxOutboundControlFrames ?? 1_000);
    set(layout.H2_SETTINGS_MAX_EMPTY_FRAMES, 1);
    set(layout.H2_SETTINGS_MAX_PRIORITY_FRAMES, 100);
    set(layout.H2_SETTINGS_MAX_WINDOW_UPDATES, 10);
    this.connection = bench.core.exports.http2Open(kind, layout.SCRATCH_START);
    if (this.connection === 0) throw new Error("no connection");
  }

  /** The words with which connections begin, and a clean log. */
  greet(values: Readonly<Record<number, number>> = {}, isServer = true): this {
    this.feed(Buffer.concat([isServer ? PREFACE : Buffer.alloc(0), settings(values), frame(SETTINGS, 1, 0)]));
    this.take();
    return this;
  }

  /** Feeds bytes, cut at these places. */
  feed(bytes: Buffer, cuts: readonly number[] = []): this {
    const ends = [...cuts, bytes.length];
    let from = 0;
    for (const end of ends) {
      const length = Math.min(end - from, layout.READ_BUFFER_BYTES);
      for (let at = from; at < end; at += length) this.feedOne(bytes.subarray(at, Math.min(at + length, end)));
      from = end;
    }
    return this;
  }

  private feedOne(bytes: Buffer): void {
    const { core } = this.bench;
    core.bytes.fill(0xff, layout.READ_BUFFER_START + bytes.length, layout.READ_BUFFER_START + bytes.length + 64);
    core.bytes.set(bytes, layout.READ_BUFFER_START);
    this.tell(core.exports.http2Feed(this.connection, layout.READ_BUFFER_START, bytes.length, this.now));
    this.fetch();
    if (this.flushes) this.flush();
  }

  flush(): void {
    this.tell(this.bench.core.exports.http2Flushed(this.connection));
  }

  eof(): this {
    this.tell(this.bench.core.exports.http2Eof(this.connection));
    this.fetch();
    return this;
  }

  /** Takes the control output. */
  fetch(): void {
    if (!this.fetches) return;
    const { core, out, room } = this.bench;
    const length = core.exports.http2Control(this.connection, out, room);
    this.wrote(length);
  }

  wrote(length: number): number {
    if (length <= 0) return length;
    const bytes = Buffer.from(this.bench.core.bytes.subarray(this.bench.out, this.bench.out + length));
    this.sent.push(bytes);
    this.log.push(...describeFrames(bytes).map((line) => `> ${line}`));
    return length;
  }

  head(stream: number, fields: Fields, endStream = false): number {
    const block = this.bench.block(fields);
    const { exports } = this.bench.core;
    const { out, room } = this.bench;
    const length = exports.http2EncodeHeaders(this.connection, stream, block, endStream ? 1 : 0, out, room, this.now);
    exports.blockFree(block);
    return this.wrote(length);
  }

  trailers(stream: number, fields: Fields): number {
    const block = this.bench.block(fields);
    const { exports } = this.bench.core;
    const length = exports.http2EncodeTrailers(this.connection, stream, block, this.bench.out, this.bench.room);
    exports.blockFree(block);
    return this.wrote(length);
  }

  /** How much of the content was taken. */
  data(stream: number, bytes: Uint8Array, endStream = false): number {
    const { core, out, room } = this.bench;
    const from = layout.OUTPUT_SLABS_START + layout.OUTPUT_SLAB_BYTES;
    core.bytes.set(bytes, from);
    const length = core.exports.http2EncodeData(
      this.connection,
      stream,
      from,
      bytes.length,
      endStream ? 1 : 0,
      out,
      room,
    );
    if (length < 0) return length;
    const taken = core.result(0);
    this.wrote(length);
    return taken;
  }

  consumed(stream: number, bytes: number): void {
    this.bench.core.exports.http2Consumed(this.connection, stream, bytes);
    this.fetch();
  }

  reset(stream: number, error: number): void {
    this.bench.core.exports.http2Reset(this.connection, stream, error);
    this.fetch();
  }

  start(): number {
    return this.bench.core.exports.http2StartStream(this.connection);
  }

  fact(bit: number): boolean {
    const slot = this.connection & layout.H2_CONNECTION_SLOT;
    const at = layout.H2_CONNECTIONS_START + slot * layout.H2_CONNECTION_BYTES + layout.H2_CONNECTION_FACTS;
    return ((this.bench.core.words[at >> 2] as number) & bit) !== 0;
  }

  /** The log so far, emptied; WINDOW_UPDATE of our own only when asked for, as it depends on how bytes were cut. */
  take(withWindows = false): string[] {
    const lines = this.log.filter((line) => withWindows || !line.startsWith("> WINDOW"));
    this.log = [];
    return lines;
  }

  /** Frames sent since the last call, as bytes. */
  takeSent(): Buffer {
    const all = Buffer.concat(this.sent);
    this.sent = [];
    return all;
  }

  close(): void {
    this.bench.core.exports.http2Close(this.connection);
  }

  private tell(count: number): void {
    const { events, core } = this.bench;
    const records = Array.from({ length: count }, (_, i) => [events.kind(i), events.a(i), events.b(i), events.c(i)]);
    for (const [kind, a, b, c] of records as [number, number, number, number][]) {
      if (kind === layout.EVENT_HEADERS) {
        const end = (b & layout.END_STREAM) !== 0 ? " end" : "";
        this.log.push(`HEADERS ${c} ${b >>> 16}${end}`);
        this.keepFields(c, a);
      } else if (kind === layout.EVENT_DATA) {
        const length = b & 0x7fff_ffff;
        const text = core.bytes.toString("latin1", a, a + length);
        this.content.set(c, Buffer.concat([this.content.get(c) ?? Buffer.alloc(0), Buffer.from(text, "latin1")]));
        this.logData(c, text, b >>> 31 !== 0);
        if (this.consumes && length > 0) core.exports.http2Consumed(this.connection, c, length);
      } else if (kind === layout.EVENT_TRAILERS) {
        this.log.push(`TRAILERS ${c}`);
        this.keepFields(c, a);
      } else if (kind === layout.EVENT_ERROR) {
        this.log.push(`ERROR ${c} ${CODES.get(a) ?? a}`);
      } else if (kind === layout.EVENT_RESET) {
        this.log.push(`RESET ${c} ${a}`);
      } else if (kind === layout.EVENT_WRITABLE) {
        this.log.push(`WRITABLE ${c}`);
      } else if (kind === layout.EVENT_GOAWAY) {
        this.log.push(`GOAWAY ${b} ${a}`);
      } else if (kind === layout.EVENT_PING_ACK) {
        this.log.push(`PING_ACK ${a} ${b}`);
      } else {
        this.log.push("SETTINGS");
      }
    }
  }

  private keepFields(stream: number, block: number): void {
    const seen = this.heads.get(stream) ?? [];
    seen.push(this.bench.fields(block));
    this.heads.set(stream, seen);
    this.bench.core.exports.blockFree(block);
  }

  private logData(stream: number, text: string, end: boolean): void {
    const last = this.log.findLastIndex((line) => !line.startsWith("> WINDOW"));
    const before = this.log[last];
    const start = `DATA ${stream} `;
    const tail = end ? " end" : "";
    if (before?.startsWith(start) && !before.endsWith(" end")) this.log[last] = `${before}${text}${tail}`;
    else this.log.push(`${start}${text}${tail}`);
  }
}

/**
 * What the server's and the client's side of HTTP/2 share: a connection of the core (assembly/http2), and the way of its events to the
 * listener. RFC 9113.
 */

import { Http2Facts } from "../wasm/http2_facts.ts";
import {
  type CoreExports,
  ENCODE_GONE,
  EVENT_DATA,
  EVENT_ERROR,
  EVENT_GOAWAY,
  EVENT_HEADERS,
  EVENT_PING_ACK,
  EVENT_RESET,
  EVENT_SETTINGS,
  EVENT_TRAILERS,
  EVENT_WRITABLE,
  H2_FACT_DEAD,
  H2_FACT_HEAD_STARTED,
} from "../wasm/layout.gen.ts";
import type { StreamCodec, StreamListener } from "./codec.ts";
import type { PendingEvents } from "./http1_codec.ts";

/** Listens where nobody does yet. */
const NOBODY: StreamListener = {
  onHeaders() {},
  onData() {},
  onTrailers() {},
  onError() {},
  onReset() {},
  onWritable() {},
  onGoaway() {},
  onSettings() {},
  onPingAck() {},
};

/** Words of one event record: kind, a, b, c. */
const WORDS = 4;

/** Milliseconds of a clock that goes forward; only differences matter. */
export type NowMs = () => number;

export abstract class Http2Codec implements StreamCodec {
  readonly protocol = "http2";
  readonly wantsRead = true;
  listener: StreamListener = NOBODY;
  taken = 0;
  protected readonly pending: PendingEvents;
  protected readonly exports: CoreExports;
  protected readonly facts: Http2Facts;
  /** Handle of the core's connection; 0 after `close`. */
  protected connection: number;
  private readonly nowMs: NowMs;

  constructor(pending: PendingEvents, connection: number, nowMs: NowMs) {
    this.pending = pending;
    this.exports = pending.core.exports;
    this.connection = connection;
    this.facts = new Http2Facts(pending.core, connection);
    this.nowMs = nowMs;
  }

  feed(address: number, length: number): void {
    this.tell(this.exports.http2Feed(this.connection, address, length, this.now()));
  }

  feedEnd(): void {
    this.tell(this.exports.http2Eof(this.connection));
  }

  flushed(): void {
    if (this.connection !== 0) this.tell(this.exports.http2Flushed(this.connection));
  }

  get headStarted(): boolean {
    return this.connection !== 0 && this.facts.has(H2_FACT_HEAD_STARTED);
  }

  get hasControl(): boolean {
    return this.connection !== 0 && this.facts.hasControl;
  }

  get activeStreams(): number {
    return this.connection === 0 ? 0 : this.facts.openStreams;
  }

  get isDead(): boolean {
    return this.connection === 0 || this.facts.has(H2_FACT_DEAD);
  }

  encodeHeaders(
    streamId: number,
    block: number,
    endStream: boolean,
    _flags: number,
    out: number,
    room: number,
  ): number {
    if (this.connection === 0) return ENCODE_GONE;
    return this.exports.http2EncodeHeaders(this.connection, streamId, block, endStream ? 1 : 0, out, room, this.now());
  }

  encodeData(streamId: number, address: number, length: number, endStream: boolean, out: number, room: number): number {
    this.taken = 0;
    if (this.connection === 0) return ENCODE_GONE;
    const written = this.exports.http2EncodeData(
      this.connection,
      streamId,
      address,
      length,
      endStream ? 1 : 0,
      out,
      room,
    );
    this.taken = this.pending.core.result(0);
    return written;
  }

  encodeTrailers(streamId: number, block: number, out: number, room: number): number {
    if (this.connection === 0) return ENCODE_GONE;
    return this.exports.http2EncodeTrailers(this.connection, streamId, block, out, room);
  }

  encodeControl(out: number, room: number): number {
    return this.connection === 0 ? 0 : this.exports.http2Control(this.connection, out, room);
  }

  consumed(streamId: number, bytes: number): void {
    if (this.connection !== 0) this.exports.http2Consumed(this.connection, streamId, bytes);
  }

  tellWritable(): boolean {
    if (this.connection === 0) return false;
    const count = this.exports.http2TellWritable(this.connection);
    this.tell(count);
    return count > 0;
  }

  sendRoom(streamId: number): number {
    return this.connection === 0 ? 0 : this.exports.http2SendRoom(this.connection, streamId);
  }

  resetStream(streamId: number, error: number): void {
    if (this.connection !== 0) this.exports.http2Reset(this.connection, streamId, error);
  }

  goaway(error: number, final: boolean): void {
    if (this.connection !== 0) this.exports.http2Goaway(this.connection, error, final ? 1 : 0);
  }

  ping(first: number, second: number): void {
    if (this.connection !== 0) this.exports.http2Ping(this.connection, first, second);
  }

  /** Content of a CONNECT's stream is the tunnel's already (RFC 9113 8.5). */
  tunnel(_streamId: number): void {}

  close(): void {
    if (this.connection === 0) return;
    this.exports.http2Close(this.connection);
    this.connection = 0;
    this.listener = NOBODY;
  }

  private now(): number {
    return Math.trunc(this.nowMs()) >>> 0;
  }

  /** Tells the listener the first `count` events of the ring. */
  private tell(count: number): void {
    if (count === 0) return;
    const { pending } = this;
    const { ring } = pending;
    const kind = ring[0] as number;
    const a = ring[1] as number;
    const b = ring[2] as number;
    const c = ring[3] as number;
    const base = pending.pushRest(count);
    this.tellOne(kind, a, b, c);
    for (let at = base; at < base + (count - 1) * WORDS; at += WORDS) {
      const { words } = pending;
      this.tellOne(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number);
    }
    pending.pop(base);
  }

  private tellOne(kind: number, a: number, b: number, c: number): void {
    const { listener } = this;
    if (this.connection === 0) {
      // Closed by the listener: what is left has no reader, and its blocks no other owner.
      if (kind === EVENT_HEADERS || kind === EVENT_TRAILERS) this.exports.blockFree(a);
    } else if (kind === EVENT_DATA) {
      // The end is the uppermost bit.
      listener.onData(c, a, b & 0x7fff_ffff, b < 0);
    } else if (kind === EVENT_HEADERS) {
      listener.onHeaders(c, a, b & 0xffff, b >>> 16);
    } else if (kind === EVENT_WRITABLE) {
      listener.onWritable(c);
    } else if (kind === EVENT_TRAILERS) {
      listener.onTrailers(c, a);
    } else if (kind === EVENT_RESET) {
      listener.onReset(c, a >>> 0);
    } else if (kind === EVENT_ERROR) {
      this.noteError(c);
      listener.onError(c, a, b);
    } else if (kind === EVENT_GOAWAY) {
      listener.onGoaway(a >>> 0, b);
    } else if (kind === EVENT_SETTINGS) {
      listener.onSettings();
    } else if (kind === EVENT_PING_ACK) {
      listener.onPingAck(a, b);
    }
  }

  /** An error of this stream, or of the connection (0), is about to be told. */
  protected noteError(_streamId: number): void {}
}

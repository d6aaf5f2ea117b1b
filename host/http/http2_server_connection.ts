/**
 * A downstream connection that speaks HTTP/2: many streams, each an Http2Exchange.
 *
 *   SERVING --drained, used up, idle, too old--> DRAINING --drain time--> CLOSING --last stream ended--> lingering, closed
 *              GOAWAY: none is refused yet           GOAWAY: none above this one
 *
 * The two steps are Envoy's (RFC 9113 6.8): what the client sends before it hears of the first is still served.
 */

import type { StreamListener } from "../codec/codec.ts";
import { describeHttp2Error } from "../codec/http2_errors.ts";
import type { Http2ServerCodec } from "../codec/http2_server.ts";
import type { Http2Keepalive } from "../codec/http2_settings.ts";
import { writeData, writeHeaders, writeTrailers } from "../codec/writer.ts";
import type { Timer } from "../net/clock.ts";
import type { Output } from "../net/output.ts";
import type { Http2CodecStats } from "../stats/http2_codec_stats.ts";
import { DOWNSTREAM_CONNECTION_TERMINATION, DOWNSTREAM_PROTOCOL_ERROR } from "../stream_info/response_flags.ts";
import { ENCODE_NO_ROOM, H2_FLOOD_RESET, H2_NO_BLOCK, H2_NO_ERROR, H2_PROTOCOL_ERROR } from "../wasm/layout.gen.ts";
import type { Http2Exchange } from "./http2_exchange.ts";
import { codecErrorBody } from "./local_reply.ts";
import { type ConnectionParts, DRAIN_IDLE_MS, ServerConnection } from "./server_connection.ts";

/** Content of answers that all streams of one connection may keep for a client that leaves them no window. Beyond it nobody produces more, until half of it is gone. */
export const RESPONSES_HELD_MAX = 8 * 1024 * 1024;
/** The same for all connections of a worker: from there on each of them may keep RESPONSES_HELD_LEAST. */
export const RESPONSES_HELD_ALL = 128 * 1024 * 1024;
export const RESPONSES_HELD_LEAST = 512 * 1024;
/** With so much in front of the kernel content waits in its exchange. */
export const SOCKET_PENDING_MAX = 65_536;
/** With so much there, heads and acknowledgements that is, nothing more is read of a client that does not read. */
export const SOCKET_PENDING_STOP = 262_144;
/** Sockets that tell of what left only later are looked at again. */
const LOOK_AGAIN_MS = 1;

const SERVING = 0;
const DRAINING = 1;
const CLOSING = 2;

const PING_TIMEOUT = "downstream_local_disconnect(http2_ping_timeout)";

export class Http2ServerConnection extends ServerConnection implements StreamListener {
  readonly codec: Http2ServerCodec;
  private readonly codecStats: Http2CodecStats;
  private readonly exchanges = new Map<number, Http2Exchange>();
  /** In the order in which they came: those whose content waits for the socket. */
  private readonly line = new Set<Http2Exchange>();
  private phase = SERVING;
  private requests = 0;
  private lastStreamId = 0;
  /** Bytes of answers that are kept. */
  private heldBytes = 0;
  isFull = false;
  /** Events are being told: control frames wait for their end. */
  private isReading = false;
  /** All streams were ended at once, and the connection ends with them. */
  private isEnding = false;
  private isReadPaused = false;
  /** Something was written since the codec was told that what was written has left. */
  private isUnflushed = false;
  /** The rule for which the connection ends; 0: none is broken. */
  private fault = 0;
  private drainTimer: Timer | null = null;
  private lookTimer: Timer | null = null;
  private readonly keepalive: Http2Keepalive | null;
  private readonly keepaliveTimer: Timer | null;
  private awaitsPing = false;

  constructor(parts: ConnectionParts, codec: Http2ServerCodec) {
    super(parts);
    const { manager, worker } = parts;
    this.codec = codec;
    this.codecStats = worker.http2.stats;
    codec.listener = this;
    manager.stats.cxHttp2Total.inc();
    manager.stats.cxHttp2Active.inc();
    this.keepalive = manager.http2.keepalive ?? null;
    this.keepaliveTimer = this.keepalive === null ? null : worker.timers.timer(this);
    this.schedulePing();
    this.writeControl();
  }

  /** Answers what is there and what is on its way. */
  drain(): void {
    this.beginDrain(DRAIN_IDLE_MS);
    this.worker.turn.endSoon();
  }

  // --- the socket ------------------------------------------------------------------------------------------------------

  onRead(address: number, length: number): void {
    if (this.isLingering) return;
    this.received(length);
    if (this.awaitsPing) this.keepaliveTimer?.start(this.keepalive?.timeoutMs ?? 0);
    // From here on: what ends meanwhile must not close the codec under the bytes that are to be read.
    this.isReading = true;
    this.settleWritten();
    this.codec.feed(address, length);
    this.isReading = false;
    this.afterEvents();
    this.worker.turn.endRead();
  }

  /** A client of HTTP/2 that says no more does not listen either. */
  onEnd(): void {
    this.peerEnded = true;
    if (this.isLingering) this.close(false);
    else this.disconnected();
    this.worker.turn.end();
  }

  onDrain(): void {
    if (!this.isLingering && !this.isClosed) {
      if (this.isReadPaused) {
        this.isReadPaused = false;
        this.socket.resumeReading();
      }
      this.settleWritten();
      for (const exchange of this.line) {
        if (this.isBlocked) break;
        this.line.delete(exchange);
        exchange.sendHeld();
      }
      this.useWindows();
      this.writeControl();
    }
    this.worker.turn.end();
  }

  /** Who has something to say finds out by itself. */
  onOutputBlocked(): void {}

  override onTimer(timer: Timer): void {
    if (timer === this.drainTimer) {
      this.endDrain();
    } else if (timer === this.keepaliveTimer) {
      this.onKeepaliveTimer();
    } else if (timer === this.lookTimer) {
      this.settleWritten();
      this.useWindows();
    } else {
      super.onTimer(timer);
      return;
    }
    this.worker.turn.end();
  }

  protected onHeadersTimeout(): void {
    this.endDrain();
  }

  protected onDurationReached(): void {
    this.beginDrain(this.manager.timeouts.drainMs);
  }

  protected onIdle(): void {
    this.manager.stats.cxIdleTimeout.inc();
    this.beginDrain(this.manager.timeouts.drainMs);
  }

  // --- the codec -------------------------------------------------------------------------------------------------------

  onHeaders(streamId: number, block: number, flags: number, method: number): void {
    this.open(streamId).onHeaders(block, flags, method);
    this.countRequest();
  }

  onData(streamId: number, address: number, length: number, endStream: boolean): void {
    this.exchanges.get(streamId)?.onData(address, length, endStream);
  }

  onTrailers(streamId: number, block: number): void {
    this.codecStats.trailers.inc();
    const exchange = this.exchanges.get(streamId);
    if (exchange === undefined) this.worker.core.exports.blockFree(block);
    else exchange.onTrailers(block);
  }

  onReset(streamId: number, error: number): void {
    this.codecStats.rxReset.inc();
    this.exchanges.get(streamId)?.onReset(error);
  }

  onError(streamId: number, code: number): void {
    const { details, isMessage, stat, status } = describeHttp2Error(code);
    this.codecStats.broken(stat);
    if (streamId === 0) {
      this.fault = code;
      return;
    }
    const isNew = streamId > this.lastStreamId;
    this.lastStreamId = Math.max(this.lastStreamId, streamId);
    if (isNew && isMessage) this.open(streamId).onHeadLost();
    if (isNew && status !== 0) {
      // The core has left the stream open for the answer.
      this.exchanges.get(streamId)?.refuse(status, codecErrorBody(status), details);
      return;
    }
    this.codecStats.txReset.inc();
    this.exchanges.get(streamId)?.onError(details);
    if (isMessage && this.manager.http2.streamErrorOnInvalidMessage === false) this.fault = code;
  }

  onWritable(streamId: number): void {
    this.exchanges.get(streamId)?.sendHeld();
  }

  /** The client takes no pushed streams, of which there are none. */
  onGoaway(): void {}

  onSettings(): void {}

  onPingAck(): void {
    this.awaitsPing = false;
    this.schedulePing();
  }

  // --- the exchanges ---------------------------------------------------------------------------------------------------

  /** The socket has more before it than the kernel takes: `onDrain` follows. */
  get isBlocked(): boolean {
    return this.socket.aboveHighWatermark && this.socket.pendingBytes >= SOCKET_PENDING_MAX;
  }

  waitForDrain(exchange: Http2Exchange): void {
    this.line.add(exchange);
  }

  /** So much more content of answers is kept, or less. */
  keeps(bytes: number): void {
    if (bytes === 0) return;
    this.heldBytes += bytes;
    this.codecStats.pendingSendBytes.add(bytes);
    const { http2 } = this.worker;
    http2.heldBytes += bytes;
    const most = http2.heldBytes > RESPONSES_HELD_ALL ? RESPONSES_HELD_LEAST : RESPONSES_HELD_MAX;
    const wasFull = this.isFull;
    if (this.heldBytes > most) this.isFull = true;
    else if (this.heldBytes <= most / 2) this.isFull = false;
    if (wasFull !== this.isFull) for (const exchange of this.exchanges.values()) exchange.settleBlocked();
  }

  /** Before each final head: the client is asked to leave when it had better. */
  beforeHead(): void {
    const { manager, worker } = this;
    if (this.phase !== SERVING) return;
    if (worker.isDraining) {
      manager.stats.cxDrainClose.inc();
      this.beginDrain(manager.timeouts.drainMs);
    } else if (worker.overload.disablesKeepalive) {
      manager.stats.cxOverloadDisableKeepalive.inc();
      this.beginDrain(manager.timeouts.drainMs);
    }
  }

  writeHead(streamId: number, block: number, endStream: boolean): number {
    this.writeControl();
    return this.wrote(writeHeaders(this.output(), this, this.codec, streamId, block, endStream, 0));
  }

  writeData(streamId: number, address: number, length: number, endStream: boolean): number {
    return this.wrote(writeData(this.output(), this, this.codec, streamId, address, length, endStream));
  }

  /** An empty trailer section means nothing, and is the plain end, as in Envoy. */
  writeTrailers(streamId: number, block: number): number {
    if (this.worker.core.exports.headerCount(block) === 0) return this.writeData(streamId, 0, 0, true);
    return this.wrote(writeTrailers(this.output(), this, this.codec, streamId, block));
  }

  writeContinue(streamId: number): number {
    const output = this.output();
    const write = () => this.codec.encodeContinue(streamId, output.room(this), output.space);
    let length = write();
    if (length === ENCODE_NO_ROOM) {
      output.flush();
      length = write();
    }
    output.commit(Math.max(length, 0));
    return this.wrote(Math.max(length, 0));
  }

  consumed(streamId: number, bytes: number): void {
    this.codec.consumed(streamId, bytes);
    if (!this.isReading) this.writeControl();
  }

  reset(streamId: number, error: number): void {
    this.codecStats.txReset.inc();
    this.codec.resetStream(streamId, error);
    if (!this.isReading) this.writeControl();
  }

  /** A stream has content left although its windows are open: what stops it are frames that have not left yet. */
  sendMore(streamId: number): void {
    if (this.codec.sendRoom(streamId) === 0) return;
    this.worker.turn.output.flush();
    this.settleWritten();
    if (!this.isUnflushed || this.socket.aboveHighWatermark) return;
    this.lookTimer ??= this.worker.timers.timer(this);
    this.lookTimer.start(LOOK_AGAIN_MS);
  }

  /** An answer was complete, and the client did not take it in time. */
  countFlushTimeout(): void {
    this.codecStats.txFlushTimeout.inc();
  }

  onExchangeEnd(exchange: Http2Exchange, streamId: number): void {
    this.exchanges.delete(streamId);
    this.line.delete(exchange);
    this.codecStats.streamsActive.dec();
    this.worker.turn.retire(exchange);
    if (this.exchanges.size === 0 && !this.isReading) this.whenQuiet();
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  private open(streamId: number): Http2Exchange {
    this.idleTimer.stop();
    this.lastStreamId = Math.max(this.lastStreamId, streamId);
    const exchange = this.worker.http2.take();
    exchange.open(this, streamId);
    this.exchanges.set(streamId, exchange);
    this.codecStats.streamsActive.inc();
    return exchange;
  }

  private countRequest(): void {
    const { maxRequestsPerConnection, stats, timeouts } = this.manager;
    if (maxRequestsPerConnection === 0 || ++this.requests < maxRequestsPerConnection || this.phase !== SERVING) return;
    stats.cxMaxRequestsReached.inc();
    this.beginDrain(timeouts.drainMs);
  }

  /** Behind everything that was told in one go. */
  private afterEvents(): void {
    if (this.isClosed) return;
    if (this.fault !== 0 || this.codec.isDead) {
      this.fail();
      return;
    }
    this.watchHead(this.codec.headStarted);
    this.useWindows();
    this.writeControl();
    if (!this.isReadPaused && this.socket.aboveHighWatermark && this.socket.pendingBytes > SOCKET_PENDING_STOP) {
      this.isReadPaused = true;
      this.socket.pauseReading();
    }
    if (this.exchanges.size === 0) this.whenQuiet();
  }

  /** No stream is open. */
  private whenQuiet(): void {
    if (this.isLingering || this.isEnding || this.isClosed) return;
    if (this.phase === CLOSING) this.closeGently();
    else if (this.phase === SERVING && !this.idleTimer.isArmed) this.startIdleTimer();
  }

  /** The client broke a rule of the connection: it hears which, and that is all. */
  private fail(): void {
    const { details, isFlood } = describeHttp2Error(this.fault || H2_NO_BLOCK);
    const { stats } = this.manager;
    if (!isFlood) stats.cxProtocolError.inc();
    if (this.fault === H2_FLOOD_RESET) stats.rqTooManyPrematureResets.inc();
    this.endWith(DOWNSTREAM_PROTOCOL_ERROR, details);
    if (!this.codec.isDead) this.codec.goaway(H2_PROTOCOL_ERROR, true);
    this.codecStats.goawaySent.inc();
    this.writeControl();
    this.closeGently();
  }

  private beginDrain(ms: number): void {
    if (this.phase !== SERVING || this.isClosed || this.isLingering) return;
    this.phase = DRAINING;
    this.idleTimer.stop();
    this.codec.goaway(H2_NO_ERROR, false);
    if (!this.isReading) this.writeControl();
    this.drainTimer ??= this.worker.timers.timer(this);
    this.drainTimer.start(Math.max(ms, 1));
  }

  private endDrain(): void {
    if (this.phase === CLOSING || this.isClosed || this.isLingering) return;
    this.phase = CLOSING;
    this.codec.goaway(H2_NO_ERROR, true);
    this.codecStats.goawaySent.inc();
    this.writeControl();
    if (this.exchanges.size === 0) this.whenQuiet();
  }

  /** Where this connection is about to write: the codec wants to hear when that has left. */
  private output(): Output {
    const { output } = this.worker.turn;
    this.isUnflushed = true;
    return output;
  }

  /** What this side has to say by itself. */
  private writeControl(): void {
    const { codec } = this;
    if (!codec.hasControl) return;
    const output = this.output();
    let length = codec.encodeControl(output.room(this), output.space);
    if (length === ENCODE_NO_ROOM) {
      output.flush();
      length = codec.encodeControl(output.room(this), output.space);
    }
    if (length === ENCODE_NO_ROOM) throw new Error("control frames are longer than a slab");
    output.commit(length);
    this.wrote(length);
  }

  /** Who was told that there is a window may have wanted less of it, or be gone: the rest is for those behind. */
  private useWindows(): void {
    while (this.heldBytes > 0 && !this.isBlocked && this.codec.tellWritable());
  }

  /** Tells the codec that what was written has left, where it has. */
  private settleWritten(): void {
    if (!this.isUnflushed || this.socket.pendingBytes > 0 || this.worker.turn.output.holds(this)) return;
    this.isUnflushed = false;
    this.codec.flushed();
  }

  private schedulePing(): void {
    const { keepalive } = this;
    if (keepalive === null || keepalive.intervalMs === 0) return;
    const jitter = keepalive.jitterMs >= 1 ? this.worker.random() % Math.trunc(keepalive.jitterMs) : 0;
    this.keepaliveTimer?.start(keepalive.intervalMs + jitter);
  }

  private onKeepaliveTimer(): void {
    if (this.isLingering || this.keepalive === null) return;
    if (this.awaitsPing) {
      this.codecStats.keepaliveTimeout.inc();
      this.close(true, this.endStreams(PING_TIMEOUT));
      return;
    }
    this.awaitsPing = true;
    this.codec.ping(this.worker.random(), this.worker.random());
    this.writeControl();
    this.keepaliveTimer?.start(this.keepalive.timeoutMs);
  }

  protected endStreams(details: string): boolean {
    return this.endWith(DOWNSTREAM_CONNECTION_TERMINATION, details);
  }

  private endWith(flags: number, details: string): boolean {
    this.isEnding = true;
    const hadAny = this.exchanges.size > 0;
    for (const exchange of [...this.exchanges.values()]) exchange.onConnectionGone(flags, details);
    return hadAny;
  }

  protected onLinger(): void {
    this.line.clear();
    this.keepaliveTimer?.stop();
    this.drainTimer?.stop();
    if (!this.isReadPaused) return;
    this.isReadPaused = false;
    this.socket.resumeReading();
  }

  protected onGone(): void {
    this.codec.close();
    this.drainTimer?.release();
    this.lookTimer?.release();
    this.keepaliveTimer?.release();
    this.manager.stats.cxHttp2Active.dec();
  }
}

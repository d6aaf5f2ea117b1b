/**
 * One connection to a host of a cluster, HTTP/2: carries many exchanges at a time.
 *
 *   connecting --onConnect--> open --drained: GOAWAY, too many requests, too old, its pool ends--> draining --last exchange over--> closed
 *        \____________________/ \________ close, a broken rule, no answer to PING _______________________/
 */

import type { StreamListener } from "../codec/codec.ts";
import type { Http2ClientCodec } from "../codec/http2_client.ts";
import { describeHttp2Error } from "../codec/http2_errors.ts";
import type { Http2Settings } from "../codec/http2_settings.ts";
import { writeData, writeHeaders, writeTrailers } from "../codec/writer.ts";
import type { Timer, TimerOwner } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import { NO_PLACE, type OutputTarget } from "../net/output.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import type { Http2CodecStats } from "../stats/http2_codec_stats.ts";
import {
  ENCODE_NO_ROOM,
  H2_CONNECT_ERROR,
  H2_NO_ERROR,
  H2_PROTOCOL_ERROR,
  H2_REFUSED_STREAM,
} from "../wasm/layout.gen.ts";
import type { Http2Exchange } from "./http2_exchange.ts";
import { Http2Keepalive, type PingedConnection } from "./http2_keepalive.ts";
import type { ConnectionPool, PooledConnection } from "./pooled_connection.ts";
import {
  RESET_CONNECT_ERROR,
  RESET_CONNECTION_TERMINATION,
  RESET_PROTOCOL_ERROR,
  RESET_REMOTE,
  RESET_REMOTE_REFUSED,
  type ResetReason,
} from "./reset_reason.ts";
import type { UpstreamExchange, UpstreamStream } from "./upstream_exchange.ts";
import type { UpstreamWorker } from "./upstream_worker.ts";

/** Streams that a peer is taken to allow before it has said so: no fewer, says RFC 9113 6.5.2, and others think the same. */
const STREAMS_BEFORE_SETTINGS = 100;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

export class Http2Connection
  implements PooledConnection, PingedConnection, SocketOwner, StreamListener, OutputTarget, TimerOwner
{
  readonly id: number;
  readonly pool: ConnectionPool;
  readonly codec: Http2ClientCodec;
  readonly http2Stats: Http2CodecStats;
  readonly startMs: number;
  socket!: Socket;
  requests = 0;
  outputPlace = NO_PLACE;
  isReady = false;
  /** The kernel does not take our bytes: content waits where it is. */
  isOutputBlocked = false;
  /** The peer's SETTINGS have come. */
  isGreeted = false;
  private readonly settings: Http2Settings;
  private state = CONNECTING;
  private isDraining = false;
  private closedLocally = false;
  /** Those that have begun, also such as have no stream yet. */
  private active = 0;
  private readonly exchanges = new Map<number, Http2Exchange>();
  private waitingForSettings = new Set<Http2Exchange>();
  private waitingForDrain = new Set<Http2Exchange>();
  /** Events are being told: what an end leads to comes behind them. */
  private isTelling = false;
  private mayCarryMore = false;
  /** Exchanges that the pool counts on once the peer's SETTINGS are there. */
  private promised = 0;
  private readonly timer: Timer;
  private readonly durationTimer: Timer | null;
  private keepalive: Http2Keepalive | null = null;

  constructor(
    id: number,
    pool: ConnectionPool,
    codec: Http2ClientCodec,
    settings: Http2Settings,
    http2Stats: Http2CodecStats,
  ) {
    const { cluster, worker } = pool;
    this.id = id;
    this.pool = pool;
    this.codec = codec;
    this.settings = settings;
    this.http2Stats = http2Stats;
    codec.listener = this;
    this.startMs = worker.clock.now();
    this.timer = worker.timers.timer(this);
    if (cluster.connectTimeoutMs > 0) this.timer.start(cluster.connectTimeoutMs);
    this.durationTimer = cluster.maxConnectionDurationMs > 0 ? worker.timers.timer(this) : null;
    cluster.stats.cxHttp2Total.inc();
  }

  get worker(): UpstreamWorker {
    return this.pool.worker;
  }

  // --- the pool --------------------------------------------------------------------------------------------------------

  get isConnecting(): boolean {
    return this.state === CONNECTING;
  }

  get expectedExchanges(): number {
    const { maxRequestsPerConnection: most } = this.pool.cluster;
    const { maxConcurrentStreams } = this.settings;
    return most > 0 ? Math.min(most, maxConcurrentStreams) : maxConcurrentStreams;
  }

  get freeExchanges(): number {
    if (this.state !== OPEN || this.isDraining) return 0;
    const { maxRequestsPerConnection: most } = this.pool.cluster;
    const allowed = this.isGreeted ? this.codec.streamsAllowed : STREAMS_BEFORE_SETTINGS;
    const free = Math.min(this.settings.maxConcurrentStreams, allowed) - this.active;
    return Math.max(most > 0 ? Math.min(free, most - this.requests) : free, 0);
  }

  openExchange(stream: UpstreamStream): UpstreamExchange {
    const { stats, maxRequestsPerConnection: most } = this.pool.cluster;
    if (this.active++ === 0) this.timer.stop();
    this.requests++;
    if (most > 0 && this.requests >= most && !this.isDraining) {
      stats.cxMaxRequests.inc();
      this.isDraining = true;
    }
    this.http2Stats.streamsActive.inc();
    this.keepalive?.onRequest();
    const exchange = this.worker.http2Upstream.take();
    exchange.begin(this, stream);
    return exchange;
  }

  drain(): void {
    if (this.isDraining && this.active > 0) return;
    this.isDraining = true;
    this.pool.onLimited(this);
    this.promise(0);
    this.afterEvents();
  }

  close(): void {
    if (this.state === CLOSED) return;
    this.closedLocally = true;
    this.end(RESET_CONNECTION_TERMINATION, "");
  }

  // --- exchanges -------------------------------------------------------------------------------------------------------

  /** Opens the stream of an exchange; the bytes on the wire, 0: it cannot be. */
  writeHead(exchange: Http2Exchange, block: number, endStream: boolean): number {
    const { codec } = this;
    const streamId = this.state === OPEN ? codec.startStream() : 0;
    if (streamId === 0) return 0;
    const written = writeHeaders(this.worker.turn.output, this, codec, streamId, block, endStream, 0);
    if (written === 0) return 0;
    exchange.streamId = streamId;
    this.exchanges.set(streamId, exchange);
    return this.wrote(written);
  }

  writeData(streamId: number, address: number, length: number, endStream: boolean): number {
    return this.wrote(writeData(this.worker.turn.output, this, this.codec, streamId, address, length, endStream));
  }

  writeTrailers(streamId: number, block: number): number {
    return this.wrote(writeTrailers(this.worker.turn.output, this, this.codec, streamId, block));
  }

  resetStream(streamId: number, error: number): void {
    if (this.state === CLOSED) return;
    this.pool.cluster.stats.rqTxReset.inc();
    this.http2Stats.txReset.inc();
    this.codec.resetStream(streamId, error);
    this.writeControl();
  }

  consumed(streamId: number, bytes: number): void {
    if (this.state === CLOSED) return;
    this.codec.consumed(streamId, bytes);
    this.writeControl();
  }

  /** Content has not found a window. Where it was the number of frames that nobody has seen leave, it finds one now. */
  flushForWindow(): void {
    if (this.isOutputBlocked) return;
    this.worker.turn.output.flush();
    if (!this.isOutputBlocked) this.codec.flushed();
  }

  /** Who was told that there is a window may have wanted less of it, or be gone: the rest is for those behind, whom no frame may tell. */
  private useWindows(): void {
    while (!this.isOutputBlocked && this.codec.tellWritable());
  }

  waitForDrain(exchange: Http2Exchange): void {
    this.waitingForDrain.add(exchange);
  }

  waitForSettings(exchange: Http2Exchange): void {
    this.waitingForSettings.add(exchange);
  }

  onExchangeEnd(exchange: Http2Exchange): void {
    if (exchange.streamId !== 0) this.exchanges.delete(exchange.streamId);
    else this.waitingForSettings.delete(exchange);
    this.waitingForDrain.delete(exchange);
    this.active--;
    this.http2Stats.streamsActive.dec();
    this.pool.onStreamEnd();
    this.mayCarryMore = true;
    if (!this.isTelling) this.afterEvents();
  }

  // --- the socket ------------------------------------------------------------------------------------------------------

  onConnect(): void {
    const { pool, settings } = this;
    this.state = OPEN;
    this.timer.stop();
    this.durationTimer?.start(pool.cluster.maxConnectionDurationMs);
    if (settings.keepalive) this.keepalive = new Http2Keepalive(this, settings.keepalive);
    this.promise(Math.max(this.expectedExchanges - STREAMS_BEFORE_SETTINGS, 0));
    pool.onConnected(this);
    this.afterEvents();
    this.worker.turn.end();
  }

  onRead(address: number, length: number): void {
    this.pool.cluster.stats.cxRxBytes.add(length);
    this.keepalive?.onRead();
    this.isTelling = true;
    if (!this.isOutputBlocked) this.codec.flushed();
    this.codec.feed(address, length);
    this.useWindows();
    this.isTelling = false;
    this.afterEvents();
    this.worker.turn.endRead();
  }

  onEnd(): void {
    this.end(RESET_CONNECTION_TERMINATION, "");
    this.worker.turn.end();
  }

  onDrain(): void {
    this.isOutputBlocked = false;
    this.isTelling = true;
    this.codec.flushed();
    const waiting = this.waitingForDrain;
    this.waitingForDrain = new Set();
    for (const exchange of waiting) exchange.sendWaiting();
    this.useWindows();
    this.isTelling = false;
    this.afterEvents();
    this.worker.turn.end();
  }

  onClose(reason: CloseReason): void {
    if (this.state === CLOSED) return;
    if (this.state === CONNECTING) {
      this.closed(false);
      this.pool.onConnectFailed(reason);
    } else {
      this.end(RESET_CONNECTION_TERMINATION, "");
    }
    this.worker.turn.end();
  }

  onOutputBlocked(): void {
    this.isOutputBlocked = true;
  }

  onOutputStarved(): void {
    this.socket.reset();
  }

  onTimer(timer: Timer): void {
    const { stats } = this.pool.cluster;
    if (timer === this.durationTimer) {
      stats.cxMaxDurationReached.inc();
      this.drain();
    } else if (this.state === CONNECTING) {
      stats.cxConnectTimeout.inc();
      this.closedLocally = true;
      this.socket.close();
      this.closed(false);
      this.pool.onConnectFailed(null);
    } else if (this.active === 0) {
      stats.cxIdleTimeout.inc();
      this.close();
    }
    this.worker.turn.end();
  }

  // --- the codec -------------------------------------------------------------------------------------------------------

  onHeaders(streamId: number, block: number, flags: number, status: number): void {
    const exchange = this.exchanges.get(streamId);
    if (exchange === undefined) this.worker.core.exports.blockFree(block);
    else exchange.onHeaders(block, flags, status);
  }

  onData(streamId: number, address: number, length: number, endStream: boolean): void {
    this.exchanges.get(streamId)?.onData(address, length, endStream);
  }

  onTrailers(streamId: number, block: number): void {
    this.http2Stats.trailers.inc();
    const exchange = this.exchanges.get(streamId);
    if (exchange === undefined) this.worker.core.exports.blockFree(block);
    else exchange.onTrailers(block);
  }

  onError(streamId: number, code: number): void {
    const { details, stat } = describeHttp2Error(code);
    this.http2Stats.broken(stat);
    if (streamId !== 0 && this.settings.streamErrorOnInvalidMessage !== false) {
      this.http2Stats.txReset.inc();
      this.pool.cluster.stats.rqTxReset.inc();
      this.exchanges.get(streamId)?.onGone(RESET_PROTOCOL_ERROR, details);
      return;
    }
    if (streamId !== 0) this.codec.goaway(H2_PROTOCOL_ERROR, true);
    this.pool.cluster.stats.cxProtocolError.inc();
    this.closedLocally = true;
    this.end(RESET_PROTOCOL_ERROR, details);
  }

  onReset(streamId: number, error: number): void {
    const { stats } = this.pool.cluster;
    this.http2Stats.rxReset.inc();
    const reason = reasonOf(error);
    const exchange = this.exchanges.get(streamId);
    if (exchange?.hasAnswer && error === H2_NO_ERROR) stats.rqRxResetNoError.inc();
    else if (reason === RESET_REMOTE) stats.rqRxReset.inc();
    exchange?.onGone(reason, "");
  }

  onWritable(streamId: number): void {
    this.exchanges.get(streamId)?.sendWaiting();
  }

  onGoaway(): void {
    this.pool.cluster.stats.cxCloseNotify.inc();
    this.isDraining = true;
    this.pool.onLimited(this);
    this.promise(0);
  }

  onSettings(): void {
    this.isGreeted = true;
    this.pool.onLimited(this);
    this.pool.onReleased(this);
    this.promise(0);
    const waiting = this.waitingForSettings;
    this.waitingForSettings = new Set();
    for (const exchange of waiting) exchange.onSettings();
  }

  onPingAck(): void {}

  ping(first: number, second: number): void {
    this.codec.ping(first, second);
    this.writeControl();
  }

  onKeepaliveTimeout(): void {
    this.http2Stats.keepaliveTimeout.inc();
    this.closedLocally = true;
    this.end(RESET_CONNECTION_TERMINATION, "http2.ping_timeout");
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  private promise(exchanges: number): void {
    const change = exchanges - this.promised;
    this.promised = exchanges;
    if (change !== 0) this.pool.onPromised(change);
  }

  private wrote(length: number): number {
    this.pool.cluster.stats.cxTxBytes.add(length);
    return length;
  }

  /** What the connection itself has to say; behind all events, when they are being told. */
  private writeControl(): void {
    const { codec } = this;
    if (this.isTelling || this.state !== OPEN || !codec.hasControl) return;
    const { output } = this.worker.turn;
    let length = codec.encodeControl(output.room(this), output.space);
    if (length === ENCODE_NO_ROOM) {
      output.flush();
      length = codec.encodeControl(output.room(this), output.space);
    }
    output.commit(this.wrote(length));
  }

  private afterEvents(): void {
    if (this.state !== OPEN || this.isTelling) return;
    if (this.mayCarryMore) {
      this.mayCarryMore = false;
      this.pool.onReleased(this);
    }
    // That may have ended it, or begun something.
    if (this.state !== OPEN) return;
    if (this.active > 0) {
      this.writeControl();
    } else if (this.isDraining) {
      this.close();
    } else {
      this.writeControl();
      const { idleTimeoutMs } = this.pool.cluster;
      if (idleTimeoutMs > 0 && !this.timer.isArmed) this.timer.start(idleTimeoutMs);
    }
  }

  /** The connection ends now; exchanges under way are told why, save those that have their whole answer. */
  private end(reason: ResetReason, details: string): void {
    if (this.state === CLOSED) return;
    const { output } = this.worker.turn;
    this.isTelling = false;
    this.writeControl();
    output.flush();
    this.socket.close();
    const lost = [...this.exchanges.values(), ...this.waitingForSettings].filter(({ hasAnswer }) => !hasAnswer);
    const { stats } = this.pool.cluster;
    // What Envoy counts for each of them.
    const isTermination = reason === RESET_CONNECTION_TERMINATION;
    (isTermination ? stats.rqPendingFailureEject : stats.rqTxReset).add(lost.length);
    this.closed(isTermination && lost.length > 0);
    for (const exchange of lost) exchange.onGone(reason, details);
  }

  private closed(withRequest: boolean): void {
    const wasConnecting = this.state === CONNECTING;
    this.state = CLOSED;
    this.timer.release();
    this.durationTimer?.release();
    this.keepalive?.end();
    this.codec.close();
    this.promise(0);
    this.pool.onClosed(this, wasConnecting, this.closedLocally, withRequest);
  }
}

function reasonOf(error: number): ResetReason {
  if (error === H2_REFUSED_STREAM) return RESET_REMOTE_REFUSED;
  return error === H2_CONNECT_ERROR ? RESET_CONNECT_ERROR : RESET_REMOTE;
}

/**
 * One connection to a host of a cluster, HTTP/1: carries one exchange at a time and goes back to its pool between them.
 *
 *   connecting --onConnect--> idle --attach--> busy --answer complete--> idle ...
 *        \___________\____________\______________\____ close ____> closed
 */

import type { ClientCodec, CodecListener } from "../codec/codec.ts";
import { describeError, isCutShort } from "../codec/http1_errors.ts";
import { writeData, writeHeaders, writeTrailers } from "../codec/writer.ts";
import type { Timer, TimerOwner } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import { NO_PLACE, type Output, type OutputTarget } from "../net/output.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import { PROTOCOL_HTTP11 } from "../stream_info/stream_info.ts";
import type { ConnectionPool, PooledConnection } from "./pooled_connection.ts";
import { RESET_CONNECTION_TERMINATION, RESET_PROTOCOL_ERROR, type ResetReason } from "./reset_reason.ts";
import type { UpstreamExchange, UpstreamStream } from "./upstream_exchange.ts";

const CONNECTING = 0;
const IDLE = 1;
const BUSY = 2;
const CLOSED = 3;

export class Http1Connection
  implements PooledConnection, UpstreamExchange, SocketOwner, CodecListener, OutputTarget, TimerOwner
{
  readonly id: number;
  readonly pool: ConnectionPool;
  readonly codec: ClientCodec;
  readonly startMs: number;
  socket!: Socket;
  /** The exchange under way. */
  stream: UpstreamStream | null = null;
  streamId = 0;
  outputPlace = NO_PLACE;
  /** Exchanges so far. */
  requests = 0;
  isReady = false;
  readonly expectedExchanges = 1;
  readonly protocol = PROTOCOL_HTTP11;
  /** Set when this connection shall not carry another exchange. */
  private isDraining = false;
  private state = CONNECTING;
  private readonly timer: Timer;
  private readonly durationTimer: Timer | null;
  private closedLocally = false;
  /** Inside `codec.feed`: the exchange's end is acted upon after it returned. */
  private isReading = false;
  private answered = false;
  /** The exchange wants no more of the answer now. */
  private isPaused = false;

  constructor(id: number, pool: ConnectionPool, codec: ClientCodec) {
    this.id = id;
    this.pool = pool;
    this.codec = codec;
    codec.listener = this;
    this.startMs = pool.worker.clock.now();
    this.timer = pool.worker.timers.timer(this);
    const { connectTimeoutMs, maxConnectionDurationMs, stats } = pool.cluster;
    if (connectTimeoutMs > 0) this.timer.start(connectTimeoutMs);
    this.durationTimer = maxConnectionDurationMs > 0 ? pool.worker.timers.timer(this) : null;
    stats.cxHttp1Total.inc();
  }

  get isConnecting(): boolean {
    return this.state === CONNECTING;
  }

  get freeExchanges(): number {
    return this.state === IDLE && !this.isDraining ? 1 : 0;
  }

  openExchange(stream: UpstreamStream): UpstreamExchange {
    this.stream = stream;
    this.state = BUSY;
    this.answered = false;
    this.requests++;
    this.streamId = this.codec.startStream();
    this.timer.stop();
    return this;
  }

  /** HTTP/1 cannot cancel one exchange, so the connection ends with it. */
  detach(): void {
    this.exchangeEnds();
    this.close();
  }

  writeHead(block: number, endStream: boolean): number {
    return this.wrote(writeHeaders(this.output, this, this.codec, this.streamId, block, endStream, 0));
  }

  writeData(address: number, length: number, endStream: boolean): number {
    return this.wrote(writeData(this.output, this, this.codec, this.streamId, address, length, endStream));
  }

  writeTrailers(block: number): number {
    return this.wrote(writeTrailers(this.output, this, this.codec, this.streamId, block));
  }

  get isBlocked(): boolean {
    return this.socket.aboveHighWatermark;
  }

  pauseReading(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pauseReading();
  }

  resumeReading(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.socket.resumeReading();
  }

  tunnel(): void {
    this.codec.tunnel(this.streamId);
  }

  private get output(): Output {
    return this.pool.worker.turn.output;
  }

  private wrote(length: number): number {
    this.pool.cluster.stats.cxTxBytes.add(length);
    return length;
  }

  drain(): void {
    this.isDraining = true;
    this.pool.onLimited(this);
    if (this.state === IDLE) this.close();
  }

  close(): void {
    if (this.state === CLOSED) return;
    this.closedLocally = true;
    this.pool.worker.turn.output.flush();
    this.socket.close();
    this.closed();
  }

  // --- the socket ------------------------------------------------------------------------------------------------------

  onConnect(): void {
    this.durationTimer?.start(this.pool.cluster.maxConnectionDurationMs);
    this.becomeIdle();
    this.pool.onConnected(this);
    this.pool.worker.turn.end();
  }

  onRead(address: number, length: number): void {
    const { worker, cluster } = this.pool;
    cluster.stats.cxRxBytes.add(length);
    this.isReading = true;
    this.codec.feed(address, length);
    this.isReading = false;
    this.afterEvents();
    worker.turn.endRead();
  }

  onEnd(): void {
    this.isReading = true;
    if (this.state === BUSY) this.codec.feedEnd();
    this.isReading = false;
    this.isDraining = true;
    this.afterEvents();
    if (this.state !== CLOSED) this.end(RESET_CONNECTION_TERMINATION, "");
    // Also when the codec's error has closed it: the answer to the client is waiting in the turn.
    this.pool.worker.turn.end();
  }

  onDrain(): void {
    this.pool.cluster.stats.flowDrained.inc();
    this.stream?.onUpstreamDrained();
    this.pool.worker.turn.end();
  }

  onClose(reason: CloseReason): void {
    if (this.state === CLOSED) return;
    if (this.state === CONNECTING) {
      this.closed();
      this.pool.onConnectFailed(reason);
    } else {
      this.end(RESET_CONNECTION_TERMINATION, "");
    }
    this.pool.worker.turn.end();
  }

  onOutputBlocked(): void {
    this.pool.cluster.stats.flowBackedUp.inc();
    this.stream?.onUpstreamBlocked();
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
      this.closed();
      this.pool.onConnectFailed(null);
    } else if (this.state === IDLE) {
      stats.cxIdleTimeout.inc();
      this.close();
    }
    this.pool.worker.turn.end();
  }

  // --- the codec -------------------------------------------------------------------------------------------------------

  onHeaders(_streamId: number, block: number, flags: number, status: number): void {
    this.stream?.onUpstreamHeaders(block, flags, status);
  }

  onData(_streamId: number, address: number, length: number, endStream: boolean): void {
    this.stream?.onUpstreamData(address, length, endStream);
  }

  onTrailers(_streamId: number, block: number): void {
    this.stream?.onUpstreamTrailers(block);
  }

  onError(_streamId: number, code: number, block: number): void {
    const { worker, cluster } = this.pool;
    if (block !== 0) worker.core.exports.blockFree(block);
    if (this.state === BUSY && isCutShort(code)) {
      this.end(RESET_CONNECTION_TERMINATION, "");
      return;
    }
    cluster.stats.cxProtocolError.inc();
    this.closedLocally = true;
    this.end(RESET_PROTOCOL_ERROR, describeError(code).details);
  }

  // --- the exchange ----------------------------------------------------------------------------------------------------

  /** The connection is free, once the codec has returned. */
  complete(): void {
    this.exchangeEnds();
    this.answered = true;
    if (!this.isReading) this.afterEvents();
  }

  private afterEvents(): void {
    if (!this.answered || this.state === CLOSED) return;
    this.answered = false;
    const { pool } = this;
    const limit = pool.cluster.maxRequestsPerConnection;
    if (limit > 0 && this.requests >= limit) {
      if (!this.isDraining) pool.cluster.stats.cxMaxRequests.inc();
      this.isDraining = true;
    }
    if (this.isDraining || !this.codec.reusable || this.socket.pendingBytes > 0) {
      this.close();
      return;
    }
    this.becomeIdle();
    pool.onReleased(this);
  }

  private exchangeEnds(): void {
    this.stream = null;
    this.resumeReading();
    this.pool.onStreamEnd();
  }

  private becomeIdle(): void {
    this.state = IDLE;
    const { idleTimeoutMs } = this.pool.cluster;
    if (idleTimeoutMs > 0) this.timer.start(idleTimeoutMs);
    else this.timer.stop();
  }

  /** The connection ends now; an exchange under way is told why. */
  private end(reason: ResetReason, details: string): void {
    if (this.state === CLOSED) return;
    const stream = this.stream;
    this.stream = null;
    this.output.flush();
    this.socket.close();
    if (stream !== null) this.pool.onStreamEnd();
    this.closed(stream !== null);
    stream?.onUpstreamReset(reason, details);
  }

  private closed(withRequest = this.state === BUSY): void {
    const wasConnecting = this.state === CONNECTING;
    this.state = CLOSED;
    this.timer.release();
    this.durationTimer?.release();
    this.codec.close();
    this.pool.onClosed(this, wasConnecting, this.closedLocally, withRequest);
  }
}

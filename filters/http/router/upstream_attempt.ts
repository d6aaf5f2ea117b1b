/**
 * One try of a request: a host, a place in the queue of its pool, then an exchange. A request has one at a time, and the same object serves
 * all of them.
 *
 *   begin -> onPoolReady -> writes -> onUpstreamHeaders/Data/Trailers -> end
 *
 * Whoever ends first: `end` gives back the place or the exchange exactly once, and stops what is timed.
 */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import type { Timer, TimerOwner } from "../../../host/net/clock.ts";
import type { Cluster } from "../../../host/upstream/cluster.ts";
import type { HttpConnPool, PoolClient } from "../../../host/upstream/conn_pool.ts";
import type { Host } from "../../../host/upstream/host.ts";
import type { ResetReason } from "../../../host/upstream/reset_reason.ts";
import type { UpstreamExchange } from "../../../host/upstream/upstream_exchange.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import type { RequestTimeouts } from "./timeouts.ts";

/** Which limit a try has reached. */
export const PER_TRY_TIMEOUT = 0;
export const PER_TRY_IDLE_TIMEOUT = 1;
export const MAX_STREAM_DURATION = 2;
export type AttemptLimit = typeof PER_TRY_TIMEOUT | typeof PER_TRY_IDLE_TIMEOUT | typeof MAX_STREAM_DURATION;

/** The request: what a try tells it. */
export interface AttemptOwner {
  /** The head may be written. */
  onAttemptReady(exchange: UpstreamExchange): void;
  /** The try is over. @param cause what the kernel or TLS said, or empty */
  onAttemptFailed(reason: ResetReason, cause: string): void;
  /** It is not over yet. */
  onAttemptLimit(limit: AttemptLimit): void;
  onAnswerHeaders(block: number, flags: number, status: number): void;
  onAnswerData(address: number, length: number, endStream: boolean): void;
  onAnswerTrailers(block: number): void;
  onUpstreamBlocked(): void;
  onUpstreamDrained(): void;
}

export class UpstreamAttempt implements PoolClient, TimerOwner {
  private readonly owner: AttemptOwner;
  private stream!: TerminalStream;
  private cluster!: Cluster;
  private timeouts!: RequestTimeouts;
  host: Host | null = null;
  /** Null: it waits in the queue, or there is none. */
  exchange: UpstreamExchange | null = null;
  private pool: HttpConnPool | null = null;
  private isQueued = false;
  /** Its head has left. */
  isSent = false;
  /** All of the request is written. */
  requestSent = false;
  private answerPaused = false;
  private perTryTimer: Timer | null = null;
  private idleTimer: Timer | null = null;
  private durationTimer: Timer | null = null;

  constructor(owner: AttemptOwner) {
    this.owner = owner;
  }

  begin(stream: TerminalStream, cluster: Cluster, host: Host, priority: 0 | 1, timeouts: RequestTimeouts): void {
    this.stream = stream;
    this.cluster = cluster;
    this.timeouts = timeouts;
    this.host = host;
    this.isSent = false;
    this.requestSent = false;
    const pool = cluster.pool(host, priority, stream.info);
    this.pool = pool;
    this.isQueued = true;
    pool.newStream(this);
  }

  // --- the request -----------------------------------------------------------------------------------------------------

  /** @param endStream it is all of the request */
  sendHead(exchange: UpstreamExchange, endStream: boolean): void {
    const { stream } = this;
    this.isSent = true;
    stream.upstreamWireBytesSent += exchange.writeHead(stream.requestHeaders.block, endStream, stream.isUpgrade);
    // It may have failed already.
    if (this.exchange !== exchange) return;
    if (endStream) this.requestIsSent();
    const limit = this.cluster.maxStreamDurationMs;
    if (limit > 0) {
      this.durationTimer ??= stream.worker.timers.timer(this);
      this.durationTimer.start(limit);
    }
    if (this.timeouts.perTryIdleMs > 0) {
      this.idleTimer ??= stream.worker.timers.timer(this);
      this.idleTimer.start(this.timeouts.perTryIdleMs);
    }
    if (stream.requestEnded) this.startPerTryTimer();
  }

  sendData(address: number, length: number, endStream: boolean): void {
    const { exchange, stream } = this;
    if (exchange === null) return;
    this.touch();
    stream.upstreamWireBytesSent += exchange.writeData(address, length, endStream);
    if (endStream) this.requestIsSent();
  }

  sendTrailers(trailers: HeaderMap): void {
    const { exchange, stream } = this;
    if (exchange === null) return;
    stream.upstreamWireBytesSent += exchange.writeTrailers(trailers.block);
    this.requestIsSent();
  }

  /** The client has said all: a slow one is not the upstream's fault, so the time runs from here. */
  startPerTryTimer(): void {
    const { perTryMs } = this.timeouts;
    if (perTryMs === 0 || this.exchange === null) return;
    this.perTryTimer ??= this.stream.worker.timers.timer(this);
    this.perTryTimer.start(perTryMs);
  }

  private requestIsSent(): void {
    this.requestSent = true;
    this.stream.upstreamLastTxMs = this.stream.worker.clock.now();
  }

  private touch(): void {
    if (this.idleTimer?.isArmed) this.idleTimer.start(this.timeouts.perTryIdleMs);
  }

  // --- flow ------------------------------------------------------------------------------------------------------------

  pauseAnswer(): void {
    if (this.answerPaused) return;
    this.answerPaused = true;
    if (this.exchange !== null) this.pauseReading(this.exchange);
  }

  private pauseReading(exchange: UpstreamExchange): void {
    this.cluster.stats.flowPaused.inc();
    exchange.pauseReading();
  }

  resumeAnswer(): void {
    if (!this.answerPaused) return;
    this.answerPaused = false;
    if (this.exchange === null) return;
    this.cluster.stats.flowResumed.inc();
    this.exchange.resumeReading();
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  /** Gives back what is borrowed. @param isAnswered the whole answer is here: its connection may serve others, if it has the whole request */
  end(isAnswered: boolean): void {
    const { exchange, pool } = this;
    this.perTryTimer?.stop();
    this.idleTimer?.stop();
    this.durationTimer?.stop();
    if (pool === null) return;
    this.pool = null;
    if (exchange !== null) {
      this.exchange = null;
      if (isAnswered && this.requestSent) exchange.complete();
      else exchange.detach();
    } else if (this.isQueued) {
      pool.cancel(this);
    }
    this.isQueued = false;
  }

  /** Its request is over. */
  recycle(): void {
    this.host = null;
    this.answerPaused = false;
  }

  onTimer(timer: Timer): void {
    let limit: AttemptLimit = MAX_STREAM_DURATION;
    if (timer === this.perTryTimer) limit = PER_TRY_TIMEOUT;
    else if (timer === this.idleTimer) limit = PER_TRY_IDLE_TIMEOUT;
    this.owner.onAttemptLimit(limit);
    this.stream.worker.turn.end();
  }

  // --- told by the pool and the exchange -------------------------------------------------------------------------------

  onPoolReady(exchange: UpstreamExchange): void {
    this.isQueued = false;
    this.exchange = exchange;
    // The client may read slowly from the start.
    if (this.answerPaused) this.pauseReading(exchange);
    this.stream.onUpstream(exchange);
    this.stream.upstreamFirstTxMs = this.stream.worker.clock.now();
    this.owner.onAttemptReady(exchange);
  }

  onPoolFailure(reason: ResetReason, transportFailure: string): void {
    this.isQueued = false;
    this.pool = null;
    this.stream.upstreamTransportFailureReason = transportFailure;
    this.owner.onAttemptFailed(reason, transportFailure);
  }

  onUpstreamHeaders(block: number, flags: number, status: number): void {
    this.touch();
    this.owner.onAnswerHeaders(block, flags, status);
  }

  onUpstreamData(address: number, length: number, endStream: boolean): void {
    this.touch();
    this.owner.onAnswerData(address, length, endStream);
  }

  onUpstreamTrailers(block: number): void {
    this.owner.onAnswerTrailers(block);
  }

  onUpstreamReset(reason: ResetReason, _details: string): void {
    this.exchange = null;
    this.end(false);
    this.owner.onAttemptFailed(reason, "");
  }

  onUpstreamWrote(bytes: number): void {
    this.stream.upstreamWireBytesSent += bytes;
  }

  onUpstreamBlocked(): void {
    this.owner.onUpstreamBlocked();
  }

  onUpstreamDrained(): void {
    this.owner.onUpstreamDrained();
  }
}

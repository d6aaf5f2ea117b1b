/**
 * The router's part in one stream.
 *
 *   onRequestHeaders -> route -> host -> pool -> onPoolReady -> request on the wire
 *   onUpstreamHeaders/Data/Trailers -> the stream's response
 *
 * Whoever ends first: `release` gives exchange and timers back exactly once.
 */

import { type FilterStatus, type HttpFilter, STOP } from "../../../host/http/filter.ts";
import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import type { Timer, TimerOwner } from "../../../host/net/clock.ts";
import type { Recyclable } from "../../../host/net/turn.ts";
import type { ForwardAction } from "../../../host/route/route_entry.ts";
import {
  NO_CLUSTER_FOUND,
  UPSTREAM_MAX_STREAM_DURATION_REACHED,
  UPSTREAM_REQUEST_TIMEOUT,
} from "../../../host/stream_info/response_flags.ts";
import type { Cluster } from "../../../host/upstream/cluster.ts";
import type { Host } from "../../../host/upstream/host.ts";
import { RESET_LOCAL, type ResetReason } from "../../../host/upstream/reset_reason.ts";
import type { UpstreamExchange } from "../../../host/upstream/upstream_exchange.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_X_ENVOY_INTERNAL,
  HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME,
  HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE,
  HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME,
  HEADERS_END_STREAM,
  HEADERS_UPGRADE,
  METHOD_CONNECT,
} from "../../../host/wasm/layout.gen.ts";
import { ConnectTunnel, type TunnelOwner } from "./connect_tunnel.ts";
import { replyFailure, replyReset, replyWithoutHost, tellAttempts } from "./failure_replies.ts";
import { endsHandshake } from "./handshake.ts";
import { answerItself } from "./own_answers.ts";
import { RequestBody } from "./request_body.ts";
import { prepareRequestHead, prepareRetryHead } from "./request_head.ts";
import { Retries } from "./retries.ts";
import { dropRetryHeaders } from "./retry_headers.ts";
import { RequestTimeouts } from "./timeouts.ts";
import {
  type AttemptLimit,
  type AttemptOwner,
  MAX_STREAM_DURATION,
  PER_TRY_TIMEOUT,
  UpstreamAttempt,
} from "./upstream_attempt.ts";
import type { UpstreamRequestOwner } from "./upstream_request_owner.ts";

/** The table of a cluster's priorities. */
const PRIORITY = { default: 0, high: 1 } as const;

export class UpstreamRequest implements HttpFilter, AttemptOwner, TunnelOwner, TimerOwner, Recyclable {
  private readonly router: UpstreamRequestOwner;
  private stream!: TerminalStream;
  private action: ForwardAction | null = null;
  private cluster: Cluster | null = null;
  /** The present try, or the last one. */
  private readonly attempt = new UpstreamAttempt(this);
  /** Null: the present try is the last. */
  private retries: Retries | null = null;
  private attemptTimedOut = false;
  private tunnel: ConnectTunnel | null = null;
  private readonly body = new RequestBody();
  private trailers: HeaderMap | null = null;
  private requestPaused = false;
  /** The head of an answer has gone up the filters: from here on nothing can be tried again. */
  private answerBegun = false;
  private answerEnded = false;
  private endStream = false;
  private readonly timeouts = new RequestTimeouts();
  private isInternal = false;
  private alternateStats = "";
  private altResponse = false;
  private responseTimer: Timer | null = null;
  private retryTimer: Timer | null = null;

  constructor(router: UpstreamRequestOwner) {
    this.router = router;
  }

  // --- the request -----------------------------------------------------------------------------------------------------

  /** Serves this stream from now on; its request may never come this far. */
  begin(stream: TerminalStream): void {
    this.stream = stream;
  }

  onRequestHeaders(stream: TerminalStream, headers: HeaderMap, endStream: boolean): FilterStatus {
    this.endStream = endStream;
    const { stats } = this.router;
    stats.rqTotal.inc();
    stream.ensureRoute();
    const forward = stream.route?.forward;
    if (forward !== undefined) this.forward(headers, forward);
    else answerItself(stream, headers, stats, this.router.config);
    return STOP;
  }

  private forward(headers: HeaderMap, action: ForwardAction): void {
    const { router, stream, timeouts } = this;
    const { route } = stream;
    const cluster = router.clusters.get(action.cluster);
    if (cluster === undefined || route === null) {
      router.stats.noCluster.inc();
      stream.sendLocalReply(action.clusterNotFoundStatus, "", "cluster_not_found", NO_CLUSTER_FOUND);
      return;
    }
    this.action = action;
    this.cluster = cluster;
    stream.onCluster(cluster);
    stream.virtualCluster = route.virtualHost.virtualClusters?.pick(headers) ?? null;
    this.isInternal = headers.hasId(HEADER_X_ENVOY_INTERNAL);
    if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME)) {
      this.alternateStats = headers.getId(HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME) as string;
    }
    timeouts.read(headers, action, stream.isGrpc, router.config);
    timeouts.tell(headers, 0, router.config);
    if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE)) {
      this.altResponse = headers.getId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE) === "204";
      headers.removeId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE);
    }
    stream.attemptCount = 1;
    if (action.terminatesConnect && stream.method === METHOD_CONNECT) {
      dropRetryHeaders(headers);
      this.tunnel = new ConnectTunnel(stream, this);
      this.tunnel.open(cluster);
      return;
    }
    // A tunnel cannot be begun anew: what was said in it is gone.
    if (!stream.isUpgrade) this.retries = Retries.of(stream, action.retry, cluster, PRIORITY[action.priority]);
    dropRetryHeaders(headers);
    if (this.retries !== null && !this.endStream) this.body.keep();
    const host = cluster.pick();
    if (host === null) {
      this.failWithoutHost(cluster);
      return;
    }
    if (this.endStream) this.startResponseTimer();
    const isReady = prepareRequestHead(stream, headers, action, host, !router.config.suppressEnvoyHeaders);
    this.try(cluster, host, action, isReady);
  }

  /** @param isReady the head is as this host shall see it; else it had no room for that */
  private try(cluster: Cluster, host: Host, action: ForwardAction, isReady: boolean): void {
    if (!isReady) {
      this.stream.sendLocalReply(500, "Internal Server Error", "request_header_mutation_failed", 0);
      return;
    }
    // Headers that ask for the host are made before it is known, as in Envoy.
    this.stream.upstream = host;
    this.retries?.note(host);
    this.attempt.begin(this.stream, cluster, host, PRIORITY[action.priority], this.timeouts);
  }

  private failWithoutHost(cluster: Cluster): void {
    cluster.stats.cxNoneHealthy.inc();
    this.count(503);
    replyWithoutHost(this.stream);
  }

  /** An answer that the client gets. */
  count(status: number): void {
    this.cluster?.stats.answered(status, this.isInternal, this.alternateStats);
  }

  onRequestData(stream: TerminalStream, address: number, length: number, endStream: boolean): FilterStatus {
    const { attempt, body } = this;
    if (this.tunnel !== null) {
      this.tunnel.send(address, length, endStream);
      return STOP;
    }
    if (endStream) this.requestIsWhole();
    if (this.cluster === null || this.answerEnded) return STOP;
    if (attempt.exchange !== null && !body.keeps && !body.hasMore) {
      attempt.sendData(address, length, endStream);
      return STOP;
    }
    body.push(stream.worker.core.bytes, address, length, endStream);
    if (body.keeps && body.bytes > (this.action?.keptRequestBytes ?? 0) && !this.abandonRetries()) return STOP;
    if (attempt.exchange === null) this.pauseRequest();
    else this.sendMore(attempt.exchange);
    return STOP;
  }

  onRequestTrailers(_stream: TerminalStream, trailers: HeaderMap): FilterStatus {
    this.requestIsWhole();
    this.trailers = trailers;
    if (this.attempt.exchange !== null && !this.body.hasMore) this.attempt.sendTrailers(trailers);
    return STOP;
  }

  private requestIsWhole(): void {
    this.startResponseTimer();
    this.attempt.startPerTryTimer();
  }

  /** The request is longer than what may be kept. False: there is no try under way, so it is over. */
  private abandonRetries(): boolean {
    const { attempt, cluster, stream } = this;
    cluster?.stats.retryOrShadowAbandoned.inc();
    this.retries?.release();
    this.retries = null;
    this.body.forget();
    if (!this.retryTimer?.isArmed) return attempt.host !== null;
    const text = "exceeded request buffer limit while retrying upstream";
    replyFailure(stream, 507, text, "request_payload_exceeded_retry_buffer_limit", 0);
    return false;
  }

  // --- the try ---------------------------------------------------------------------------------------------------------

  onAttemptReady(exchange: UpstreamExchange): void {
    const { attempt, stream } = this;
    attempt.sendHead(exchange, this.endStream && !stream.isUpgrade);
    this.body.rewind();
    this.sendMore(exchange);
    if (!exchange.isBlocked) this.resumeRequest();
  }

  /** Sends what waits, as far as the upstream takes it. */
  private sendMore(exchange: UpstreamExchange): void {
    const { attempt, body, stream } = this;
    while (body.hasMore && attempt.exchange === exchange) {
      if (exchange.isBlocked) return;
      const piece = body.take();
      attempt.sendData(stream.lend(piece), piece.length, body.endStream && !body.hasMore);
    }
    if (attempt.exchange !== exchange || attempt.requestSent) return;
    if (body.endStream) attempt.sendData(0, 0, true);
    else if (this.trailers !== null) attempt.sendTrailers(this.trailers);
  }

  onAttemptLimit(limit: AttemptLimit): void {
    const { attempt, cluster, stream } = this;
    if (limit === MAX_STREAM_DURATION) {
      cluster?.stats.rqMaxDurationReached.inc();
      if (!this.answerBegun) attempt.end(false);
      if (this.triesAfterReset(RESET_LOCAL, false)) return;
      const details = "upstream_max_stream_duration_reached";
      this.timedOut(504, "upstream max stream duration reached", details, UPSTREAM_MAX_STREAM_DURATION_REACHED);
      return;
    }
    // What the client has seen of the answer goes on until the end of the request's own time.
    if (limit === PER_TRY_TIMEOUT && this.answerBegun) return;
    if (limit === PER_TRY_TIMEOUT) cluster?.stats.rqPerTryTimeout.inc();
    else cluster?.stats.rqPerTryIdleTimeout.inc();
    attempt.host?.stats.rqTimeout.inc();
    attempt.end(false);
    if (this.triesAfterReset(RESET_LOCAL, true)) return;
    stream.virtualCluster?.rqTimeout.inc();
    const details = limit === PER_TRY_TIMEOUT ? "upstream_per_try_timeout" : "upstream_per_try_idle_timeout";
    this.requestTimedOut(details);
  }

  /** True: the request is tried again, for there is no answer yet. */
  private triesAfterReset(reason: ResetReason, isTimeout: boolean): boolean {
    const { attempt, retries } = this;
    if (retries === null || this.answerBegun || !retries.onReset(reason, attempt.isSent)) return false;
    attempt.host?.stats.rqError.inc();
    this.waitForRetry(retries, isTimeout);
    return true;
  }

  /** True: this answer is none, the request is tried again. */
  private triesAfterAnswer(headers: HeaderMap, status: number, endStream: boolean): boolean {
    const { attempt, retries } = this;
    if (retries === null || !retries.onAnswer(headers, status)) return false;
    this.cluster?.stats.retried(status);
    attempt.host?.stats.rqError.inc();
    attempt.end(endStream);
    this.waitForRetry(retries, false);
    return true;
  }

  private waitForRetry(retries: Retries, isTimeout: boolean): void {
    const { router, stream } = this;
    this.attemptTimedOut = isTimeout;
    this.retryTimer ??= stream.worker.timers.timer(this);
    this.retryTimer.start(retries.delayMs(router.random()));
  }

  private tryAgain(): void {
    const { action, retries, router, stream } = this;
    if (action === null || retries === null || stream.route === null) return;
    stream.attemptCount++;
    // It may have another config by now, or have left it.
    const cluster = router.clusters.get(action.cluster) ?? this.cluster;
    if (cluster === null) return;
    this.cluster = cluster;
    const host = retries.pick(cluster);
    if (host === null) {
      this.failWithoutHost(cluster);
      return;
    }
    const headers = stream.requestHeaders;
    const elapsedMs = stream.requestEnded ? stream.worker.clock.now() - stream.requestEndMs : 0;
    this.timeouts.tell(headers, elapsedMs, router.config);
    this.try(cluster, host, action, prepareRetryHead(stream, headers, action, host, this.attemptTimedOut));
  }

  // --- the upstream ----------------------------------------------------------------------------------------------------

  onAnswerHeaders(block: number, flags: number, status: number): void {
    const { attempt, cluster, stream } = this;
    const { host } = attempt;
    if (cluster === null || host === null || stream.repliesItself) {
      stream.worker.core.exports.blockFree(block);
      this.release();
      return;
    }
    const now = stream.worker.clock.now();
    if (stream.upstreamFirstRxMs < 0) stream.upstreamFirstRxMs = now;
    const isSwitch = (flags & HEADERS_UPGRADE) !== 0 && stream.isUpgrade;
    if (status < 200 && !isSwitch) {
      this.count(status);
      stream.respondInformational(block, status);
      return;
    }
    const endStream = (flags & HEADERS_END_STREAM) !== 0 && !isSwitch;
    const headers = stream.takeResponse(block);
    if (this.retries !== null && this.triesAfterAnswer(headers, status, endStream)) return;
    this.answerBegun = true;
    if (this.body.keeps) this.body.forget();
    if (stream.requestEnded && !this.router.config.suppressEnvoyHeaders) {
      headers.setIdNumber(HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME, Math.trunc(now - stream.requestEndMs));
    }
    tellAttempts(stream, headers);
    this.count(status);
    if (status >= 500) host.stats.rqError.inc();
    else host.stats.rqSuccess.inc();
    stream.responseCodeDetails = "via_upstream";
    if (isSwitch) {
      this.responseTimer?.stop();
      attempt.requestSent = true;
      attempt.exchange?.tunnel();
    }
    if (endsHandshake(stream, status, headers)) {
      this.release();
      stream.respondHeaders(status, true);
      return;
    }
    if (endStream) this.answerIsWhole();
    stream.respondHeaders(status, endStream);
  }

  onAnswerData(address: number, length: number, endStream: boolean): void {
    if (endStream) this.answerIsWhole();
    this.stream.respondData(address, length, endStream);
  }

  onAnswerTrailers(block: number): void {
    this.answerIsWhole();
    this.stream.respondTrailers(block);
  }

  onUpstreamBlocked(): void {
    this.stream.flow.countPause();
    this.pauseRequest();
  }

  onUpstreamDrained(): void {
    this.stream.flow.countResume();
    const { exchange } = this.attempt;
    if (exchange !== null && this.body.hasMore) this.sendMore(exchange);
    if (!exchange?.isBlocked) this.resumeRequest();
  }

  // --- the downstream --------------------------------------------------------------------------------------------------

  onDownstreamBlocked(): void {
    this.tunnel?.pauseReading();
    this.attempt.pauseAnswer();
  }

  onDownstreamDrained(): void {
    this.tunnel?.resumeReading();
    this.attempt.resumeAnswer();
  }

  onStreamEnd(): void {
    this.release();
    this.stream.worker.turn.retire(this);
  }

  // --- answers of our own ----------------------------------------------------------------------------------------------

  onAttemptFailed(reason: ResetReason, cause: string): void {
    const { attempt, router, stream } = this;
    const { flag, status } = reason;
    if (stream.repliesItself) return;
    if (stream.responseStarted) {
      // As with Envoy: HTTP has told its status, of gRPC the status was still to come.
      if (stream.isGrpc) router.stats.resetAfterResponseStarted.inc();
      stream.setFlag(flag);
      stream.abort(`upstream_reset_after_response_started{${reason.details}}`);
      return;
    }
    if (this.triesAfterReset(reason, false)) return;
    this.count(status);
    attempt.host?.stats.rqError.inc();
    replyReset(stream, reason, cause, !router.config.suppressEnvoyHeaders);
  }

  // --- timers ----------------------------------------------------------------------------------------------------------

  onTimer(timer: Timer): void {
    const { attempt, cluster, stream } = this;
    if (timer === this.retryTimer) {
      this.tryAgain();
    } else {
      cluster?.stats.rqTimeout.inc();
      stream.virtualCluster?.rqTimeout.inc();
      attempt.host?.stats.rqTimeout.inc();
      this.requestTimedOut("response_timeout");
    }
    stream.worker.turn.end();
  }

  private requestTimedOut(details: string): void {
    const status = this.altResponse ? 204 : 504;
    this.timedOut(status, "upstream request timeout", details, UPSTREAM_REQUEST_TIMEOUT);
  }

  private timedOut(status: number, body: string, details: string, flag: number): void {
    const { stream } = this;
    if (stream.repliesItself) {
      this.release();
      return;
    }
    if (stream.responseStarted) {
      stream.setFlag(flag);
      stream.abort(details);
      return;
    }
    this.count(status);
    replyFailure(stream, status, status === 204 ? "" : body, details, flag);
  }

  /** From the end of the request: a slow client is not the upstream's fault. */
  private startResponseTimer(): void {
    const { globalMs } = this.timeouts;
    if (globalMs === 0 || this.answerEnded || this.cluster === null) return;
    this.responseTimer ??= this.stream.worker.timers.timer(this);
    this.responseTimer.start(globalMs);
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  private pauseRequest(): void {
    if (this.requestPaused) return;
    this.requestPaused = true;
    this.stream.flow.pauseRequest();
  }

  private resumeRequest(): void {
    if (!this.requestPaused) return;
    this.requestPaused = false;
    this.stream.flow.resumeRequest();
  }

  /** The last byte of the answer is here: the connection may serve others, if it has the whole request. */
  private answerIsWhole(): void {
    const { cluster, stream } = this;
    const now = stream.worker.clock.now();
    this.answerEnded = true;
    stream.upstreamLastRxMs = now;
    if (stream.requestEnded) cluster?.stats.recordTime(now - stream.requestEndMs, this.isInternal);
    this.release();
  }

  private release(): void {
    this.responseTimer?.stop();
    this.retryTimer?.stop();
    this.retries?.release();
    this.retries = null;
    this.tunnel?.close();
    this.tunnel = null;
    this.body.clear();
    this.trailers = null;
    this.resumeRequest();
    this.attempt.end(this.answerEnded);
  }

  recycle(): void {
    this.action = null;
    this.cluster = null;
    this.attempt.recycle();
    this.requestPaused = false;
    this.answerBegun = false;
    this.answerEnded = false;
    this.altResponse = false;
    this.isInternal = false;
    this.alternateStats = "";
    this.router.giveBack(this);
  }
}

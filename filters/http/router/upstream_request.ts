/**
 * The router's part in one stream.
 *
 *   onRequestHeaders -> route -> host -> pool -> onPoolReady -> request on the wire
 *   onUpstreamHeaders/Data/Trailers -> the stream's response
 *
 * Whoever ends first: `release` gives exchange and timers back exactly once.
 */

import { type FilterStatus, type HttpFilter, STOP } from "../../../host/http/filter.ts";
import { HeldBody } from "../../../host/http/held_body.ts";
import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import type { Timer, TimerOwner } from "../../../host/net/clock.ts";
import type { Recyclable } from "../../../host/net/turn.ts";
import type { ForwardAction } from "../../../host/route/route_entry.ts";
import {
  NO_CLUSTER_FOUND,
  NO_HEALTHY_UPSTREAM,
  NO_ROUTE_FOUND,
  UPSTREAM_MAX_STREAM_DURATION_REACHED,
  UPSTREAM_REQUEST_TIMEOUT,
} from "../../../host/stream_info/response_flags.ts";
import type { Cluster } from "../../../host/upstream/cluster.ts";
import type { ClusterManager } from "../../../host/upstream/cluster_manager.ts";
import type { HttpConnPool, PoolClient } from "../../../host/upstream/conn_pool.ts";
import type { Host } from "../../../host/upstream/host.ts";
import { RESET_OVERFLOW, type ResetReason } from "../../../host/upstream/reset_reason.ts";
import type { UpstreamExchange } from "../../../host/upstream/upstream_exchange.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_X_ENVOY_ATTEMPT_COUNT,
  HEADER_X_ENVOY_INTERNAL,
  HEADER_X_ENVOY_OVERLOADED,
  HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE,
  HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME,
  HEADERS_END_STREAM,
  HEADERS_UPGRADE,
  METHOD_CONNECT,
} from "../../../host/wasm/layout.gen.ts";
import type { RouterConfig } from "./config.ts";
import { ConnectTunnel, type TunnelOwner } from "./connect_tunnel.ts";
import { endsHandshake } from "./handshake.ts";
import { answerDirectly, answerRedirect } from "./own_answers.ts";
import { prepareRequestHead } from "./request_head.ts";
import { dropRetryHeaders } from "./retry_headers.ts";
import type { RouterStats } from "./stats.ts";
import { requestTimeout } from "./timeouts.ts";

/** The table of a cluster's priorities. */
const PRIORITY = { default: 0, high: 1 } as const;

/** The filter for which it is made: what all streams of a chain share, and where it goes back to. */
export interface UpstreamRequestOwner {
  readonly config: RouterConfig;
  readonly clusters: ClusterManager;
  readonly stats: RouterStats;
  giveBack(request: UpstreamRequest): void;
}

export class UpstreamRequest implements HttpFilter, PoolClient, TunnelOwner, TimerOwner, Recyclable {
  private readonly router: UpstreamRequestOwner;
  private stream!: TerminalStream;
  private cluster: Cluster | null = null;
  private host: Host | null = null;
  private pool: HttpConnPool | null = null;
  private exchange: UpstreamExchange | null = null;
  private tunnel: ConnectTunnel | null = null;
  private isQueued = false;
  private readonly held = new HeldBody();
  private heldTrailers: HeaderMap | null = null;
  private requestPaused = false;
  private requestSent = false;
  private answerEnded = false;
  private answerPaused = false;
  private endStream = false;
  private timeoutMs = 0;
  private isInternal = false;
  private altResponse = false;
  private responseTimer: Timer | null = null;
  private durationTimer: Timer | null = null;

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
    const { route } = stream;
    if (route === null) {
      stats.noRoute.inc();
      stream.sendLocalReply(404, "", "route_not_found", NO_ROUTE_FOUND);
    } else if (route.forward !== undefined) {
      this.forward(headers, route.forward);
    } else if (route.redirect !== undefined) {
      // Envoy counts a redirect as a direct response, too; `rq_redirect` is about redirects that it follows itself.
      stats.directResponse.inc();
      answerRedirect(stream, headers, route.redirect, this.router.config);
    } else if (route.directResponse !== undefined) {
      stats.directResponse.inc();
      answerDirectly(stream, headers, route.directResponse);
    }
    return STOP;
  }

  private forward(headers: HeaderMap, action: ForwardAction): void {
    const { router, stream } = this;
    const { route } = stream;
    const cluster = router.clusters.get(action.cluster);
    if (cluster === undefined || route === null) {
      router.stats.noCluster.inc();
      stream.sendLocalReply(action.clusterNotFoundStatus, "", "cluster_not_found", NO_CLUSTER_FOUND);
      return;
    }
    this.cluster = cluster;
    stream.onCluster(cluster);
    stream.virtualCluster = route.virtualHost.virtualClusters?.pick(headers) ?? null;
    this.isInternal = headers.hasId(HEADER_X_ENVOY_INTERNAL);
    this.timeoutMs = requestTimeout(headers, action, stream.isGrpc, router.config);
    dropRetryHeaders(headers);
    if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE)) {
      this.altResponse = headers.getId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE) === "204";
      headers.removeId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE);
    }
    if (action.terminatesConnect && stream.method === METHOD_CONNECT) {
      stream.attemptCount = 1;
      this.tunnel = new ConnectTunnel(stream, this);
      this.tunnel.open(cluster);
      return;
    }
    const host = cluster.pick();
    if (host === null) {
      cluster.stats.cxNoneHealthy.inc();
      cluster.stats.answered(503, this.isInternal);
      stream.sendLocalReply(503, "no healthy upstream", "no_healthy_upstream", NO_HEALTHY_UPSTREAM);
      return;
    }
    this.host = host;
    stream.attemptCount = 1;
    if (!prepareRequestHead(stream, headers, action, host, !router.config.suppressEnvoyHeaders)) {
      stream.sendLocalReply(500, "Internal Server Error", "request_header_mutation_failed", 0);
      return;
    }
    // Headers that ask for the host are made before it is known, as in Envoy.
    stream.upstream = host;
    if (this.endStream) this.startResponseTimer();
    const pool = cluster.pool(host, PRIORITY[action.priority], stream.info);
    this.pool = pool;
    this.isQueued = true;
    pool.newStream(this);
  }

  onRequestData(stream: TerminalStream, address: number, length: number, endStream: boolean): FilterStatus {
    if (this.tunnel !== null) {
      this.tunnel.send(address, length);
      return STOP;
    }
    if (endStream) this.startResponseTimer();
    if (this.exchange === null) {
      if (this.cluster === null || this.answerEnded) return STOP;
      this.held.push(stream.worker.core.bytes, address, length, endStream);
      this.pauseRequest();
    } else {
      this.sendData(address, length, endStream);
    }
    return STOP;
  }

  onRequestTrailers(_stream: TerminalStream, trailers: HeaderMap): FilterStatus {
    this.startResponseTimer();
    if (this.exchange === null) this.heldTrailers = trailers;
    else this.sendTrailers(trailers);
    return STOP;
  }

  // --- the pool --------------------------------------------------------------------------------------------------------

  onPoolReady(exchange: UpstreamExchange): void {
    const { held, stream } = this;
    this.isQueued = false;
    this.exchange = exchange;
    if (this.answerPaused) this.pauseAnswer(exchange);
    stream.onUpstream(exchange);
    const now = stream.worker.clock.now();
    stream.upstreamFirstTxMs = now;
    const headersEnd = this.endStream && !stream.isUpgrade;
    stream.upstreamWireBytesSent += exchange.writeHead(stream.requestHeaders.block, headersEnd, stream.isUpgrade);
    // It may have failed already.
    if (this.exchange === null) return;
    if (headersEnd) this.requestIsSent();
    while (held.hasPieces && this.exchange !== null) {
      const { endStream } = held;
      const piece = held.shift() as Uint8Array;
      this.sendData(stream.lend(piece), piece.length, endStream && !held.hasPieces);
    }
    if (held.endStream && !this.requestSent && this.exchange !== null) this.sendData(0, 0, true);
    if (this.heldTrailers !== null && this.exchange !== null) this.sendTrailers(this.heldTrailers);
    this.startDurationTimer();
    if (!exchange.isBlocked) this.resumeRequest();
  }

  onPoolFailure(reason: ResetReason, transportFailure: string): void {
    const { stream } = this;
    this.isQueued = false;
    stream.upstreamTransportFailureReason = transportFailure;
    this.fail(reason, transportFailure);
  }

  // --- a CONNECT that ends here ----------------------------------------------------------------------------------------

  onTunnelOpened(): void {
    this.cluster?.stats.answered(200, this.isInternal);
  }

  onTunnelFailed(body: string, details: string, flag: number): void {
    this.cluster?.stats.answered(503, this.isInternal);
    this.stream.sendLocalReply(503, body, details, flag);
  }

  // --- the upstream ----------------------------------------------------------------------------------------------------

  onUpstreamHeaders(block: number, flags: number, status: number): void {
    const { cluster, host, stream } = this;
    if (cluster === null || host === null || stream.repliesItself) {
      stream.worker.core.exports.blockFree(block);
      this.release();
      return;
    }
    const now = stream.worker.clock.now();
    if (stream.upstreamFirstRxMs < 0) stream.upstreamFirstRxMs = now;
    const isSwitch = (flags & HEADERS_UPGRADE) !== 0 && stream.isUpgrade;
    if (status < 200 && !isSwitch) {
      cluster.stats.answered(status, this.isInternal);
      stream.respondInformational(block, status);
      return;
    }
    const endStream = (flags & HEADERS_END_STREAM) !== 0 && !isSwitch;
    const headers = stream.takeResponse(block);
    if (stream.requestEnded && !this.router.config.suppressEnvoyHeaders) {
      headers.setIdNumber(HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME, Math.trunc(now - stream.requestEndMs));
    }
    if (stream.route?.virtualHost.includeAttemptCountInResponse) headers.setId(HEADER_X_ENVOY_ATTEMPT_COUNT, "1");
    cluster.stats.answered(status, this.isInternal);
    if (status >= 500) host.stats.rqError.inc();
    else host.stats.rqSuccess.inc();
    stream.responseCodeDetails = "via_upstream";
    if (isSwitch) {
      this.responseTimer?.stop();
      this.requestSent = true;
      this.exchange?.tunnel();
    }
    if (endsHandshake(stream, status, headers)) {
      this.release();
      stream.respondHeaders(status, true);
      return;
    }
    if (endStream) this.answerIsWhole();
    stream.respondHeaders(status, endStream);
  }

  onUpstreamData(address: number, length: number, endStream: boolean): void {
    if (endStream) this.answerIsWhole();
    this.stream.respondData(address, length, endStream);
  }

  onUpstreamTrailers(block: number): void {
    this.answerIsWhole();
    this.stream.respondTrailers(block);
  }

  onUpstreamReset(reason: ResetReason, _details: string): void {
    this.exchange = null;
    this.pool = null;
    this.fail(reason, "");
  }

  onUpstreamWrote(bytes: number): void {
    this.stream.upstreamWireBytesSent += bytes;
  }

  onUpstreamBlocked(): void {
    this.stream.flow.countPause();
    this.pauseRequest();
  }

  onUpstreamDrained(): void {
    this.stream.flow.countResume();
    this.resumeRequest();
  }

  // --- the downstream --------------------------------------------------------------------------------------------------

  onDownstreamBlocked(): void {
    this.tunnel?.pauseReading();
    if (this.answerPaused) return;
    this.answerPaused = true;
    if (this.exchange !== null) this.pauseAnswer(this.exchange);
  }

  private pauseAnswer(exchange: UpstreamExchange): void {
    this.cluster?.stats.flowPaused.inc();
    exchange.pauseReading();
  }

  onDownstreamDrained(): void {
    this.tunnel?.resumeReading();
    if (!this.answerPaused) return;
    this.answerPaused = false;
    if (this.exchange === null) return;
    this.cluster?.stats.flowResumed.inc();
    this.exchange.resumeReading();
  }

  onStreamEnd(): void {
    this.release();
    this.stream.worker.turn.retire(this);
  }

  // --- answers of our own ----------------------------------------------------------------------------------------------

  private fail(reason: ResetReason, cause: string): void {
    const { cluster, host, router, stream } = this;
    const { flag, status } = reason;
    if (stream.repliesItself) return;
    if (stream.responseStarted) {
      this.router.stats.resetAfterResponseStarted.inc();
      stream.setFlag(flag);
      stream.abort(`upstream_reset_after_response_started{${reason.details}}`);
      return;
    }
    cluster?.stats.answered(status, this.isInternal);
    host?.stats.rqError.inc();
    const details = cause === "" ? reason.details : `${reason.details}|${cause}`;
    stream.sendLocalReply(
      status,
      `upstream connect error or disconnect/reset before headers. reset reason: ${reason.text}`,
      `upstream_reset_before_response_started{${details}}`,
      flag,
      reason === RESET_OVERFLOW && !router.config.suppressEnvoyHeaders ? markOverloaded : undefined,
    );
  }

  // --- timers ----------------------------------------------------------------------------------------------------------

  onTimer(timer: Timer): void {
    const { cluster, host, stream } = this;
    if (timer === this.responseTimer) {
      cluster?.stats.rqTimeout.inc();
      stream.virtualCluster?.rqTimeout.inc();
      host?.stats.rqTimeout.inc();
      this.timedOut(
        this.altResponse ? 204 : 504,
        "upstream request timeout",
        "response_timeout",
        UPSTREAM_REQUEST_TIMEOUT,
      );
    } else {
      cluster?.stats.rqMaxDurationReached.inc();
      this.timedOut(
        504,
        "upstream max stream duration reached",
        "upstream_max_stream_duration_reached",
        UPSTREAM_MAX_STREAM_DURATION_REACHED,
      );
    }
    stream.worker.turn.end();
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
    this.cluster?.stats.answered(status, this.isInternal);
    stream.sendLocalReply(status, status === 204 ? "" : body, details, flag);
  }

  /** From the end of the request: a slow client is not the upstream's fault. */
  private startResponseTimer(): void {
    if (this.timeoutMs === 0 || this.answerEnded) return;
    this.responseTimer ??= this.stream.worker.timers.timer(this);
    this.responseTimer.start(this.timeoutMs);
  }

  private startDurationTimer(): void {
    const limit = this.cluster?.maxStreamDurationMs ?? 0;
    if (limit === 0 || this.answerEnded) return;
    this.durationTimer ??= this.stream.worker.timers.timer(this);
    this.durationTimer.start(limit);
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  private sendData(address: number, length: number, endStream: boolean): void {
    const { exchange, stream } = this;
    if (exchange === null) return;
    stream.upstreamWireBytesSent += exchange.writeData(address, length, endStream);
    if (endStream) this.requestIsSent();
  }

  private sendTrailers(trailers: HeaderMap): void {
    const { exchange, stream } = this;
    if (exchange === null) return;
    stream.upstreamWireBytesSent += exchange.writeTrailers(trailers.block);
    this.requestIsSent();
  }

  private requestIsSent(): void {
    this.requestSent = true;
    this.stream.upstreamLastTxMs = this.stream.worker.clock.now();
  }

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

  /** Gives back what is borrowed: the place in the queue, or the exchange. */
  private release(): void {
    const { exchange, pool } = this;
    this.responseTimer?.stop();
    this.durationTimer?.stop();
    this.tunnel?.close();
    this.tunnel = null;
    this.held.clear();
    this.heldTrailers = null;
    this.resumeRequest();
    if (pool === null) return;
    this.pool = null;
    if (exchange !== null) {
      this.exchange = null;
      this.answerPaused = false;
      if (this.answerEnded && this.requestSent) exchange.complete();
      else exchange.detach();
    } else if (this.isQueued) {
      pool.cancel(this);
    }
    this.isQueued = false;
  }

  recycle(): void {
    this.cluster = null;
    this.host = null;
    this.requestPaused = false;
    this.requestSent = false;
    this.answerEnded = false;
    this.answerPaused = false;
    this.altResponse = false;
    this.isInternal = false;
    this.timeoutMs = 0;
    this.router.giveBack(this);
  }
}

function markOverloaded(headers: HeaderMap): void {
  headers.setId(HEADER_X_ENVOY_OVERLOADED, "true");
}

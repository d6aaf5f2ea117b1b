/**
 * Whether a request is tried again, and when (Envoy: router filter, "x-envoy-retry-on"): the policy of its route with what its own headers
 * add. One for each request that may be retried; it holds a permit of the cluster's breaker `max_retries` from the decision for a try to
 * the decision about it.
 */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import {
  type HeaderRule,
  NO_RETRY_POLICY,
  RETRY_ON_5XX,
  RETRY_ON_ANY_GRPC,
  RETRY_ON_CONNECT_FAILURE,
  RETRY_ON_ENVOY_RATE_LIMITED,
  RETRY_ON_GATEWAY_ERROR,
  RETRY_ON_GRPC,
  RETRY_ON_HEADERS,
  RETRY_ON_REFUSED_STREAM,
  RETRY_ON_RESET,
  RETRY_ON_RESET_BEFORE_REQUEST,
  RETRY_ON_RETRIABLE_4XX,
  RETRY_ON_STATUS_CODES,
  type RetryPolicy,
  retryOnGrpc,
  retryOnHttp,
} from "../../../host/route/retry_policy.ts";
import { readGrpcStatus } from "../../../host/stream_info/grpc_status.ts";
import {
  UPSTREAM_CONNECTION_FAILURE,
  UPSTREAM_OVERFLOW,
  UPSTREAM_RETRY_LIMIT_EXCEEDED,
} from "../../../host/stream_info/response_flags.ts";
import type { CircuitBreakers } from "../../../host/upstream/circuit_breakers.ts";
import type { Cluster } from "../../../host/upstream/cluster.ts";
import type { Host } from "../../../host/upstream/host.ts";
import { RESET_OVERFLOW, RESET_REMOTE_REFUSED, type ResetReason } from "../../../host/upstream/reset_reason.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_GRPC_STATUS,
  HEADER_X_ENVOY_MAX_RETRIES,
  HEADER_X_ENVOY_RATELIMITED,
  HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES,
  HEADER_X_ENVOY_RETRIABLE_STATUS_CODES,
  HEADER_X_ENVOY_RETRY_GRPC_ON,
  HEADER_X_ENVOY_RETRY_ON,
} from "../../../host/wasm/layout.gen.ts";

/** Names and codes that a header of the request may list. */
const LISTED_MAX = 64;

export class Retries {
  private readonly stream: TerminalStream;
  private readonly policy: RetryPolicy;
  private readonly cluster: Cluster;
  private readonly breakers: CircuitBreakers;
  private readonly on: number;
  private readonly statusCodes: readonly number[];
  private readonly headers: readonly HeaderRule[];
  private left: number;
  private backOffMs: number;
  /** By the answer that is retried: not before. */
  private resetMs = 0;
  private hasPermit = false;
  private readonly tried = new Set<Host>();

  private constructor(stream: TerminalStream, policy: RetryPolicy, cluster: Cluster, priority: 0 | 1) {
    const { requestHeaders: headers } = stream;
    this.stream = stream;
    this.policy = policy;
    this.cluster = cluster;
    this.breakers = cluster.breakers[priority];
    this.backOffMs = policy.backOffBaseMs;
    const lookup = (name: string) => headers.getAll(name);
    const mayRetry = policy.requestHeaders.length === 0 || policy.requestHeaders.some((rule) => rule(lookup));
    this.on = mayRetry
      ? policy.on |
        retryOnHttp(headers.getId(HEADER_X_ENVOY_RETRY_ON) ?? "") |
        retryOnGrpc(headers.getId(HEADER_X_ENVOY_RETRY_GRPC_ON) ?? "")
      : 0;
    const asked = headers.getId(HEADER_X_ENVOY_MAX_RETRIES);
    this.left = asked !== undefined && /^\d{1,9}$/.test(asked) ? Number(asked) : policy.retries;
    const codes = list(headers.getId(HEADER_X_ENVOY_RETRIABLE_STATUS_CODES)).filter((code) => /^\d{3}$/.test(code));
    this.statusCodes = [...policy.statusCodes, ...codes.map(Number)];
    const names = list(headers.getId(HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES)).map((name) => name.toLowerCase());
    this.headers = [
      ...policy.headers,
      ...names.map(
        (name): HeaderRule =>
          (found) =>
            found(name).length > 0,
      ),
    ];
  }

  /** Null: nobody asks for retries of this request. Reads headers that the upstream does not see. */
  static of(stream: TerminalStream, policy: RetryPolicy | null, cluster: Cluster, priority: 0 | 1): Retries | null {
    const { requestHeaders: headers } = stream;
    const isAsked = headers.hasId(HEADER_X_ENVOY_RETRY_ON) || headers.hasId(HEADER_X_ENVOY_RETRY_GRPC_ON);
    if (!isAsked && (policy === null || policy.on === 0)) return null;
    const retries = new Retries(stream, policy ?? NO_RETRY_POLICY, cluster, priority);
    return retries.on === 0 ? null : retries;
  }

  /** Whether the request is tried again after the head of this answer; the stream is told when it would have been. */
  onAnswer(headers: HeaderMap, status: number): boolean {
    const wants = this.wantsAnswer(headers, status);
    this.resetMs = wants ? this.resetInterval(headers) : 0;
    return this.decide(wants);
  }

  /** The same after a try that ended without an answer. @param wasSent its head had left */
  onReset(reason: ResetReason, wasSent: boolean): boolean {
    this.resetMs = 0;
    return this.decide(this.wantsReset(reason, wasSent));
  }

  /** How long the next try waits: all of the time is left to chance, so that those who failed together do not come back together. */
  delayMs(random: number): number {
    const { policy, resetMs } = this;
    const { stats } = this.cluster;
    if (resetMs > 0) {
      stats.rqRetryBackOffRateLimited.inc();
      return resetMs + (random % Math.max(resetMs >>> 1, 1));
    }
    stats.rqRetryBackOffExponential.inc();
    const span = this.backOffMs;
    this.backOffMs = span < policy.backOffMaxMs / 2 ? span * 2 : policy.backOffMaxMs;
    return random % span;
  }

  /** A host for the next try: as the cluster picks, again and again while the policy does not like it. */
  pick(cluster: Cluster): Host | null {
    const { avoidsPreviousHosts, morePicks, omitsCanaries } = this.policy;
    let host = cluster.pick();
    for (let i = 0; i < morePicks && host !== null; i++) {
      const isUnwanted = (avoidsPreviousHosts && this.tried.has(host)) || (omitsCanaries && isCanary(host));
      if (!isUnwanted) break;
      host = cluster.pick();
    }
    return host;
  }

  /** A try with this host begins. */
  note(host: Host): void {
    if (this.policy.avoidsPreviousHosts) this.tried.add(host);
  }

  /** The request is over, or may not be retried any more. */
  release(): void {
    if (this.hasPermit) this.breakers.retries.release();
    this.hasPermit = false;
  }

  private decide(wants: boolean): boolean {
    const { stats } = this.cluster;
    // Permits are taken for tries alone: with one this is the answer to a try.
    if (this.hasPermit && !wants) stats.rqRetrySuccess.inc();
    this.release();
    if (!wants) return false;
    if (this.left === 0) {
      stats.rqRetryLimitExceeded.inc();
      this.stream.setFlag(UPSTREAM_RETRY_LIMIT_EXCEEDED);
      return false;
    }
    this.left--;
    if (!this.breakers.acquireRetry()) {
      stats.rqRetryOverflow.inc();
      this.stream.setFlag(UPSTREAM_OVERFLOW);
      return false;
    }
    this.hasPermit = true;
    stats.rqRetry.inc();
    return true;
  }

  private wantsAnswer(headers: HeaderMap, status: number): boolean {
    const { on } = this;
    if (headers.hasId(HEADER_X_ENVOY_RATELIMITED)) return (on & RETRY_ON_ENVOY_RATE_LIMITED) !== 0;
    if ((on & RETRY_ON_5XX) !== 0 && status >= 500 && status < 600) return true;
    if ((on & RETRY_ON_GATEWAY_ERROR) !== 0 && status >= 502 && status <= 504) return true;
    if ((on & RETRY_ON_RETRIABLE_4XX) !== 0 && status === 409) return true;
    if ((on & RETRY_ON_STATUS_CODES) !== 0 && this.statusCodes.includes(status)) return true;
    if ((on & RETRY_ON_HEADERS) !== 0) {
      const lookup = (name: string) => headers.getAll(name);
      if (this.headers.some((rule) => rule(lookup))) return true;
    }
    if ((on & RETRY_ON_ANY_GRPC) === 0 || !headers.hasId(HEADER_GRPC_STATUS)) return false;
    const grpcStatus = readGrpcStatus(headers.getId(HEADER_GRPC_STATUS)) ?? 0;
    return grpcStatus <= 16 && (on & (RETRY_ON_GRPC << grpcStatus)) !== 0;
  }

  private wantsReset(reason: ResetReason, wasSent: boolean): boolean {
    const { on } = this;
    if (reason === RESET_OVERFLOW) return false;
    // What the client would be told is a 5xx.
    if ((on & (RETRY_ON_RESET | RETRY_ON_5XX | RETRY_ON_GATEWAY_ERROR)) !== 0) return true;
    if ((on & RETRY_ON_CONNECT_FAILURE) !== 0 && reason.flag === UPSTREAM_CONNECTION_FAILURE) return true;
    if ((on & RETRY_ON_REFUSED_STREAM) !== 0 && reason === RESET_REMOTE_REFUSED) return true;
    return (on & RETRY_ON_RESET_BEFORE_REQUEST) !== 0 && !wasSent;
  }

  /** The first header that says when to come again, in ms; 0: none does. */
  private resetInterval(headers: HeaderMap): number {
    const nowSeconds = Math.trunc(this.stream.worker.clock.wallMs() / 1000);
    for (const { name, isTimestamp } of this.policy.resetHeaders) {
      const value = headers.getAll(name)[0];
      if (value === undefined || !/^\d{1,12}$/.test(value)) continue;
      const ms = (isTimestamp ? Number(value) - nowSeconds : Number(value)) * 1000;
      if (ms > 1 && ms <= this.policy.resetMaxMs) return ms;
    }
    return 0;
  }
}

function isCanary(host: Host): boolean {
  return host.metadata?.["envoy.lb"]?.["canary"] === true;
}

function list(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value
    .split(",", LISTED_MAX)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

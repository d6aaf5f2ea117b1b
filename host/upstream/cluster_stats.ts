/** Stats of one cluster, `cluster.<name>.` (Envoy: upstream/cluster manager "Statistics"). */

import type { Counter, Gauge, Histogram, Scope } from "../stats/scope.ts";

/** Names that a dashboard expects to find although nothing counts them yet. */
const COUNTERS_AT_ZERO = [
  "assignment_stale",
  "assignment_timeout_received",
  "assignment_use_cached",
  "default.total_match_count",
  "http1.dropped_headers_with_underscores",
  "http1.metadata_not_supported_error",
  "http1.requests_rejected_with_underscores_in_headers",
  "http1.response_flood",
  "lb_local_cluster_not_ok",
  "lb_recalculate_zone_structures",
  "lb_subsets_created",
  "lb_subsets_fallback",
  "lb_subsets_fallback_panic",
  "lb_subsets_removed",
  "lb_subsets_selected",
  "lb_zone_cluster_too_small",
  "lb_zone_no_capacity_left",
  "lb_zone_routing_all_directly",
  "lb_zone_routing_cross_zone",
  "lb_zone_routing_sampled",
  "original_dst_host_invalid",
  "upstream_cx_connect_with_0_rtt",
  "upstream_cx_http3_total",
  "upstream_cx_preconnect_skipped",
  "upstream_http3_broken",
  "upstream_internal_redirect_failed_total",
  "upstream_internal_redirect_succeeded_total",
  "upstream_rq_0rtt",
  "upstream_rq_active_overflow",
  "upstream_rq_maintenance_mode",
];
const GAUGES_AT_ZERO = ["lb_subsets_active", "upstream_queue_overloaded"];

/** Names below which a cluster counts at the wish of requests. */
const ALTERNATES_MAX = 100;

export class ClusterStats {
  readonly scope: Scope;
  readonly bindErrors: Counter;
  readonly cxActive: Gauge;
  readonly cxTotal: Counter;
  readonly cxHttp1Total: Counter;
  readonly cxHttp2Total: Counter;
  /** GOAWAY. */
  readonly cxCloseNotify: Counter;
  readonly cxMaxDurationReached: Counter;
  readonly cxConnectAttemptsExceeded: Counter;
  readonly cxConnectFail: Counter;
  readonly cxConnectTimeout: Counter;
  readonly cxConnectMs: Histogram;
  readonly cxLengthMs: Histogram;
  readonly cxDestroy: Counter;
  readonly cxDestroyLocal: Counter;
  readonly cxDestroyLocalWithActiveRq: Counter;
  readonly cxDestroyRemote: Counter;
  readonly cxDestroyRemoteWithActiveRq: Counter;
  readonly cxDestroyWithActiveRq: Counter;
  readonly cxIdleTimeout: Counter;
  readonly cxMaxRequests: Counter;
  readonly cxNoneHealthy: Counter;
  readonly cxOverflow: Counter;
  readonly cxPoolOverflow: Counter;
  readonly cxProtocolError: Counter;
  readonly cxRxBytes: Counter;
  readonly cxTxBytes: Counter;
  readonly cxRxBuffered: Gauge;
  readonly cxTxBuffered: Gauge;
  readonly flowBackedUp: Counter;
  readonly flowDrained: Counter;
  readonly flowPaused: Counter;
  readonly flowResumed: Counter;
  readonly rqActive: Gauge;
  readonly rqTotal: Counter;
  readonly rqCompleted: Counter;
  readonly rqCancelled: Counter;
  readonly rqMaxDurationReached: Counter;
  readonly rqPendingActive: Gauge;
  readonly rqPendingFailureEject: Counter;
  readonly rqPendingOverflow: Counter;
  readonly rqPendingTotal: Counter;
  readonly rqPerCx: Histogram;
  readonly rqRetry: Counter;
  readonly retryOrShadowAbandoned: Counter;
  readonly rqPerTryIdleTimeout: Counter;
  readonly rqPerTryTimeout: Counter;
  readonly rqRetryBackOffExponential: Counter;
  readonly rqRetryBackOffRateLimited: Counter;
  readonly rqRetryLimitExceeded: Counter;
  readonly rqRetryOverflow: Counter;
  readonly rqRetrySuccess: Counter;
  readonly rqRxReset: Counter;
  readonly rqRxResetNoError: Counter;
  readonly rqTxReset: Counter;
  readonly rqTimeout: Counter;
  private readonly answers: AnswerStats;
  private readonly externalAnswers: AnswerStats;
  private readonly internalAnswers: AnswerStats;
  private readonly retriedAnswers: AnswerStats;
  private readonly alternates = new Map<string, AlternateStats>();

  constructor(scope: Scope) {
    this.scope = scope;
    this.bindErrors = scope.counter("bind_errors");
    this.cxActive = scope.gauge("upstream_cx_active");
    this.cxTotal = scope.counter("upstream_cx_total");
    this.cxHttp1Total = scope.counter("upstream_cx_http1_total");
    this.cxHttp2Total = scope.counter("upstream_cx_http2_total");
    this.cxCloseNotify = scope.counter("upstream_cx_close_notify");
    this.cxMaxDurationReached = scope.counter("upstream_cx_max_duration_reached");
    this.cxConnectAttemptsExceeded = scope.counter("upstream_cx_connect_attempts_exceeded");
    this.cxConnectFail = scope.counter("upstream_cx_connect_fail");
    this.cxConnectTimeout = scope.counter("upstream_cx_connect_timeout");
    this.cxConnectMs = scope.histogram("upstream_cx_connect_ms", "milliseconds");
    this.cxLengthMs = scope.histogram("upstream_cx_length_ms", "milliseconds");
    this.cxDestroy = scope.counter("upstream_cx_destroy");
    this.cxDestroyLocal = scope.counter("upstream_cx_destroy_local");
    this.cxDestroyLocalWithActiveRq = scope.counter("upstream_cx_destroy_local_with_active_rq");
    this.cxDestroyRemote = scope.counter("upstream_cx_destroy_remote");
    this.cxDestroyRemoteWithActiveRq = scope.counter("upstream_cx_destroy_remote_with_active_rq");
    this.cxDestroyWithActiveRq = scope.counter("upstream_cx_destroy_with_active_rq");
    this.cxIdleTimeout = scope.counter("upstream_cx_idle_timeout");
    this.cxMaxRequests = scope.counter("upstream_cx_max_requests");
    this.cxNoneHealthy = scope.counter("upstream_cx_none_healthy");
    this.cxOverflow = scope.counter("upstream_cx_overflow");
    this.cxPoolOverflow = scope.counter("upstream_cx_pool_overflow");
    this.cxProtocolError = scope.counter("upstream_cx_protocol_error");
    this.cxRxBytes = scope.counter("upstream_cx_rx_bytes_total");
    this.cxTxBytes = scope.counter("upstream_cx_tx_bytes_total");
    this.cxRxBuffered = scope.gauge("upstream_cx_rx_bytes_buffered");
    this.cxTxBuffered = scope.gauge("upstream_cx_tx_bytes_buffered");
    this.flowBackedUp = scope.counter("upstream_flow_control_backed_up_total");
    this.flowDrained = scope.counter("upstream_flow_control_drained_total");
    this.flowPaused = scope.counter("upstream_flow_control_paused_reading_total");
    this.flowResumed = scope.counter("upstream_flow_control_resumed_reading_total");
    this.rqActive = scope.gauge("upstream_rq_active");
    this.rqTotal = scope.counter("upstream_rq_total");
    this.rqCompleted = scope.counter("upstream_rq_completed");
    this.rqCancelled = scope.counter("upstream_rq_cancelled");
    this.rqMaxDurationReached = scope.counter("upstream_rq_max_duration_reached");
    this.rqPendingActive = scope.gauge("upstream_rq_pending_active");
    this.rqPendingFailureEject = scope.counter("upstream_rq_pending_failure_eject");
    this.rqPendingOverflow = scope.counter("upstream_rq_pending_overflow");
    this.rqPendingTotal = scope.counter("upstream_rq_pending_total");
    this.rqPerCx = scope.histogram("upstream_rq_per_cx", "unspecified");
    this.rqRetry = scope.counter("upstream_rq_retry");
    this.retryOrShadowAbandoned = scope.counter("retry_or_shadow_abandoned");
    this.rqPerTryIdleTimeout = scope.counter("upstream_rq_per_try_idle_timeout");
    this.rqPerTryTimeout = scope.counter("upstream_rq_per_try_timeout");
    this.rqRetryBackOffExponential = scope.counter("upstream_rq_retry_backoff_exponential");
    this.rqRetryBackOffRateLimited = scope.counter("upstream_rq_retry_backoff_ratelimited");
    this.rqRetryLimitExceeded = scope.counter("upstream_rq_retry_limit_exceeded");
    this.rqRetryOverflow = scope.counter("upstream_rq_retry_overflow");
    this.rqRetrySuccess = scope.counter("upstream_rq_retry_success");
    this.rqRxReset = scope.counter("upstream_rq_rx_reset");
    this.rqRxResetNoError = scope.counter("upstream_rq_rx_reset_no_error");
    this.rqTxReset = scope.counter("upstream_rq_tx_reset");
    this.rqTimeout = scope.counter("upstream_rq_timeout");
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
    for (const name of GAUGES_AT_ZERO) scope.gauge(name);
    this.answers = new AnswerStats(scope);
    this.externalAnswers = new AnswerStats(scope.scope("external."));
    this.internalAnswers = new AnswerStats(scope.scope("internal."));
    this.retriedAnswers = new AnswerStats(scope.scope("retry."));
  }

  /**
   * Counts an answer that reached the client: the upstream's, or a local reply on its behalf.
   * @param alternate what the request wants it counted under as well (`x-envoy-upstream-alt-stat-name`); empty: nothing
   */
  answered(status: number, isInternal: boolean, alternate = ""): void {
    if (alternate !== "") this.alternate(alternate)?.answered(status, isInternal);
    this.rqCompleted.inc();
    this.answers.count(status);
    const side = isInternal ? this.internalAnswers : this.externalAnswers;
    side.completed();
    side.count(status);
  }

  /** Counts an answer that no client sees: it is tried again. */
  retried(status: number): void {
    this.retriedAnswers.completed();
    this.retriedAnswers.count(status);
  }

  /** Null: there are as many names as there may be. */
  private alternate(name: string): AlternateStats | null {
    let found = this.alternates.get(name);
    if (found === undefined) {
      if (this.alternates.size >= ALTERNATES_MAX) return null;
      found = new AlternateStats(this.scope.scope(name));
      this.alternates.set(name, found);
    }
    return found;
  }

  /** Time from the end of the request to the end of the answer. */
  recordTime(ms: number, isInternal: boolean): void {
    this.answers.recordTime(ms);
    (isInternal ? this.internalAnswers : this.externalAnswers).recordTime(ms);
  }
}

/** Answers below a name that internal clients choose. */
class AlternateStats {
  private readonly all: AnswerStats;
  private readonly external: AnswerStats;
  private readonly internal: AnswerStats;

  constructor(scope: Scope) {
    this.all = new AnswerStats(scope);
    this.external = new AnswerStats(scope.scope("external."));
    this.internal = new AnswerStats(scope.scope("internal."));
  }

  answered(status: number, isInternal: boolean): void {
    for (const answers of [this.all, isInternal ? this.internal : this.external]) {
      answers.completed();
      answers.count(status);
    }
  }
}

/** `upstream_rq_<status>`, `_<class>xx`, `_completed` and `_time` under one prefix; each comes to be with its first answer, as in Envoy. */
export class AnswerStats {
  private readonly scope: Scope;
  private readonly byStatus: (Counter | undefined)[] = new Array(600).fill(undefined);
  private readonly byClass: (Counter | undefined)[] = new Array(6).fill(undefined);
  private completedCounter: Counter | undefined;
  private time: Histogram | undefined;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  count(status: number): void {
    if (status < 100 || status > 599) return;
    let one = this.byStatus[status];
    if (one === undefined) {
      one = this.scope.counter(`upstream_rq_${status}`);
      this.byStatus[status] = one;
    }
    one.inc();
    const digit = (status / 100) | 0;
    let all = this.byClass[digit];
    if (all === undefined) {
      all = this.scope.counter(`upstream_rq_${digit}xx`);
      this.byClass[digit] = all;
    }
    all.inc();
  }

  completed(): void {
    if (this.completedCounter === undefined) this.completedCounter = this.scope.counter("upstream_rq_completed");
    this.completedCounter.inc();
  }

  recordTime(ms: number): void {
    if (this.time === undefined) this.time = this.scope.histogram("upstream_rq_time", "milliseconds");
    this.time.record(ms);
  }
}

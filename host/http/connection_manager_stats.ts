/** Stats of one HTTP connection manager, `http.<stat_prefix>.`, and its listener's share, `listener.<address>.http.<stat_prefix>.`. */

import type { Counter, Gauge, Histogram, Scope } from "../stats/scope.ts";

/** Names that a dashboard expects to find although nothing counts them yet: what they count needs HTTP/3, or is not there. */
const COUNTERS_AT_ZERO = [
  "downstream_cx_http3_total",
  "downstream_rq_http3_total",
  "downstream_rq_rejected_via_ip_detection",
  "rs_too_large",
  "tracing.client_enabled",
  "tracing.health_check",
  "tracing.not_traceable",
  "tracing.random_sampling",
  "tracing.service_forced",
];
const GAUGES_AT_ZERO = [
  "downstream_cx_http1_soft_drain",
  "downstream_cx_http3_active",
  "downstream_cx_rx_bytes_buffered",
  "downstream_cx_tx_bytes_buffered",
];

/** `_1xx` to `_5xx`, indexed by the first digit of a status. */
export function statusClasses(scope: Scope, prefix: string): readonly Counter[] {
  return [0, 1, 2, 3, 4, 5].map((digit) => scope.counter(`${prefix}${Math.max(digit, 1)}xx`));
}

export class ConnectionManagerStats {
  readonly cxActive: Gauge;
  readonly cxTotal: Counter;
  readonly cxSslActive: Gauge;
  readonly cxSslTotal: Counter;
  readonly cxHttp1Active: Gauge;
  readonly cxHttp1Total: Counter;
  readonly cxHttp2Active: Gauge;
  readonly cxHttp2Total: Counter;
  readonly cxDestroy: Counter;
  readonly cxDestroyActiveRq: Counter;
  readonly cxDestroyLocal: Counter;
  readonly cxDestroyLocalActiveRq: Counter;
  readonly cxDestroyRemote: Counter;
  readonly cxDestroyRemoteActiveRq: Counter;
  readonly cxDelayedCloseTimeout: Counter;
  readonly cxDrainClose: Counter;
  readonly cxIdleTimeout: Counter;
  readonly cxMaxDurationReached: Counter;
  readonly cxMaxRequestsReached: Counter;
  readonly cxProtocolError: Counter;
  readonly cxRxBytes: Counter;
  readonly cxTxBytes: Counter;
  readonly cxUpgradesActive: Gauge;
  readonly cxUpgradesTotal: Counter;
  readonly cxLengthMs: Histogram;
  readonly flowPaused: Counter;
  readonly flowResumed: Counter;
  readonly rqActive: Gauge;
  readonly rqTotal: Counter;
  readonly rqHttp1Total: Counter;
  readonly rqHttp2Total: Counter;
  readonly rqCompleted: Counter;
  /** By first digit of the status. */
  readonly rqClass: readonly Counter[];
  readonly rqTime: Histogram;
  readonly rqFailedPathNormalization: Counter;
  readonly rqRedirectedWithNormalizedPath: Counter;
  readonly rqOverloadClose: Counter;
  readonly cxOverloadDisableKeepalive: Counter;
  readonly rqHeaderTimeout: Counter;
  readonly rqIdleTimeout: Counter;
  readonly rqMaxDurationReached: Counter;
  readonly rqNonRelativePath: Counter;
  readonly rqResponseBeforeComplete: Counter;
  readonly rqRxReset: Counter;
  readonly rqTimeout: Counter;
  readonly rqTooLarge: Counter;
  readonly rqTooManyPrematureResets: Counter;
  readonly rqTxReset: Counter;
  readonly rqWsOnNonWsRoute: Counter;
  readonly listenerRqCompleted: Counter;
  readonly listenerRqClass: readonly Counter[];

  /** @param scope `http.<stat_prefix>.` @param listenerScope `listener.<address>.http.<stat_prefix>.` */
  constructor(scope: Scope, listenerScope: Scope) {
    this.cxActive = scope.gauge("downstream_cx_active");
    this.cxTotal = scope.counter("downstream_cx_total");
    this.cxSslActive = scope.gauge("downstream_cx_ssl_active");
    this.cxSslTotal = scope.counter("downstream_cx_ssl_total");
    this.cxHttp1Active = scope.gauge("downstream_cx_http1_active");
    this.cxHttp1Total = scope.counter("downstream_cx_http1_total");
    this.cxHttp2Active = scope.gauge("downstream_cx_http2_active");
    this.cxHttp2Total = scope.counter("downstream_cx_http2_total");
    this.cxDestroy = scope.counter("downstream_cx_destroy");
    this.cxDestroyActiveRq = scope.counter("downstream_cx_destroy_active_rq");
    this.cxDestroyLocal = scope.counter("downstream_cx_destroy_local");
    this.cxDestroyLocalActiveRq = scope.counter("downstream_cx_destroy_local_active_rq");
    this.cxDestroyRemote = scope.counter("downstream_cx_destroy_remote");
    this.cxDestroyRemoteActiveRq = scope.counter("downstream_cx_destroy_remote_active_rq");
    this.cxDelayedCloseTimeout = scope.counter("downstream_cx_delayed_close_timeout");
    this.cxDrainClose = scope.counter("downstream_cx_drain_close");
    this.cxIdleTimeout = scope.counter("downstream_cx_idle_timeout");
    this.cxMaxDurationReached = scope.counter("downstream_cx_max_duration_reached");
    this.cxMaxRequestsReached = scope.counter("downstream_cx_max_requests_reached");
    this.cxProtocolError = scope.counter("downstream_cx_protocol_error");
    this.cxRxBytes = scope.counter("downstream_cx_rx_bytes_total");
    this.cxTxBytes = scope.counter("downstream_cx_tx_bytes_total");
    this.cxUpgradesActive = scope.gauge("downstream_cx_upgrades_active");
    this.cxUpgradesTotal = scope.counter("downstream_cx_upgrades_total");
    this.cxLengthMs = scope.histogram("downstream_cx_length_ms", "milliseconds");
    this.flowPaused = scope.counter("downstream_flow_control_paused_reading_total");
    this.flowResumed = scope.counter("downstream_flow_control_resumed_reading_total");
    this.rqActive = scope.gauge("downstream_rq_active");
    this.rqTotal = scope.counter("downstream_rq_total");
    this.rqHttp1Total = scope.counter("downstream_rq_http1_total");
    this.rqHttp2Total = scope.counter("downstream_rq_http2_total");
    this.rqCompleted = scope.counter("downstream_rq_completed");
    this.rqClass = statusClasses(scope, "downstream_rq_");
    this.rqTime = scope.histogram("downstream_rq_time", "milliseconds");
    this.rqFailedPathNormalization = scope.counter("downstream_rq_failed_path_normalization");
    this.rqRedirectedWithNormalizedPath = scope.counter("downstream_rq_redirected_with_normalized_path");
    this.rqOverloadClose = scope.counter("downstream_rq_overload_close");
    this.cxOverloadDisableKeepalive = scope.counter("downstream_cx_overload_disable_keepalive");
    this.rqHeaderTimeout = scope.counter("downstream_rq_header_timeout");
    this.rqIdleTimeout = scope.counter("downstream_rq_idle_timeout");
    this.rqMaxDurationReached = scope.counter("downstream_rq_max_duration_reached");
    this.rqNonRelativePath = scope.counter("downstream_rq_non_relative_path");
    this.rqResponseBeforeComplete = scope.counter("downstream_rq_response_before_rq_complete");
    this.rqRxReset = scope.counter("downstream_rq_rx_reset");
    this.rqTimeout = scope.counter("downstream_rq_timeout");
    this.rqTooManyPrematureResets = scope.counter("downstream_rq_too_many_premature_resets");
    this.rqTooLarge = scope.counter("downstream_rq_too_large");
    this.rqTxReset = scope.counter("downstream_rq_tx_reset");
    this.rqWsOnNonWsRoute = scope.counter("downstream_rq_ws_on_non_ws_route");
    this.listenerRqCompleted = listenerScope.counter("downstream_rq_completed");
    this.listenerRqClass = statusClasses(listenerScope, "downstream_rq_");
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
    for (const name of GAUGES_AT_ZERO) scope.gauge(name);
  }
  /** The head of an answer has left. */
  answered(status: number): void {
    const digit = (status / 100) | 0;
    this.rqCompleted.inc();
    this.rqClass[digit]?.inc();
    this.listenerRqCompleted.inc();
    this.listenerRqClass[digit]?.inc();
  }
}

/** What the admin port counts of itself: `http.admin.` and `listener.admin.`, by the names that any connection manager has. */

import { statusClasses } from "../http/connection_manager_stats.ts";
import { ListenerStats } from "../listener/listener_stats.ts";
import type { Counter, Gauge, Histogram, Scope } from "../stats/scope.ts";
import type { AdminExchange, AdminObserver } from "./server.ts";

/** Names that stay at zero: Node's server does not tell, or it cannot happen here. */
const COUNTERS_AT_ZERO = [
  "downstream_cx_delayed_close_timeout",
  "downstream_cx_destroy_active_rq",
  "downstream_cx_destroy_local",
  "downstream_cx_destroy_local_active_rq",
  "downstream_cx_destroy_remote_active_rq",
  "downstream_cx_drain_close",
  "downstream_cx_http2_total",
  "downstream_cx_http3_total",
  "downstream_cx_idle_timeout",
  "downstream_cx_max_duration_reached",
  "downstream_cx_max_requests_reached",
  "downstream_cx_overload_disable_keepalive",
  "downstream_cx_ssl_total",
  "downstream_cx_upgrades_total",
  "downstream_flow_control_paused_reading_total",
  "downstream_flow_control_resumed_reading_total",
  "downstream_rq_failed_path_normalization",
  "downstream_rq_header_timeout",
  "downstream_rq_http2_total",
  "downstream_rq_http3_total",
  "downstream_rq_idle_timeout",
  "downstream_rq_max_duration_reached",
  "downstream_rq_non_relative_path",
  "downstream_rq_overload_close",
  "downstream_rq_redirected_with_normalized_path",
  "downstream_rq_rejected_via_ip_detection",
  "downstream_rq_response_before_rq_complete",
  "downstream_rq_rx_reset",
  "downstream_rq_timeout",
  "downstream_rq_too_large",
  "downstream_rq_too_many_premature_resets",
  "downstream_rq_tx_reset",
  "downstream_rq_ws_on_non_ws_route",
  "rs_too_large",
];
const GAUGES_AT_ZERO = [
  "downstream_cx_http1_soft_drain",
  "downstream_cx_http2_active",
  "downstream_cx_http3_active",
  "downstream_cx_rx_bytes_buffered",
  "downstream_cx_ssl_active",
  "downstream_cx_tx_bytes_buffered",
  "downstream_cx_upgrades_active",
];

export class AdminStats implements AdminObserver {
  private readonly listener: ListenerStats;
  private readonly cxActive: Gauge;
  private readonly cxHttp1Active: Gauge;
  private readonly cxTotal: Counter;
  private readonly cxHttp1Total: Counter;
  private readonly cxDestroy: Counter;
  private readonly cxDestroyRemote: Counter;
  private readonly cxProtocolError: Counter;
  private readonly cxRxBytes: Counter;
  private readonly cxTxBytes: Counter;
  private readonly cxLengthMs: Histogram;
  private readonly rqActive: Gauge;
  private readonly rqTotal: Counter;
  private readonly rqHttp1Total: Counter;
  private readonly rqTime: Histogram;
  private readonly completed: readonly Counter[];
  private readonly classes: readonly (readonly Counter[])[];

  /** `root` is that of the main thread's stats. */
  constructor(root: Scope) {
    const scope = root.scope("http.admin");
    const listener = root.scope("listener.admin");
    const listenerHttp = listener.scope("http.admin");
    this.listener = new ListenerStats(listener, "main_thread");
    this.cxActive = scope.gauge("downstream_cx_active");
    this.cxHttp1Active = scope.gauge("downstream_cx_http1_active");
    this.cxTotal = scope.counter("downstream_cx_total");
    this.cxHttp1Total = scope.counter("downstream_cx_http1_total");
    this.cxDestroy = scope.counter("downstream_cx_destroy");
    this.cxDestroyRemote = scope.counter("downstream_cx_destroy_remote");
    this.cxProtocolError = scope.counter("downstream_cx_protocol_error");
    this.cxRxBytes = scope.counter("downstream_cx_rx_bytes_total");
    this.cxTxBytes = scope.counter("downstream_cx_tx_bytes_total");
    this.cxLengthMs = scope.histogram("downstream_cx_length_ms", "milliseconds");
    this.rqActive = scope.gauge("downstream_rq_active");
    this.rqTotal = scope.counter("downstream_rq_total");
    this.rqHttp1Total = scope.counter("downstream_rq_http1_total");
    this.rqTime = scope.histogram("downstream_rq_time", "milliseconds");
    this.completed = [scope, listenerHttp].map((s) => s.counter("downstream_rq_completed"));
    this.classes = [scope, listenerHttp].map((s) => statusClasses(s, "downstream_rq_"));
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
    for (const name of GAUGES_AT_ZERO) scope.gauge(name);
  }

  onOpen(): void {
    for (const gauge of [this.cxActive, this.cxHttp1Active, this.listener.cxActive, this.listener.workerCxActive]) {
      gauge.inc();
    }
    for (const counter of [this.cxTotal, this.cxHttp1Total, this.listener.cxTotal, this.listener.workerCxTotal]) {
      counter.inc();
    }
  }

  onClose(lengthMs: number, bytesRead: number, bytesWritten: number): void {
    for (const gauge of [this.cxActive, this.cxHttp1Active, this.listener.cxActive, this.listener.workerCxActive]) {
      gauge.dec();
    }
    for (const counter of [this.cxDestroy, this.cxDestroyRemote, this.listener.cxDestroy]) counter.inc();
    this.cxRxBytes.add(bytesRead);
    this.cxTxBytes.add(bytesWritten);
    this.cxLengthMs.record(lengthMs);
    this.listener.cxLengthMs.record(lengthMs);
  }

  onProtocolError(): void {
    this.cxProtocolError.inc();
  }

  onRequest(): void {
    this.rqActive.inc();
    this.rqTotal.inc();
    this.rqHttp1Total.inc();
  }

  onExchange({ status, startMs, endMs }: AdminExchange): void {
    this.rqActive.dec();
    this.rqTime.record(endMs - startMs);
    for (const counter of this.completed) counter.inc();
    for (const classes of this.classes) classes[Math.floor(status / 100)]?.inc();
  }
}

/** Stats of one tcp_proxy, `tcp.<stat_prefix>.`. */

import type { Counter, Gauge, Scope } from "../../../host/stats/scope.ts";

const COUNTERS_AT_ZERO = ["downstream_cx_overload_close", "early_data_received_count_total", "route_delayed_total"];
const GAUGES_AT_ZERO = ["downstream_cx_rx_bytes_buffered", "downstream_cx_tx_bytes_buffered"];

export class TcpProxyStats {
  readonly cxTotal: Counter;
  readonly cxNoRoute: Counter;
  readonly cxDrainClose: Counter;
  readonly rxBytes: Counter;
  readonly txBytes: Counter;
  readonly flowPaused: Counter;
  readonly flowResumed: Counter;
  readonly idleTimeout: Counter;
  readonly maxDuration: Counter;
  readonly flushActive: Gauge;
  readonly flushTotal: Counter;

  constructor(scope: Scope) {
    this.cxTotal = scope.counter("downstream_cx_total");
    this.cxNoRoute = scope.counter("downstream_cx_no_route");
    this.cxDrainClose = scope.counter("downstream_cx_drain_close");
    this.rxBytes = scope.counter("downstream_cx_rx_bytes_total");
    this.txBytes = scope.counter("downstream_cx_tx_bytes_total");
    this.flowPaused = scope.counter("downstream_flow_control_paused_reading_total");
    this.flowResumed = scope.counter("downstream_flow_control_resumed_reading_total");
    this.idleTimeout = scope.counter("idle_timeout");
    this.maxDuration = scope.counter("max_downstream_connection_duration");
    this.flushActive = scope.gauge("upstream_flush_active");
    this.flushTotal = scope.counter("upstream_flush_total");
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
    for (const name of GAUGES_AT_ZERO) scope.gauge(name);
  }
}

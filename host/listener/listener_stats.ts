/** Stats of one listener, `listener.<address>.`. */

import type { Counter, Gauge, Histogram, Scope } from "../stats/scope.ts";

const COUNTERS_AT_ZERO = [
  "downstream_global_cx_overflow",
  "extension_config_missing",
  "network_extension_config_missing",
];

export class ListenerStats {
  readonly cxActive: Gauge;
  readonly cxTotal: Counter;
  readonly cxDestroy: Counter;
  readonly cxLengthMs: Histogram;
  readonly cxOverflow: Counter;
  readonly cxOverloadReject: Counter;
  readonly noFilterChainMatch: Counter;
  readonly preCxActive: Gauge;
  readonly preCxTimeout: Counter;
  readonly listenerFilterError: Counter;
  readonly listenerFilterRemoteClose: Counter;
  readonly transportSocketConnectTimeout: Counter;
  readonly workerCxActive: Gauge;
  readonly workerCxTotal: Counter;

  /** @param worker `worker_0` or `main_thread` */
  constructor(scope: Scope, worker: string) {
    this.cxActive = scope.gauge("downstream_cx_active");
    this.cxTotal = scope.counter("downstream_cx_total");
    this.cxDestroy = scope.counter("downstream_cx_destroy");
    this.cxLengthMs = scope.histogram("downstream_cx_length_ms", "milliseconds");
    this.cxOverflow = scope.counter("downstream_cx_overflow");
    this.cxOverloadReject = scope.counter("downstream_cx_overload_reject");
    this.noFilterChainMatch = scope.counter("no_filter_chain_match");
    this.preCxActive = scope.gauge("downstream_pre_cx_active");
    this.preCxTimeout = scope.counter("downstream_pre_cx_timeout");
    this.listenerFilterError = scope.counter("downstream_listener_filter_error");
    this.listenerFilterRemoteClose = scope.counter("downstream_listener_filter_remote_close");
    this.transportSocketConnectTimeout = scope.counter("downstream_cx_transport_socket_connect_timeout");
    this.workerCxActive = scope.gauge(`${worker}.downstream_cx_active`);
    this.workerCxTotal = scope.counter(`${worker}.downstream_cx_total`);
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
    scope.histogram("connections_accepted_per_socket_event", "unspecified");
  }
}

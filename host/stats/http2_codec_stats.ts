/**
 * What the HTTP/2 codec counts, `http2.` below a cluster or at the root for listeners (Envoy: HTTP/2 codec "Statistics"). They come to be with the first
 * connection that speaks it, as in Envoy.
 */

import type { Counter, Gauge, Scope } from "./scope.ts";

/** Names that a dashboard expects to find although nothing counts them here. */
const COUNTERS_AT_ZERO = [
  "cookies_total_bytes_too_large",
  "goaway_sent",
  "header_list_size_too_large",
  "headers_cb_no_stream",
  "metadata_empty_frames",
  "outbound_flood",
  "tx_flush_timeout",
  "dropped_headers_with_underscores",
];
const GAUGES_AT_ZERO = ["deferred_stream_close", "outbound_control_frames_active", "outbound_frames_active"];
/** Those that `describeHttp2Error` names. */
const COUNTERS_OF_RULES = [
  "header_overflow",
  "inbound_empty_frames_flood",
  "inbound_priority_frames_flood",
  "inbound_window_update_frames_flood",
  "outbound_control_flood",
  "requests_rejected_with_underscores_in_headers",
  "rx_messaging_error",
  "stream_refused_errors",
];

export class Http2CodecStats {
  readonly keepaliveTimeout: Counter;
  readonly rxReset: Counter;
  readonly txReset: Counter;
  readonly trailers: Counter;
  readonly streamsActive: Gauge;
  readonly pendingSendBytes: Gauge;
  private readonly scope: Scope;

  /** @param scope that of the cluster, or the root */
  constructor(scope: Scope) {
    this.scope = scope.scope("http2");
    this.keepaliveTimeout = this.scope.counter("keepalive_timeout");
    this.rxReset = this.scope.counter("rx_reset");
    this.txReset = this.scope.counter("tx_reset");
    this.trailers = this.scope.counter("trailers");
    this.streamsActive = this.scope.gauge("streams_active");
    this.pendingSendBytes = this.scope.gauge("pending_send_bytes");
    for (const name of [...COUNTERS_AT_ZERO, ...COUNTERS_OF_RULES]) this.scope.counter(name);
    for (const name of GAUGES_AT_ZERO) this.scope.gauge(name);
  }

  /** A peer broke a rule. @param stat as `describeHttp2Error` names it; empty: none */
  broken(stat: string): void {
    if (stat !== "") this.scope.counter(stat).inc();
  }
}

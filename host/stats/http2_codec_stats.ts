/** Envoy's stats of HTTP/2 connections: `http2.` downstream, `cluster.<name>.http2.` upstream. */

import type { Counter, Gauge, Scope } from "./scope.ts";

/** Names that a dashboard expects to find although nothing counts them here: what they count cannot happen, or is what `nghttp2` and `oghttp2` differ in. */
const COUNTERS_AT_ZERO = [
  "cookies_total_bytes_too_large",
  "dropped_headers_with_underscores",
  "header_list_size_too_large",
  "headers_cb_no_stream",
  "metadata_empty_frames",
  "outbound_flood",
];
const GAUGES_AT_ZERO = ["deferred_stream_close", "outbound_control_frames_active", "outbound_frames_active"];

/** Those that stand in the table of errors (http2_errors.ts), each counted when its rule is broken. */
const OF_ERRORS = [
  "header_overflow",
  "inbound_empty_frames_flood",
  "inbound_priority_frames_flood",
  "inbound_window_update_frames_flood",
  "outbound_control_flood",
  "requests_rejected_with_underscores_in_headers",
  "rx_messaging_error",
  "stream_refused_errors",
  "too_many_header_frames",
] as const;

export class Http2CodecStats {
  readonly goawaySent: Counter;
  readonly keepaliveTimeout: Counter;
  readonly pendingSendBytes: Gauge;
  readonly rxReset: Counter;
  readonly streamsActive: Gauge;
  readonly trailers: Counter;
  readonly txFlushTimeout: Counter;
  readonly txReset: Counter;
  private readonly ofErrors: ReadonlyMap<string, Counter>;

  constructor(scope: Scope) {
    this.goawaySent = scope.counter("goaway_sent");
    this.keepaliveTimeout = scope.counter("keepalive_timeout");
    this.pendingSendBytes = scope.gauge("pending_send_bytes");
    this.rxReset = scope.counter("rx_reset");
    this.streamsActive = scope.gauge("streams_active");
    this.trailers = scope.counter("trailers");
    this.txFlushTimeout = scope.counter("tx_flush_timeout");
    this.txReset = scope.counter("tx_reset");
    this.ofErrors = new Map(OF_ERRORS.map((name) => [name, scope.counter(name)]));
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
    for (const name of GAUGES_AT_ZERO) scope.gauge(name);
  }

  /** The peer broke a rule. @param stat of `Http2Error`; empty: none */
  broken(stat: string): void {
    this.ofErrors.get(stat)?.inc();
  }
}

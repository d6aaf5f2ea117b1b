/** Stats of the process as a whole: `server.`, `listener_manager.`, watchdogs. The names that Envoy shows; what does not exist here is zero. */

import type { Counter, Gauge, Histogram, Scope } from "./stats/scope.ts";

const COUNTERS_AT_ZERO = [
  "envoy.overload_actions.reset_high_memory_stream.count",
  "http.async-client.no_cluster",
  "http.async-client.no_route",
  "http.async-client.passthrough_internal_redirect_bad_location",
  "http.async-client.passthrough_internal_redirect_no_route",
  "http.async-client.passthrough_internal_redirect_predicate",
  "http.async-client.passthrough_internal_redirect_too_many_redirects",
  "http.async-client.passthrough_internal_redirect_unsafe_scheme",
  "http.async-client.rq_direct_response",
  "http.async-client.rq_overload_local_reply",
  "http.async-client.rq_redirect",
  "http.async-client.rq_reset_after_downstream_response_started",
  "http.async-client.rq_total",
  "http1.dropped_headers_with_underscores",
  "http1.metadata_not_supported_error",
  "http1.requests_rejected_with_underscores_in_headers",
  "http1.response_flood",
  "main_thread.watchdog_mega_miss",
  "main_thread.watchdog_miss",
  "server.debug_assertion_failures",
  "server.dropped_stat_flushes",
  "server.dynamic_unknown_fields",
  "server.envoy_bug_failures",
  "server.envoy_notifications",
  "server.main_thread.watchdog_mega_miss",
  "server.main_thread.watchdog_miss",
  "server.static_unknown_fields",
  "server.wip_protos",
  "workers.watchdog_mega_miss",
  "workers.watchdog_miss",
];
const GAUGES_AT_ZERO = [
  "server.compilation_settings.fips_mode",
  "server.hot_restart_epoch",
  "server.parent_connections",
  "server.seconds_until_first_ocsp_response_expiring",
  "server.stats_recent_lookups",
  "thread_local_cluster_manager.main_thread.clusters_inflated",
];

/** `server.state`. */
export const STATE_LIVE = 0;
export const STATE_DRAINING = 1;
export const STATE_PRE_INITIALIZING = 2;
export const STATE_INITIALIZING = 3;

export class ServerStats {
  readonly state: Gauge;
  readonly live: Gauge;
  readonly initializationMs: Histogram;
  readonly workersStarted: Gauge;
  readonly listenersActive: Gauge;
  readonly listenersWarming: Gauge;
  readonly listenersDraining: Gauge;
  readonly listenerAdded: Counter;
  readonly listenerModified: Counter;
  readonly listenerRemoved: Counter;
  readonly listenerStopped: Counter;
  readonly listenerCreateSuccess: Counter;
  readonly listenerCreateFailure: Counter;
  /** Not in Envoy: its workers cannot die alone. */
  readonly workersReplaced: Counter;

  constructor(root: Scope, concurrency: number, version: number) {
    const server = root.scope("server");
    this.state = server.gauge("state");
    this.live = server.gauge("live");
    this.initializationMs = server.histogram("initialization_time_ms", "milliseconds");
    server.gauge("concurrency").set(concurrency);
    server.gauge("version").set(version);
    const listeners = root.scope("listener_manager");
    this.workersStarted = listeners.gauge("workers_started");
    listeners.gauge("workers_pinned").set(0);
    listeners.gauge("total_filter_chains_draining").set(0);
    this.listenersActive = listeners.gauge("total_listeners_active");
    this.listenersWarming = listeners.gauge("total_listeners_warming");
    this.listenersDraining = listeners.gauge("total_listeners_draining");
    this.listenerAdded = listeners.counter("listener_added");
    this.listenerModified = listeners.counter("listener_modified");
    this.listenerRemoved = listeners.counter("listener_removed");
    this.listenerStopped = listeners.counter("listener_stopped");
    this.listenerCreateSuccess = listeners.counter("listener_create_success");
    this.listenerCreateFailure = listeners.counter("listener_create_failure");
    listeners.counter("listener_in_place_updated");
    this.workersReplaced = root.counter("workers.replaced");
    root.histogram("overload.refresh_interval_delay", "milliseconds");
    for (const name of COUNTERS_AT_ZERO) root.counter(name);
    for (const name of GAUGES_AT_ZERO) root.gauge(name).set(0);
    for (let i = 0; i < concurrency; i++) {
      root.counter(`server.worker_${i}.watchdog_mega_miss`);
      root.counter(`server.worker_${i}.watchdog_miss`);
      root.gauge(`thread_local_cluster_manager.worker_${i}.clusters_inflated`).set(0);
    }
    this.listenersWarming.set(0);
    this.listenersDraining.set(0);
  }
}

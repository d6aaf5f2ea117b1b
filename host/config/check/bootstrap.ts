/** The bootstrap's own fields. */
import type { Any, DurationMs } from "../types/core.ts";
import { rule } from "./rule.ts";

/** Envoy's tracers: their configs have no effect while nothing traces, but another type is a mistake. */
const TRACERS = new Set(
  ["ZipkinConfig", "DatadogConfig", "OpenTelemetryConfig", "SkyWalkingConfig"]
    .map((name) => `envoy.config.trace.v3.${name}`)
    .concat("envoy.config.trace.v3.XRayConfig", "envoy.extensions.tracers.fluentd.v3.FluentdConfig"),
);

interface WithTimers {
  readonly stats_flush_interval?: DurationMs;
  readonly stats_eviction_interval?: DurationMs;
  readonly watchdog?: object;
  readonly watchdogs?: object;
  readonly tracing?: { readonly http?: { readonly name: string; readonly typed_config?: Any } };
}

export const bootstrapRules = [
  rule<WithTimers>("envoy.config.bootstrap.v3.Bootstrap", (bootstrap, at) => {
    const { stats_flush_interval: flush = 5000, stats_eviction_interval: eviction = 0 } = bootstrap;
    if (eviction % flush !== 0) {
      at.failField("stats_eviction_interval", "must be a multiple of stats_flush_interval (5s when that is not set)");
    }
    if (bootstrap.watchdog !== undefined && bootstrap.watchdogs !== undefined) {
      at.failField("watchdog", "only one of watchdog and watchdogs can be set");
    }
    const tracer = bootstrap.tracing?.http;
    if (tracer === undefined) return;
    const type = tracer.typed_config?.["@type"];
    if (type === undefined || type === "") at.failField("tracing", `the tracer ${tracer.name} has no typed_config`);
    else if (!TRACERS.has(type)) at.failField("tracing", `${type} is not supported yet`);
  }),
];

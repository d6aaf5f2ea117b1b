/** The command line as `/server_info` shows it: envoy.admin.v3.CommandLineOptions, defaults included, in the order of its fields. */

import { DEFAULT_LOG_FORMAT } from "../log/format.ts";
import type { FlagName } from "./flags.ts";
import type { Given } from "./parse.ts";

export function optionsJson(given: Given, concurrency: number): object {
  const text = (name: FlagName, otherwise = "") => given.get(name)?.[0] ?? otherwise;
  const number = (name: FlagName, otherwise: number) => Number(given.get(name)?.[0] ?? otherwise);
  const has = (name: FlagName) => given.has(name);
  return {
    base_id: text("base-id", "0"),
    concurrency,
    config_path: text("config-path"),
    config_yaml: text("config-yaml"),
    allow_unknown_static_fields: has("allow-unknown-static-fields") || has("allow-unknown-fields"),
    admin_address_path: text("admin-address-path"),
    local_address_ip_version: text("local-address-ip-version", "v4"),
    log_level: text("log-level", "info"),
    component_log_level: text("component-log-level"),
    log_format: text("log-format", DEFAULT_LOG_FORMAT),
    log_path: text("log-path"),
    service_cluster: text("service-cluster"),
    service_node: text("service-node"),
    service_zone: text("service-zone"),
    file_flush_interval: `${number("file-flush-interval-msec", 10_000) / 1000}s`,
    drain_time: `${number("drain-time-s", 600)}s`,
    parent_shutdown_time: `${number("parent-shutdown-time-s", 900)}s`,
    mode: text("mode", "serve") === "validate" ? "Validate" : text("mode") === "init_only" ? "InitOnly" : "Serve",
    disable_hot_restart: true,
    enable_mutex_tracing: has("enable-mutex-tracing"),
    restart_epoch: number("restart-epoch", 0),
    cpuset_threads: has("cpuset-threads"),
    reject_unknown_dynamic_fields: has("reject-unknown-dynamic-fields"),
    log_format_escaped: has("log-format-escaped"),
    disabled_extensions: text("disable-extensions")
      .split(",")
      .filter((name) => name !== ""),
    ignore_unknown_dynamic_fields: has("ignore-unknown-dynamic-fields"),
    use_dynamic_base_id: has("use-dynamic-base-id"),
    base_id_path: text("base-id-path"),
    drain_strategy: text("drain-strategy") === "immediate" ? "Immediate" : "Gradual",
    enable_fine_grain_logging: has("enable-fine-grain-logging"),
    socket_path: text("socket-path", "@envoy_domain_socket"),
    socket_mode: Number.parseInt(text("socket-mode", "0"), 8),
    enable_core_dump: has("enable-core-dump"),
    stats_tag: given.get("stats-tag") ?? [],
    skip_hot_restart_on_no_parent: has("skip-hot-restart-on-no-parent"),
    skip_hot_restart_parent_stats: has("skip-hot-restart-parent-stats"),
    skip_deprecated_logs: has("skip-deprecated-logs"),
    file_flush_min_size: number("file-flush-min-size-kb", 64),
    log_stacktrace_single_entry: has("log-stacktrace-single-entry"),
  };
}

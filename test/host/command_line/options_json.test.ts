import { expect, it } from "vitest";
import { optionsJson } from "../../../host/command_line/options_json.ts";
import { parseFlags } from "../../../host/command_line/parse.ts";

/** The fields of Envoy 1.40, in the order in which it prints them. */
const FIELDS = [
  "base_id",
  "concurrency",
  "config_path",
  "config_yaml",
  "allow_unknown_static_fields",
  "admin_address_path",
  "local_address_ip_version",
  "log_level",
  "component_log_level",
  "log_format",
  "log_path",
  "service_cluster",
  "service_node",
  "service_zone",
  "file_flush_interval",
  "drain_time",
  "parent_shutdown_time",
  "mode",
  "disable_hot_restart",
  "enable_mutex_tracing",
  "restart_epoch",
  "cpuset_threads",
  "reject_unknown_dynamic_fields",
  "log_format_escaped",
  "disabled_extensions",
  "ignore_unknown_dynamic_fields",
  "use_dynamic_base_id",
  "base_id_path",
  "drain_strategy",
  "enable_fine_grain_logging",
  "socket_path",
  "socket_mode",
  "enable_core_dump",
  "stats_tag",
  "skip_hot_restart_on_no_parent",
  "skip_hot_restart_parent_stats",
  "skip_deprecated_logs",
  "file_flush_min_size",
  "log_stacktrace_single_entry",
];

it("shows every option with its default", () => {
  const options = optionsJson(parseFlags(["-c", "envoy.yaml"]), 4);
  expect(Object.keys(options)).toEqual(FIELDS);
  expect(options).toMatchObject({
    concurrency: 4,
    config_path: "envoy.yaml",
    file_flush_interval: "10s",
    drain_time: "600s",
    mode: "Serve",
    drain_strategy: "Gradual",
    disabled_extensions: [],
    stats_tag: [],
  });
});

it("shows what was given", () => {
  const words = [
    ..."-c a.yaml --drain-time-s 5 --file-flush-interval-msec 1500 -l debug --drain-strategy immediate".split(" "),
    ..."--stats-tag a:b --stats-tag c:d --disable-extensions x,y --socket-mode 600 --cpuset-threads".split(" "),
  ];
  expect(optionsJson(parseFlags(words), 1)).toMatchObject({
    drain_time: "5s",
    file_flush_interval: "1.5s",
    log_level: "debug",
    drain_strategy: "Immediate",
    stats_tag: ["a:b", "c:d"],
    disabled_extensions: ["x", "y"],
    socket_mode: 384,
    cpuset_threads: true,
  });
});

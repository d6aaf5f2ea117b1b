/** Access logs, their filters and loggers. */

import type { MessageSupport } from "./message_support.ts";

export const accessLogMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.accesslog.v3.AccessLog": { read: ["name", "filter", "typed_config"] },
  "envoy.config.accesslog.v3.AccessLogFilter": {
    read: [
      "status_code_filter",
      "duration_filter",
      "not_health_check_filter",
      "and_filter",
      "or_filter",
      "header_filter",
      "response_flag_filter",
      "grpc_status_filter",
      "runtime_filter",
    ],
  },
  "envoy.config.accesslog.v3.StatusCodeFilter": { read: ["comparison"] },
  "envoy.config.accesslog.v3.DurationFilter": { read: ["comparison"] },
  "envoy.config.accesslog.v3.ComparisonFilter": { read: ["op", "value"] },
  "envoy.config.accesslog.v3.NotHealthCheckFilter": { read: [] },
  "envoy.config.accesslog.v3.GrpcStatusFilter": { read: ["statuses", "exclude"] },
  "envoy.config.accesslog.v3.RuntimeFilter": {
    read: ["percent_sampled", "use_independent_randomness"],
    inert: { runtime_key: "the share in the config holds, as in an Envoy whose runtime has no such key" },
  },
  "envoy.config.accesslog.v3.AndFilter": { read: ["filters"] },
  "envoy.config.accesslog.v3.OrFilter": { read: ["filters"] },
  "envoy.config.accesslog.v3.HeaderFilter": { read: ["header"] },
  "envoy.config.accesslog.v3.ResponseFlagFilter": { read: ["flags"] },
  "envoy.extensions.access_loggers.file.v3.FileAccessLog": {
    read: ["path", "log_format", "format", "json_format", "typed_json_format"],
  },
  "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog": { read: ["log_format"] },
  "envoy.extensions.access_loggers.stream.v3.StderrAccessLog": { read: ["log_format"] },
};

/** The HTTP filters that know gRPC. */

import type { MessageSupport } from "./message_support.ts";

const FILTERS = "envoy.extensions.filters.http";

export const grpcFilterMessages: Readonly<Record<string, MessageSupport>> = {
  [`${FILTERS}.grpc_stats.v3.FilterConfig`]: {
    read: [
      "emit_filter_state",
      "individual_method_stats_allowlist",
      "stats_for_all_methods",
      "enable_upstream_stats",
      "replace_dots_in_grpc_service_name",
    ],
  },
  "envoy.config.core.v3.GrpcMethodList": { read: ["services"] },
  "envoy.config.core.v3.GrpcMethodList.Service": { read: ["name", "method_names"] },
  [`${FILTERS}.grpc_web.v3.GrpcWeb`]: { read: [] },
  [`${FILTERS}.grpc_http1_bridge.v3.Config`]: { read: ["upgrade_protobuf_to_grpc", "ignore_query_parameters"] },
  [`${FILTERS}.grpc_http1_reverse_bridge.v3.FilterConfig`]: {
    read: ["content_type", "withhold_grpc_frames", "response_size_header"],
  },
  [`${FILTERS}.grpc_http1_reverse_bridge.v3.FilterConfigPerRoute`]: { read: ["disabled"] },
};

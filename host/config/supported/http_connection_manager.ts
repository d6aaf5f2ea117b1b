/** The HTTP connection manager and its HTTP filters. */

import type { MessageSupport } from "./message_support.ts";

export const httpConnectionManagerMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": {
    read: [
      "codec_type",
      "stat_prefix",
      "route_config",
      "http_filters",
      "add_user_agent",
      "http_protocol_options",
      "http2_protocol_options",
      "common_http_protocol_options",
      "server_name",
      "server_header_transformation",
      "scheme_header_transformation",
      "drain_timeout",
      "delayed_close_timeout",
      "request_timeout",
      "request_headers_timeout",
      "stream_idle_timeout",
      "max_request_headers_kb",
      "access_log",
      "use_remote_address",
      "internal_address_config",
      "xff_num_trusted_hops",
      "skip_xff_append",
      "via",
      "generate_request_id",
      "preserve_external_request_id",
      "always_set_request_id_in_response",
      "proxy_100_continue",
      "upgrade_configs",
      "normalize_path",
      "merge_slashes",
      "path_with_escaped_slashes_action",
      "strip_matching_host_port",
      "strip_any_host_port",
      "strip_trailing_host_dot",
      "append_x_forwarded_port",
      "access_log_options",
      "forward_client_cert_details",
      "set_current_client_cert_details",
    ],
    inert: {
      stream_error_on_invalid_http_message: "the default",
    },
    only: {
      stream_error_on_invalid_http_message: [false],
      codec_type: ["AUTO", "HTTP1", "HTTP2"],
    },
  },
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter": {
    read: ["name", "typed_config"],
    inert: { is_optional: "filters that are not known are refused either way" },
  },
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig": {
    read: ["upgrade_type", "enabled"],
  },
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails": {
    read: ["subject", "cert", "chain", "dns", "uri"],
  },
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.InternalAddressConfig": {
    read: ["unix_sockets", "cidr_ranges"],
  },
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.HcmAccessLogOptions": { read: [] },
  "envoy.config.core.v3.SchemeHeaderTransformation": { read: ["scheme_to_overwrite"] },
  "envoy.config.core.v3.Http1ProtocolOptions": {
    read: ["accept_http_10", "default_host_for_http_10", "enable_trailers"],
    inert: {
      use_balsa_parser: "a choice between Envoy's parsers",
      allow_absolute_url: "the default",
      override_stream_error_on_invalid_http_message: "the default",
    },
    only: { allow_absolute_url: [true], override_stream_error_on_invalid_http_message: [false] },
  },
  "envoy.config.core.v3.HttpProtocolOptions": {
    read: [
      "idle_timeout",
      "max_connection_duration",
      "max_headers_count",
      "max_response_headers_kb",
      "max_stream_duration",
      "headers_with_underscores_action",
      "max_requests_per_connection",
    ],
  },
  "envoy.extensions.filters.http.router.v3.Router": {
    read: ["suppress_envoy_headers", "respect_expected_rq_timeout"],
    inert: {
      dynamic_stats: "the default",
      start_child_span: "there is no tracing yet, and without tracing Envoy starts none",
      suppress_grpc_request_failure_code_stats: "adds to gRPC statistics only, which are not supported yet",
    },
    only: { dynamic_stats: [true] },
  },
  "envoy.extensions.filters.http.cors.v3.Cors": { read: [] },
  "envoy.extensions.filters.http.cors.v3.CorsPolicy": {
    read: [
      "allow_origin_string_match",
      "allow_methods",
      "allow_headers",
      "expose_headers",
      "max_age",
      "allow_credentials",
      "filter_enabled",
      "shadow_enabled",
      "allow_private_network_access",
      "forward_not_matching_preflights",
    ],
  },
};

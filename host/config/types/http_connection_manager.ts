/** envoy.extensions.filters.network.http_connection_manager.v3 as far as we read it. */
import type { AccessLog } from "./access_log.ts";
import type {
  Any,
  CidrRange,
  DurationMs,
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
} from "./core.ts";
import type { RouteConfiguration } from "./route.ts";

/** `set_current_client_cert_details` */
export interface SetCurrentClientCertDetails {
  readonly subject?: boolean;
  readonly cert?: boolean;
  readonly chain?: boolean;
  readonly dns?: boolean;
  readonly uri?: boolean;
}

export interface HttpConnectionManager extends Any {
  readonly "@type": "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
  readonly stat_prefix: string;
  /** Absent: AUTO. */
  readonly codec_type?: "AUTO" | "HTTP1" | "HTTP2";
  readonly route_config?: RouteConfiguration;
  readonly http_filters?: readonly HttpFilter[];
  readonly access_log?: readonly AccessLog[];
  readonly use_remote_address?: boolean;
  readonly xff_num_trusted_hops?: number;
  readonly skip_xff_append?: boolean;
  /** Absent: SANITIZE. */
  readonly forward_client_cert_details?:
    | "SANITIZE"
    | "FORWARD_ONLY"
    | "APPEND_FORWARD"
    | "SANITIZE_SET"
    | "ALWAYS_FORWARD_ONLY";
  readonly set_current_client_cert_details?: SetCurrentClientCertDetails;
  readonly via?: string;
  readonly generate_request_id?: boolean;
  readonly preserve_external_request_id?: boolean;
  readonly always_set_request_id_in_response?: boolean;
  readonly server_name?: string;
  /** Absent: OVERWRITE. */
  readonly server_header_transformation?: "OVERWRITE" | "APPEND_IF_ABSENT" | "PASS_THROUGH";
  readonly scheme_header_transformation?: { readonly scheme_to_overwrite?: "http" | "https" };
  readonly add_user_agent?: boolean;
  readonly http_protocol_options?: Http1ProtocolOptions;
  readonly http2_protocol_options?: Http2ProtocolOptions;
  readonly common_http_protocol_options?: HttpProtocolOptions;
  readonly request_timeout?: DurationMs;
  readonly request_headers_timeout?: DurationMs;
  readonly stream_idle_timeout?: DurationMs;
  readonly drain_timeout?: DurationMs;
  readonly delayed_close_timeout?: DurationMs;
  readonly max_request_headers_kb?: number;
  readonly upgrade_configs?: readonly UpgradeConfig[];
  readonly normalize_path?: boolean;
  readonly merge_slashes?: boolean;
  readonly path_with_escaped_slashes_action?:
    | "IMPLEMENTATION_SPECIFIC_DEFAULT"
    | "KEEP_UNCHANGED"
    | "REJECT_REQUEST"
    | "UNESCAPE_AND_REDIRECT"
    | "UNESCAPE_AND_FORWARD";
  readonly strip_matching_host_port?: boolean;
  readonly strip_any_host_port?: boolean;
  readonly strip_trailing_host_dot?: boolean;
  readonly proxy_100_continue?: boolean;
  readonly internal_address_config?: {
    readonly unix_sockets?: boolean;
    readonly cidr_ranges?: readonly CidrRange[];
  };
  readonly append_x_forwarded_port?: boolean;
}

export interface HttpFilter {
  readonly name: string;
  readonly typed_config?: Any;
}

export interface UpgradeConfig {
  readonly upgrade_type: string;
  readonly enabled?: boolean;
}

/** envoy.extensions.filters.http.router.v3.Router. */
export interface Router extends Any {
  readonly "@type": "envoy.extensions.filters.http.router.v3.Router";
  readonly suppress_envoy_headers?: boolean;
  readonly respect_expected_rq_timeout?: boolean;
}

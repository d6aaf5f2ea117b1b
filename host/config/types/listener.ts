/** envoy.config.listener.v3 as far as we read it. */
import type { AccessLog } from "./access_log.ts";
import type { Address, Any, CidrRange, DurationMs, Metadata, TypedExtension } from "./core.ts";

export interface Listener {
  /** Absent: the listener gets a generated name. */
  readonly name?: string;
  readonly address?: Address;
  readonly additional_addresses?: readonly { readonly address?: Address }[];
  readonly stat_prefix?: string;
  readonly metadata?: Metadata;
  readonly filter_chains?: readonly FilterChain[];
  readonly default_filter_chain?: FilterChain;
  /** `tls_inspector` is the only one there is. */
  readonly listener_filters?: readonly TypedExtension[];
  /** Absent: 15 s; 0: none. */
  readonly listener_filters_timeout?: DurationMs;
  readonly continue_on_listener_filters_timeout?: boolean;
  readonly traffic_direction?: "UNSPECIFIED" | "INBOUND" | "OUTBOUND";
  /** Absent: true. */
  readonly bind_to_port?: boolean;
  /** Absent: true. */
  readonly enable_reuse_port?: boolean;
  readonly tcp_backlog_size?: number;
  readonly access_log?: readonly AccessLog[];
}

export interface FilterChain {
  readonly name?: string;
  readonly filter_chain_match?: FilterChainMatch;
  readonly filters?: readonly NetworkFilter[];
  /** A DownstreamTlsContext or a RawBuffer. */
  readonly transport_socket?: TypedExtension;
  readonly transport_socket_connect_timeout?: DurationMs;
}

export interface FilterChainMatch {
  readonly destination_port?: number;
  readonly prefix_ranges?: readonly CidrRange[];
  readonly server_names?: readonly string[];
  readonly transport_protocol?: string;
  readonly application_protocols?: readonly string[];
}

export interface NetworkFilter {
  readonly name: string;
  readonly typed_config?: Any;
}

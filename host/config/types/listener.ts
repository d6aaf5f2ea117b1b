/** envoy.config.listener.v3 as far as we read it. */
import type { AccessLog } from "./access_log.ts";
import type { Address, Any, CidrRange, DurationMs, Metadata } from "./core.ts";

export interface Listener {
  /** Absent: the listener gets a generated name. */
  readonly name?: string;
  readonly address?: Address;
  readonly additional_addresses?: readonly { readonly address?: Address }[];
  readonly stat_prefix?: string;
  readonly metadata?: Metadata;
  readonly filter_chains?: readonly FilterChain[];
  readonly default_filter_chain?: FilterChain;
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
  readonly transport_socket_connect_timeout?: DurationMs;
}

export interface FilterChainMatch {
  readonly destination_port?: number;
  readonly prefix_ranges?: readonly CidrRange[];
}

export interface NetworkFilter {
  readonly name: string;
  readonly typed_config?: Any;
}

/** envoy.config.listener.v3 as far as we read it. */
import type { AccessLog } from "./access_log.ts";
import type { Address, Any, CidrRange, DurationMs, Metadata, TypedExtension } from "./core.ts";
import type { Matcher, OnMatch } from "./matcher.ts";

export interface Listener {
  /** Absent: the listener gets a generated name. */
  readonly name?: string;
  readonly address?: Address;
  readonly additional_addresses?: readonly { readonly address?: Address }[];
  readonly stat_prefix?: string;
  readonly metadata?: Metadata;
  readonly filter_chains?: readonly FilterChain[];
  readonly default_filter_chain?: FilterChain;
  /** Set: chains are found by their names, and their own matches say nothing. */
  readonly filter_chain_matcher?: ConnectionMatcher;
  readonly listener_filters?: readonly ListenerFilter[];
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

/** google.protobuf.StringValue: the name of a chain. */
export interface ChainAction extends Any {
  readonly value?: string;
}

/** xds.type.matcher.v3.IPMatcher. */
export interface RangeMatcher {
  readonly ranges?: readonly CidrRange[];
  readonly on_match?: OnMatch<ChainAction>;
  readonly exclusive?: boolean;
}

/** xds.type.matcher.v3.ServerNameMatcher. */
export interface DomainMatcher {
  readonly domains?: readonly string[];
  readonly on_match?: OnMatch<ChainAction>;
}

export type ConnectionMatcher = Matcher<
  ChainAction,
  Any & { readonly range_matchers?: readonly RangeMatcher[]; readonly domain_matchers?: readonly DomainMatcher[] }
>;

export interface ListenerFilter extends TypedExtension {
  /** Absent: it looks at every connection. */
  readonly filter_disabled?: ListenerFilterPredicate;
}

/** Exactly one is set. */
export interface ListenerFilterPredicate {
  readonly or_match?: { readonly rules?: readonly ListenerFilterPredicate[] };
  readonly and_match?: { readonly rules?: readonly ListenerFilterPredicate[] };
  readonly not_match?: ListenerFilterPredicate;
  readonly any_match?: boolean;
  /** From `start` to below `end`; absent: 0. */
  readonly destination_port_range?: { readonly start?: number; readonly end?: number };
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
  readonly direct_source_prefix_ranges?: readonly CidrRange[];
  /** Absent: ANY. */
  readonly source_type?: "ANY" | "SAME_IP_OR_LOOPBACK" | "EXTERNAL";
  readonly source_prefix_ranges?: readonly CidrRange[];
  readonly source_ports?: readonly number[];
}

export interface NetworkFilter {
  readonly name: string;
  readonly typed_config?: Any;
}

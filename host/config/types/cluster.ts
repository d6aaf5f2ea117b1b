/** envoy.config.cluster.v3 as far as we read it. */
import type {
  Address,
  Any,
  DurationMs,
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
  Metadata,
  Percent,
  TypedExtension,
  UpstreamHttpProtocolOptions,
} from "./core.ts";
import type { ClusterLoadAssignment } from "./endpoint.ts";

export type DnsLookupFamily = "AUTO" | "V4_ONLY" | "V6_ONLY" | "V4_PREFERRED" | "ALL";

export interface Cluster {
  readonly name: string;
  readonly alt_stat_name?: string;
  readonly metadata?: Metadata;
  /** Absent (and no `cluster_type`): STATIC. */
  readonly type?: "STATIC" | "STRICT_DNS" | "LOGICAL_DNS";
  readonly cluster_type?: TypedExtension<DnsCluster>;
  /** Absent: 5 s. */
  readonly transport_socket?: TypedExtension;
  readonly connect_timeout?: DurationMs;
  /** Absent: ROUND_ROBIN. */
  readonly lb_policy?: "ROUND_ROBIN" | "LEAST_REQUEST" | "RANDOM" | "LOAD_BALANCING_POLICY_CONFIG";
  readonly least_request_lb_config?: LeastRequestLbConfig;
  readonly load_balancing_policy?: LoadBalancingPolicy;
  readonly load_assignment?: ClusterLoadAssignment;
  readonly max_requests_per_connection?: number;
  readonly circuit_breakers?: { readonly thresholds?: readonly Thresholds[] };
  readonly http_protocol_options?: Http1ProtocolOptions;
  /** Deprecated, as the next two. Set: HTTP/2 is spoken. */
  readonly http2_protocol_options?: Http2ProtocolOptions;
  readonly upstream_http_protocol_options?: UpstreamHttpProtocolOptions;
  readonly protocol_selection?: "USE_CONFIGURED_PROTOCOL" | "USE_DOWNSTREAM_PROTOCOL";
  readonly common_http_protocol_options?: HttpProtocolOptions;
  /** By full name of the options' message; only that of HTTP is read. */
  readonly typed_extension_protocol_options?: {
    readonly "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"?: ClusterHttpProtocolOptions;
  };
  /** Absent ratio: 1. */
  readonly preconnect_policy?: { readonly per_upstream_preconnect_ratio?: number };
  readonly dns_refresh_rate?: DurationMs;
  readonly dns_jitter?: DurationMs;
  readonly dns_failure_refresh_rate?: RefreshRate;
  readonly respect_dns_ttl?: boolean;
  readonly dns_lookup_family?: DnsLookupFamily;
  readonly dns_resolvers?: readonly Address[];
  /** Deprecated spelling of a typed c-ares config; wins over `dns_resolvers`, loses to `typed_dns_resolver_config`. */
  readonly dns_resolution_config?: DnsResolutionConfig;
  readonly typed_dns_resolver_config?: TypedExtension<CaresDnsResolverConfig>;
  readonly common_lb_config?: {
    readonly healthy_panic_threshold?: Percent;
    readonly ignore_new_hosts_until_first_hc?: boolean;
  };
  readonly upstream_connection_options?: {
    readonly tcp_keepalive?: {
      /** Seconds. */
      readonly keepalive_time?: number;
    };
  };
}

export interface LeastRequestLbConfig {
  /** Absent: 2. */
  readonly choice_count?: number;
  /** Absent: 1. */
  readonly active_request_bias?: { readonly default_value?: number; readonly runtime_key?: string };
}

/** The first policy that is known is used. */
export interface LoadBalancingPolicy {
  readonly policies?: readonly {
    readonly typed_extension_config?: TypedExtension<RoundRobin | LeastRequest | Random>;
  }[];
}

export interface RoundRobin extends Any {
  readonly "@type": "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin";
  readonly locality_lb_config?: LocalityLbConfig;
}

export interface LeastRequest extends Any {
  readonly "@type": "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest";
  readonly locality_lb_config?: LocalityLbConfig;
  /** Absent: 2. */
  readonly choice_count?: number;
  /** Absent: 1. */
  readonly active_request_bias?: { readonly default_value?: number; readonly runtime_key?: string };
  /** Absent: N_CHOICES. */
  readonly selection_method?: "N_CHOICES" | "FULL_SCAN";
}

export interface Random extends Any {
  readonly "@type": "envoy.extensions.load_balancing_policies.random.v3.Random";
  readonly locality_lb_config?: LocalityLbConfig;
}

/** Accepted only where it changes nothing: one locality in each priority, no local cluster. */
export interface LocalityLbConfig {
  readonly locality_weighted_lb_config?: object;
  readonly zone_aware_lb_config?: object;
}

export interface Thresholds {
  /** Absent: DEFAULT. */
  readonly priority?: "DEFAULT" | "HIGH";
  readonly max_connections?: number;
  readonly max_pending_requests?: number;
  readonly max_requests?: number;
  readonly max_retries?: number;
  readonly max_connection_pools?: number;
  readonly track_remaining?: boolean;
  readonly retry_budget?: {
    readonly budget_percent?: { readonly value?: number };
    readonly min_retry_concurrency?: number;
  };
}

export interface RefreshRate {
  readonly base_interval: DurationMs;
  readonly max_interval?: DurationMs;
}

/** envoy.extensions.clusters.dns.v3.DnsCluster, Envoy 1.40's spelling of STRICT_DNS and LOGICAL_DNS. */
export interface DnsCluster extends Any {
  readonly "@type": "envoy.extensions.clusters.dns.v3.DnsCluster";
  readonly dns_refresh_rate?: DurationMs;
  readonly dns_failure_refresh_rate?: RefreshRate;
  readonly respect_dns_ttl?: boolean;
  readonly dns_jitter?: DurationMs;
  readonly typed_dns_resolver_config?: TypedExtension<CaresDnsResolverConfig>;
  readonly dns_lookup_family?: DnsLookupFamily | "UNSPECIFIED";
  /** True: one logical host, as LOGICAL_DNS; else every address is a host, as STRICT_DNS. */
  readonly all_addresses_in_single_endpoint?: boolean;
}

export interface DnsResolutionConfig {
  readonly resolvers: readonly Address[];
  readonly dns_resolver_options?: {
    readonly no_default_search_domain?: boolean;
  };
}

export interface CaresDnsResolverConfig extends Any {
  readonly "@type": "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig";
  readonly resolvers?: readonly Address[];
  readonly dns_resolver_options?: {
    readonly no_default_search_domain?: boolean;
  };
  readonly query_timeout_seconds?: number | bigint;
  readonly query_tries?: number;
}

/** envoy.extensions.upstreams.http.v3.HttpProtocolOptions; one of the three configs is set. */
export interface ClusterHttpProtocolOptions extends Any {
  readonly "@type": "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  readonly common_http_protocol_options?: HttpProtocolOptions;
  readonly upstream_http_protocol_options?: UpstreamHttpProtocolOptions;
  /** One of the two is set. */
  readonly explicit_http_config?: HttpVersionOptions;
  readonly use_downstream_protocol_config?: HttpVersionOptions;
  readonly auto_config?: HttpVersionOptions;
}

export interface HttpVersionOptions {
  readonly http_protocol_options?: Http1ProtocolOptions;
  readonly http2_protocol_options?: Http2ProtocolOptions;
}

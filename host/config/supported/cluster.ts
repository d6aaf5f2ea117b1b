/** Clusters, their endpoints, load balancing, and how they find hosts. */

import type { MessageSupport } from "./message_support.ts";
import { BUFFER_LIMIT, METADATA } from "./reasons.ts";

export const clusterMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.cluster.v3.Cluster": {
    read: [
      "metadata",
      "name",
      "alt_stat_name",
      "type",
      "cluster_type",
      "connect_timeout",
      "lb_policy",
      "least_request_lb_config",
      "round_robin_lb_config",
      "load_balancing_policy",
      "load_assignment",
      "max_requests_per_connection",
      "circuit_breakers",
      "http_protocol_options",
      "http2_protocol_options",
      "common_http_protocol_options",
      "upstream_http_protocol_options",
      "protocol_selection",
      "preconnect_policy",
      "typed_extension_protocol_options",
      "dns_refresh_rate",
      "dns_jitter",
      "dns_failure_refresh_rate",
      "respect_dns_ttl",
      "dns_lookup_family",
      "dns_resolvers",
      "dns_resolution_config",
      "typed_dns_resolver_config",
      "common_lb_config",
      "upstream_connection_options",
      "transport_socket",
    ],
    inert: {
      per_connection_buffer_limit_bytes: BUFFER_LIMIT,
      cleanup_interval: "of clusters that discover hosts from traffic only, which are not supported yet",
      wait_for_warm_on_init: "the first DNS answer is waited for as long as Envoy would",
      ignore_health_on_host_removal: "there are no active health checks yet",
      close_connections_on_host_health_failure: "there are no active health checks yet",
    },
    only: {
      type: ["STATIC", "STRICT_DNS", "LOGICAL_DNS"],
      lb_policy: ["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "LOAD_BALANCING_POLICY_CONFIG"],
    },
  },
  "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport": {
    read: ["config", "transport_socket"],
    inert: { allow_unspecified_address: "the default", tlv_as_pool_key: "the default" },
    only: { allow_unspecified_address: [false], tlv_as_pool_key: [false] },
  },
  "envoy.config.core.v3.ProxyProtocolConfig": { read: ["version", "pass_through_tlvs", "added_tlvs"] },
  "envoy.config.core.v3.TlvEntry": { read: ["type", "value"] },
  "envoy.config.cluster.v3.Cluster.CustomClusterType": { read: ["name", "typed_config"] },
  "envoy.extensions.clusters.dns.v3.DnsCluster": {
    read: [
      "dns_refresh_rate",
      "dns_failure_refresh_rate",
      "respect_dns_ttl",
      "dns_jitter",
      "typed_dns_resolver_config",
      "dns_lookup_family",
      "all_addresses_in_single_endpoint",
    ],
  },
  "envoy.extensions.clusters.dns.v3.DnsCluster.RefreshRate": { read: ["base_interval", "max_interval"] },
  "envoy.config.cluster.v3.Cluster.RefreshRate": { read: ["base_interval", "max_interval"] },
  "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig": {
    read: ["resolvers", "dns_resolver_options", "query_timeout_seconds", "query_tries"],
  },
  "envoy.config.cluster.v3.Cluster.LeastRequestLbConfig": { read: ["choice_count", "active_request_bias"] },
  "envoy.config.core.v3.RuntimeDouble": { read: ["default_value", "runtime_key"] },
  "envoy.config.cluster.v3.Cluster.RoundRobinLbConfig": { read: [] },
  "envoy.config.cluster.v3.Cluster.CommonLbConfig": {
    read: ["healthy_panic_threshold"],
    inert: {
      update_merge_window: "no update of hosts arrives often enough to be merged",
      ignore_new_hosts_until_first_hc: "there are no active health checks yet",
    },
  },
  "envoy.config.cluster.v3.LoadBalancingPolicy": { read: ["policies"] },
  "envoy.config.cluster.v3.LoadBalancingPolicy.Policy": { read: ["typed_extension_config"] },
  "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin": { read: ["locality_lb_config"] },
  "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest": {
    read: ["choice_count", "active_request_bias", "selection_method", "locality_lb_config"],
  },
  "envoy.extensions.load_balancing_policies.random.v3.Random": { read: ["locality_lb_config"] },
  "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig": {
    read: ["locality_weighted_lb_config", "zone_aware_lb_config"],
  },
  "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig": { read: [] },
  "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig": {
    read: [],
    inert: Object.fromEntries(
      [
        "routing_enabled",
        "min_cluster_size",
        "fail_traffic_on_panic",
        "force_locality_direct_routing",
        "force_local_zone",
      ].map((field) => [field, "without a local cluster Envoy routes by zone as little as we do"]),
    ),
  },
  "envoy.config.cluster.v3.CircuitBreakers": { read: ["thresholds"] },
  "envoy.config.cluster.v3.CircuitBreakers.Thresholds": {
    read: [
      "priority",
      "max_connections",
      "max_pending_requests",
      "max_requests",
      "max_retries",
      "max_connection_pools",
      "track_remaining",
      "retry_budget",
    ],
  },
  "envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget": {
    read: ["budget_percent", "min_retry_concurrency"],
  },
  "envoy.config.cluster.v3.UpstreamConnectionOptions": { read: ["tcp_keepalive"] },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    read: [
      "common_http_protocol_options",
      "upstream_http_protocol_options",
      "explicit_http_config",
      "use_downstream_protocol_config",
      "auto_config",
    ],
  },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig": {
    read: ["http_protocol_options", "http2_protocol_options"],
  },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig": {
    read: ["http_protocol_options", "http2_protocol_options"],
  },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig": {
    read: ["http_protocol_options", "http2_protocol_options"],
  },
  "envoy.config.core.v3.UpstreamHttpProtocolOptions": {
    read: ["auto_sni", "auto_san_validation", "override_auto_sni_header"],
  },
  "envoy.config.cluster.v3.Cluster.PreconnectPolicy": { read: ["per_upstream_preconnect_ratio"] },
  "envoy.config.endpoint.v3.ClusterLoadAssignment": { read: ["cluster_name", "endpoints", "policy"] },
  "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy": {
    read: ["overprovisioning_factor", "weighted_priority_health"],
  },
  "envoy.config.endpoint.v3.LocalityLbEndpoints": {
    read: ["locality", "lb_endpoints", "load_balancing_weight", "priority"],
    inert: { metadata: METADATA },
  },
  "envoy.config.endpoint.v3.LbEndpoint": {
    read: ["metadata", "endpoint", "health_status", "load_balancing_weight"],
  },
  "envoy.config.endpoint.v3.Endpoint": {
    read: ["address", "hostname"],
    inert: { health_check_config: "there are no active health checks yet" },
  },
};

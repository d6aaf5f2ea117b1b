/**
 * What of Envoy's API this proxy reads: the one list. A field that is set and stands in neither column is refused with
 * `not supported yet`; `docs/guide/compatibility.md` is generated from here.
 *
 * To add a field: read it where it belongs, then name it here.
 */

export interface MessageSupport {
  /** Fields that do what Envoy's documentation says. */
  readonly read: readonly string[];
  /** Fields that are accepted and change nothing here, each with the reason why that is the same to everyone. */
  readonly inert?: Readonly<Record<string, string>>;
  /** Read fields (or inert ones) of which only these values are there. */
  readonly only?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
}

const HTTP2 = "HTTP/2 is not spoken yet; HTTP/1 is served the same";
const BUFFER_LIMIT =
  "a side is not read while the other does not take its bytes, so that no buffer comes near any limit";
const ABSENT_FILTER = "speaks to a filter that is not in the chain";
/** Types that may stand in `typed_per_filter_config`. */
const PER_ROUTE_CONFIGS = [
  "envoy.extensions.filters.http.cors.v3.CorsPolicy",
  "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
];
const METADATA = "nothing that is supported reads this metadata";

const HEADER_MUTATIONS = [
  "request_headers_to_add",
  "request_headers_to_remove",
  "response_headers_to_add",
  "response_headers_to_remove",
] as const;

export const supported: Readonly<Record<string, MessageSupport>> = {
  // The bootstrap
  "envoy.config.bootstrap.v3.Bootstrap": {
    read: [
      "node",
      "static_resources",
      "admin",
      "layered_runtime",
      "overload_manager",
      "stats_flush_interval",
      "cluster_manager",
      "application_log_config",
      "bootstrap_extensions",
    ],
    inert: {
      tracing: "the default tracer of connection managers that trace, and none does yet",
      watchdog: "Envoy's dispatchers do not exist here; workers are watched by their supervisor",
      watchdogs: "Envoy's dispatchers do not exist here; workers are watched by their supervisor",
      deferred_stat_options: "saves memory in Envoy; here a stat exists once it is used or shown",
      stats_eviction_interval: "saves memory in Envoy; here stats that nobody uses cost next to nothing",
      default_socket_interface: "names the kind of socket that is used anyway",
      stats_server_version_override: "a number in the admin pages, which show our own version",
      enable_dispatcher_stats: "Envoy's dispatchers do not exist here",
    },
    only: { default_socket_interface: ["envoy.extensions.network.socket_interface.default_socket_interface"] },
  },
  "envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig": { read: ["log_format"] },
  "envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat": { read: ["text_format", "json_format"] },
  "envoy.extensions.bootstrap.internal_listener.v3.InternalListener": {
    read: [],
    inert: { buffer_size_kb: "of internal listeners, which are not supported yet" },
  },
  "envoy.extensions.network.socket_interface.v3.DefaultSocketInterface": {
    read: [],
    inert: { io_uring_options: "which system calls move the bytes is ours to choose" },
  },
  "envoy.config.bootstrap.v3.Bootstrap.StaticResources": {
    read: ["listeners", "clusters"],
    inert: {
      secrets: "nothing that is supported yet refers to secrets, and Envoy does not open those that nobody uses",
    },
  },
  "envoy.config.bootstrap.v3.Admin": {
    read: ["access_log_path", "address", "access_log", "allow_paths"],
    inert: {
      profile_path: "there is no CPU profile to write",
      ignore_global_conn_limit: "there is no global connection limit",
    },
  },
  "envoy.config.overload.v3.OverloadManager": { read: ["refresh_interval", "resource_monitors", "actions"] },
  "envoy.config.overload.v3.ResourceMonitor": { read: ["name", "typed_config"] },
  "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig": { read: ["max_heap_size_bytes"] },
  "envoy.config.overload.v3.OverloadAction": { read: ["name", "triggers"] },
  "envoy.config.overload.v3.Trigger": { read: ["name", "threshold"] },
  "envoy.config.overload.v3.ThresholdTrigger": { read: ["value"] },
  "envoy.config.bootstrap.v3.LayeredRuntime": { read: ["layers"] },
  "envoy.config.bootstrap.v3.RuntimeLayer": { read: ["name", "static_layer", "admin_layer"] },
  "envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer": { read: [] },
  "envoy.config.bootstrap.v3.ClusterManager": {
    read: [],
    inert: {
      local_cluster_name: "used by zone aware routing only, which is not supported yet",
      outlier_detection: "the log of a detection that is not supported yet",
      enable_deferred_cluster_creation:
        "saves memory in Envoy; a worker without traffic for a cluster holds little of it",
    },
  },
  "envoy.config.core.v3.Node": {
    read: ["id", "cluster", "metadata", "locality"],
    inert: {
      user_agent_name: "told to a control plane only",
      user_agent_version: "told to a control plane only",
      user_agent_build_version: "told to a control plane only",
      extensions: "told to a control plane only",
      client_features: "told to a control plane only",
      listening_addresses: "told to a control plane only",
    },
  },
  "envoy.config.core.v3.Locality": { read: ["region", "zone", "sub_zone"] },

  // Addresses and other small things
  "envoy.config.core.v3.Address": { read: ["socket_address", "pipe"] },
  "envoy.config.core.v3.SocketAddress": {
    read: ["protocol", "address", "port_value", "ipv4_compat"],
    only: { protocol: ["TCP"] },
  },
  "envoy.config.core.v3.Pipe": { read: ["path", "mode"] },
  "envoy.config.core.v3.CidrRange": { read: ["address_prefix", "prefix_len"] },
  "envoy.config.core.v3.DataSource": { read: ["filename", "inline_bytes", "inline_string", "environment_variable"] },
  "envoy.config.core.v3.HeaderValueOption": { read: ["header", "append", "append_action", "keep_empty_value"] },
  "envoy.config.core.v3.HeaderValue": { read: ["key", "value"] },
  "envoy.config.core.v3.SubstitutionFormatString": {
    read: ["text_format", "json_format", "text_format_source", "omit_empty_values", "json_format_options"],
    inert: { content_type: "only a local reply has a content type" },
  },
  "envoy.config.core.v3.JsonFormatOptions": {
    read: [],
    inert: { sort_properties: "keys are always in order, as they are in Envoy 1.40" },
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
  "envoy.config.core.v3.RuntimeFractionalPercent": { read: ["default_value", "runtime_key"] },
  "envoy.config.core.v3.RuntimeUInt32": { read: ["default_value", "runtime_key"] },
  "envoy.config.core.v3.TcpKeepalive": { read: ["keepalive_time"] },
  "envoy.config.core.v3.DnsResolverOptions": { read: ["no_default_search_domain"] },
  "envoy.config.core.v3.DnsResolutionConfig": { read: ["resolvers", "dns_resolver_options"] },
  "envoy.config.core.v3.TypedExtensionConfig": { read: ["name", "typed_config"] },
  "envoy.config.core.v3.TransportSocket": { read: ["name", "typed_config"] },
  "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer": { read: [] },
  "envoy.type.v3.Percent": { read: ["value"] },
  "envoy.type.v3.FractionalPercent": { read: ["numerator", "denominator"] },
  "envoy.type.v3.Int64Range": { read: ["start", "end"] },
  "envoy.type.matcher.v3.StringMatcher": {
    read: ["exact", "prefix", "suffix", "contains", "safe_regex", "ignore_case"],
  },
  "envoy.type.matcher.v3.RegexMatcher": { read: ["regex"], inert: { google_re2: "RE2 is the only engine" } },
  "envoy.type.matcher.v3.RegexMatchAndSubstitute": { read: ["pattern", "substitution"] },

  // Listeners
  "envoy.config.listener.v3.Listener": {
    read: [
      "metadata",
      "name",
      "address",
      "additional_addresses",
      "stat_prefix",
      "filter_chains",
      "default_filter_chain",
      "traffic_direction",
      "bind_to_port",
      "enable_reuse_port",
      "tcp_backlog_size",
      "listener_filters",
      "listener_filters_timeout",
      "continue_on_listener_filters_timeout",
      "access_log",
    ],
    inert: {
      per_connection_buffer_limit_bytes: BUFFER_LIMIT,
      reuse_port: "the default, and `enable_reuse_port` says otherwise",
      max_connections_to_accept_per_socket_event: "a bound on one turn of Envoy's event loop; ours has its own",
      ignore_global_conn_limit: "there is no global connection limit",
      bypass_overload_manager: "no action spares a listener",
    },
  },
  "envoy.config.listener.v3.AdditionalAddress": { read: ["address"] },
  "envoy.config.listener.v3.FilterChain": {
    read: ["name", "filter_chain_match", "filters", "transport_socket", "transport_socket_connect_timeout"],
    inert: {
      metadata: METADATA,
    },
  },
  "envoy.config.listener.v3.FilterChainMatch": {
    read: ["destination_port", "prefix_ranges", "server_names", "transport_protocol", "application_protocols"],
  },
  "envoy.config.listener.v3.ListenerFilter": { read: ["name", "typed_config"] },
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector": {
    read: [],
    inert: {
      initial_read_buffer_size: "what is read at a time is ours to choose",
      enable_ja3_fingerprinting: "the fingerprint is not computed, and its default is not to be",
      enable_ja4_fingerprinting: "the fingerprint is not computed, and its default is not to be",
    },
    only: { enable_ja3_fingerprinting: [false], enable_ja4_fingerprinting: [false] },
  },

  // TLS
  "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext": {
    read: [
      "common_tls_context",
      "require_client_certificate",
      "session_ticket_keys",
      "disable_stateless_session_resumption",
      "session_timeout",
    ],
    inert: {
      require_sni: "the default",
      full_scan_certs_on_sni_mismatch: "a context has one certificate of each type of key",
      ocsp_staple_policy: "the default, and no response is stapled",
    },
    only: { require_sni: [false], ocsp_staple_policy: ["LENIENT_STAPLING"] },
  },
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext": {
    read: ["common_tls_context", "sni", "auto_host_sni", "auto_sni_san_validation", "max_session_keys"],
    inert: { allow_renegotiation: "the default", enforce_rsa_key_usage: "the default" },
    only: { allow_renegotiation: [false], enforce_rsa_key_usage: [false] },
  },
  "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext": {
    read: ["tls_params", "tls_certificates", "validation_context", "alpn_protocols"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsParameters": {
    read: ["tls_minimum_protocol_version", "tls_maximum_protocol_version", "cipher_suites", "ecdh_curves"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsCertificate": {
    read: ["certificate_chain", "private_key", "password"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys": { read: ["keys"] },
  "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher": {
    read: ["san_type", "matcher"],
    only: { san_type: ["EMAIL", "DNS", "URI", "IP_ADDRESS"] },
  },
  "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext": {
    read: [
      "trusted_ca",
      "verify_certificate_spki",
      "verify_certificate_hash",
      "match_typed_subject_alt_names",
      "crl",
      "trust_chain_verification",
    ],
    inert: {
      allow_expired_certificate:
        "the default: OpenSSL tells one fault only, so an expired certificate may hide a worse one",
      only_verify_leaf_cert_crl: "the default",
    },
    only: { allow_expired_certificate: [false], only_verify_leaf_cert_crl: [false] },
  },
  "envoy.config.listener.v3.Filter": { read: ["name", "typed_config"] },

  // HTTP connection manager
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": {
    read: [
      "codec_type",
      "stat_prefix",
      "route_config",
      "http_filters",
      "add_user_agent",
      "http_protocol_options",
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
      http2_protocol_options: HTTP2,
      stream_error_on_invalid_http_message: "the default",
    },
    only: {
      stream_error_on_invalid_http_message: [false],
      codec_type: ["AUTO", "HTTP1"],
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

  // Routes
  "envoy.config.route.v3.RouteConfiguration": {
    read: [
      "typed_per_filter_config",
      "name",
      "virtual_hosts",
      ...HEADER_MUTATIONS,
      "validate_clusters",
      "most_specific_header_mutations_wins",
      "ignore_port_in_host_matching",
      "ignore_path_parameters_in_path_matching",
      "internal_only_headers",
      "max_direct_response_body_size_bytes",
    ],
    inert: { metadata: METADATA },
  },
  "envoy.config.route.v3.VirtualHost": {
    read: [
      "metadata",
      "name",
      "domains",
      "routes",
      "matcher",
      "require_tls",
      "virtual_clusters",
      "typed_per_filter_config",
      ...HEADER_MUTATIONS,
      "include_request_attempt_count",
      "include_attempt_count_in_response",
    ],
  },
  "envoy.config.route.v3.VirtualCluster": { read: ["headers", "name"] },
  "envoy.config.route.v3.Route": {
    read: [
      "metadata",
      "name",
      "match",
      "route",
      "redirect",
      "direct_response",
      "typed_per_filter_config",
      ...HEADER_MUTATIONS,
    ],
    inert: {
      decorator: "names a span, and there is no tracing yet",
    },
  },
  // Per-route config of a filter that no chain can have yet: what a config without the filter says of it changes nothing.
  "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute": {
    read: [],
    inert: { disabled: ABSENT_FILTER, check_settings: ABSENT_FILTER },
  },
  "envoy.config.route.v3.RouteList": { read: ["routes"] },
  "xds.type.matcher.v3.Matcher": { read: ["matcher_list", "matcher_tree", "on_no_match"] },
  "xds.type.matcher.v3.Matcher.OnMatch": { read: ["matcher", "action"] },
  "xds.type.matcher.v3.Matcher.MatcherList": { read: ["matchers"] },
  "xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher": { read: ["predicate", "on_match"] },
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate": {
    read: ["single_predicate", "or_matcher", "and_matcher", "not_matcher"],
  },
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate": { read: ["input", "value_match"] },
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate.PredicateList": { read: ["predicate"] },
  "xds.type.matcher.v3.Matcher.MatcherTree": { read: ["input", "exact_match_map", "prefix_match_map"] },
  "xds.type.matcher.v3.Matcher.MatcherTree.MatchMap": { read: ["map"] },
  "xds.type.matcher.v3.StringMatcher": {
    read: ["exact", "prefix", "suffix", "contains", "safe_regex", "ignore_case"],
  },
  "xds.type.matcher.v3.RegexMatcher": { read: ["regex"], inert: { google_re2: "RE2 is the only engine" } },
  "xds.core.v3.TypedExtensionConfig": { read: ["name", "typed_config"] },
  "envoy.type.matcher.v3.HttpRequestHeaderMatchInput": { read: ["header_name"] },
  "envoy.config.route.v3.RouteMatch": {
    read: [
      "prefix",
      "path",
      "path_separated_prefix",
      "connect_matcher",
      "safe_regex",
      "case_sensitive",
      "headers",
      "query_parameters",
      "grpc",
    ],
  },
  "envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions": { read: [] },
  "envoy.config.route.v3.HeaderMatcher": {
    read: [
      "name",
      "exact_match",
      "safe_regex_match",
      "range_match",
      "present_match",
      "prefix_match",
      "suffix_match",
      "contains_match",
      "string_match",
      "invert_match",
      "treat_missing_header_as_empty",
    ],
  },
  "envoy.config.route.v3.QueryParameterMatcher": { read: ["name", "string_match", "present_match"] },
  "envoy.config.route.v3.RouteAction": {
    read: [
      "cluster",
      "weighted_clusters",
      "cluster_not_found_response_code",
      "prefix_rewrite",
      "regex_rewrite",
      "host_rewrite_literal",
      "auto_host_rewrite",
      "host_rewrite_header",
      "host_rewrite_path_regex",
      "append_x_forwarded_host",
      "timeout",
      "idle_timeout",
      "max_stream_duration",
      "priority",
      "upgrade_configs",
    ],
  },
  "envoy.config.route.v3.RouteAction.MaxStreamDuration": { read: ["max_stream_duration"] },
  "envoy.config.route.v3.RouteAction.UpgradeConfig": { read: ["upgrade_type", "enabled", "connect_config"] },
  "envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig": { read: [] },
  "envoy.config.route.v3.RouteMatch.ConnectMatcher": { read: [] },
  "envoy.config.route.v3.WeightedCluster": {
    read: ["clusters", "header_name"],
    inert: {
      total_weight: "Envoy takes the sum of the weights whatever this says",
      runtime_key_prefix: "weights in the runtime are read by Envoy only when a layer has them",
    },
  },
  "envoy.config.route.v3.WeightedCluster.ClusterWeight": {
    read: ["name", "weight", "typed_per_filter_config", ...HEADER_MUTATIONS, "host_rewrite_literal"],
  },
  "envoy.config.route.v3.RedirectAction": {
    read: [
      "https_redirect",
      "scheme_redirect",
      "host_redirect",
      "port_redirect",
      "path_redirect",
      "prefix_rewrite",
      "regex_rewrite",
      "response_code",
      "strip_query",
    ],
  },
  "envoy.config.route.v3.DirectResponseAction": { read: ["status", "body"] },

  // TCP proxy
  "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy": {
    read: [
      "stat_prefix",
      "cluster",
      "weighted_clusters",
      "idle_timeout",
      "access_log",
      "max_connect_attempts",
      "max_downstream_connection_duration",
    ],
  },
  "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster": { read: ["clusters"] },
  "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight": { read: ["name", "weight"] },

  // Clusters
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
      "common_http_protocol_options",
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
      protocol_selection: "the upstream speaks HTTP/1 either way",
    },
    only: {
      type: ["STATIC", "STRICT_DNS", "LOGICAL_DNS"],
      lb_policy: ["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "LOAD_BALANCING_POLICY_CONFIG"],
      protocol_selection: ["USE_CONFIGURED_PROTOCOL"],
    },
  },
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
    ],
  },
  "envoy.config.cluster.v3.UpstreamConnectionOptions": { read: ["tcp_keepalive"] },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    read: ["common_http_protocol_options", "explicit_http_config", "use_downstream_protocol_config"],
  },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig": {
    read: ["http_protocol_options"],
    inert: { http2_protocol_options: HTTP2 },
  },
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig": { read: ["http_protocol_options"] },
  "envoy.config.endpoint.v3.ClusterLoadAssignment": { read: ["cluster_name", "endpoints", "policy"] },
  "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy": {
    read: ["overprovisioning_factor", "weighted_priority_health"],
  },
  "envoy.config.endpoint.v3.LocalityLbEndpoints": {
    read: ["locality", "lb_endpoints", "load_balancing_weight", "priority"],
    inert: { metadata: METADATA },
  },
  "envoy.config.core.v3.Metadata": {
    read: ["filter_metadata"],
    inert: { typed_filter_metadata: "no filter that reads it is supported" },
  },
  "envoy.config.endpoint.v3.LbEndpoint": {
    read: ["metadata", "endpoint", "health_status", "load_balancing_weight"],
  },
  "envoy.config.endpoint.v3.Endpoint": {
    read: ["address", "hostname"],
    inert: { health_check_config: "there are no active health checks yet" },
  },

  // Access logs
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

/**
 * Which messages an `Any` may hold, by the field that holds it: `MESSAGE.FIELD`, for a TypedExtensionConfig the field that holds
 * that one.
 */
export const extensions: Readonly<Record<string, readonly string[]>> = {
  "envoy.config.bootstrap.v3.Bootstrap.bootstrap_extensions": [
    "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
    "envoy.extensions.network.socket_interface.v3.DefaultSocketInterface",
  ],
  "envoy.config.listener.v3.Filter.typed_config": [
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
  ],
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.typed_config": [
    "envoy.extensions.filters.http.cors.v3.Cors",
    "envoy.extensions.filters.http.router.v3.Router",
  ],
  "envoy.config.route.v3.RouteConfiguration.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.VirtualHost.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.Route.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.WeightedCluster.ClusterWeight.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "xds.type.matcher.v3.Matcher.MatcherTree.input": ["envoy.type.matcher.v3.HttpRequestHeaderMatchInput"],
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate.input": [
    "envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
  ],
  "xds.type.matcher.v3.Matcher.OnMatch.action": ["envoy.config.route.v3.Route", "envoy.config.route.v3.RouteList"],
  "envoy.config.accesslog.v3.AccessLog.typed_config": [
    "envoy.extensions.access_loggers.file.v3.FileAccessLog",
    "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
  ],
  "envoy.config.listener.v3.ListenerFilter.typed_config": [
    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  ],
  "envoy.config.listener.v3.FilterChain.transport_socket": [
    "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
  ],
  "envoy.config.overload.v3.ResourceMonitor.typed_config": [
    "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
  ],
  "envoy.config.cluster.v3.Cluster.transport_socket": [
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
  ],
  "envoy.config.cluster.v3.Cluster.CustomClusterType.typed_config": ["envoy.extensions.clusters.dns.v3.DnsCluster"],
  "envoy.config.cluster.v3.Cluster.typed_dns_resolver_config": [
    "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
  ],
  "envoy.extensions.clusters.dns.v3.DnsCluster.typed_dns_resolver_config": [
    "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
  ],
  "envoy.config.cluster.v3.Cluster.typed_extension_protocol_options": [
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
  ],
  "envoy.config.cluster.v3.LoadBalancingPolicy.Policy.typed_extension_config": [
    "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin",
    "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
    "envoy.extensions.load_balancing_policies.random.v3.Random",
  ],
};

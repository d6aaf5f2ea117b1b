/**
 * The extensions that are built in, by Envoy's names and categories: what `node.extensions` tells a control plane and an operator. A test
 * keeps it equal to what the config door accepts (supported.ts).
 */

/** envoy.config.core.v3.Extension, in the order of its fields and with its defaults. */
export interface Extension {
  readonly name: string;
  readonly category: string;
  readonly type_descriptor: "";
  readonly disabled: false;
  /** Full names of its config messages. */
  readonly type_urls: readonly string[];
}

const BY_CATEGORY: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "envoy.access_loggers": {
    "envoy.access_loggers.file": ["envoy.extensions.access_loggers.file.v3.FileAccessLog"],
    "envoy.access_loggers.stderr": ["envoy.extensions.access_loggers.stream.v3.StderrAccessLog"],
    "envoy.access_loggers.stdout": ["envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"],
  },
  "envoy.bootstrap": {
    "envoy.bootstrap.internal_listener": ["envoy.extensions.bootstrap.internal_listener.v3.InternalListener"],
    "envoy.extensions.network.socket_interface.default_socket_interface": [
      "envoy.extensions.network.socket_interface.v3.DefaultSocketInterface",
    ],
  },
  "envoy.clusters": {
    "envoy.cluster.dns": ["envoy.extensions.clusters.dns.v3.DnsCluster"],
    "envoy.cluster.logical_dns": [],
    "envoy.cluster.static": [],
    "envoy.cluster.strict_dns": [],
  },
  "envoy.filters.http": {
    "envoy.filters.http.cors": [
      "envoy.extensions.filters.http.cors.v3.Cors",
      "envoy.extensions.filters.http.cors.v3.CorsPolicy",
    ],
    "envoy.filters.http.grpc_http1_bridge": ["envoy.extensions.filters.http.grpc_http1_bridge.v3.Config"],
    "envoy.filters.http.grpc_http1_reverse_bridge": [
      "envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3.FilterConfig",
      "envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3.FilterConfigPerRoute",
    ],
    "envoy.filters.http.grpc_stats": ["envoy.extensions.filters.http.grpc_stats.v3.FilterConfig"],
    "envoy.filters.http.grpc_web": ["envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"],
    "envoy.filters.http.router": ["envoy.extensions.filters.http.router.v3.Router"],
  },
  "envoy.filters.listener": {
    "envoy.filters.listener.http_inspector": ["envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"],
    "envoy.filters.listener.proxy_protocol": ["envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"],
    "envoy.filters.listener.tls_inspector": ["envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"],
  },
  "envoy.filters.network": {
    "envoy.filters.network.http_connection_manager": [
      "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    ],
    "envoy.filters.network.tcp_proxy": ["envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"],
  },
  "envoy.load_balancing_policies": {
    "envoy.load_balancing_policies.least_request": [
      "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
    ],
    "envoy.load_balancing_policies.random": ["envoy.extensions.load_balancing_policies.random.v3.Random"],
    "envoy.load_balancing_policies.round_robin": ["envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin"],
  },
  "envoy.matching.http.input": {
    "envoy.matching.inputs.request_headers": ["envoy.type.matcher.v3.HttpRequestHeaderMatchInput"],
  },
  "envoy.matching.network.custom_matchers": {
    "envoy.matching.custom_matchers.domain_matcher": ["xds.type.matcher.v3.ServerNameMatcher"],
    "envoy.matching.custom_matchers.trie_matcher": ["xds.type.matcher.v3.IPMatcher"],
  },
  "envoy.matching.network.input": {
    "envoy.matching.inputs.application_protocol": [
      "envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput",
    ],
    "envoy.matching.inputs.destination_ip": ["envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput"],
    "envoy.matching.inputs.destination_port": [
      "envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput",
    ],
    "envoy.matching.inputs.direct_source_ip": [
      "envoy.extensions.matching.common_inputs.network.v3.DirectSourceIPInput",
    ],
    "envoy.matching.inputs.server_name": ["envoy.extensions.matching.common_inputs.network.v3.ServerNameInput"],
    "envoy.matching.inputs.source_ip": ["envoy.extensions.matching.common_inputs.network.v3.SourceIPInput"],
    "envoy.matching.inputs.source_port": ["envoy.extensions.matching.common_inputs.network.v3.SourcePortInput"],
    "envoy.matching.inputs.source_type": ["envoy.extensions.matching.common_inputs.network.v3.SourceTypeInput"],
    "envoy.matching.inputs.transport_protocol": [
      "envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput",
    ],
  },
  "envoy.network.dns_resolver": {
    "envoy.network.dns_resolver.cares": ["envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"],
  },
  "envoy.resource_monitors": {
    "envoy.resource_monitors.fixed_heap": ["envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig"],
  },
  "envoy.retry_host_predicates": {
    "envoy.retry_host_predicates.omit_canary_hosts": [
      "envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate",
    ],
    "envoy.retry_host_predicates.previous_hosts": [
      "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    ],
  },
  "envoy.tls.cert_validator": {
    "envoy.tls.cert_validator.spiffe": ["envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig"],
  },
  "envoy.transport_sockets.downstream": {
    "envoy.transport_sockets.raw_buffer": ["envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"],
    "envoy.transport_sockets.tls": ["envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"],
  },
  "envoy.transport_sockets.upstream": {
    "envoy.transport_sockets.raw_buffer": ["envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"],
    "envoy.transport_sockets.tls": ["envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"],
    "envoy.transport_sockets.upstream_proxy_protocol": [
      "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    ],
  },
  "envoy.upstream_options": {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": [
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    ],
  },
};

/** Sorted by category, then by name. */
export const EXTENSIONS: readonly Extension[] = Object.entries(BY_CATEGORY).flatMap(([category, byName]) =>
  Object.entries(byName).map(([name, type_urls]) => ({
    name,
    category,
    type_descriptor: "" as const,
    disabled: false as const,
    type_urls,
  })),
);

/**
 * What of Envoy's API this proxy reads: the one list. A field that is set and stands in neither column is refused with
 * `not supported yet`; `docs/guide/compatibility.md` is generated from here.
 *
 * To add a field: read it where it belongs, then name it in its family, a file in `supported/`, as its type is in `types/`.
 */

import { accessLogMessages } from "./supported/access_log.ts";
import { bootstrapMessages } from "./supported/bootstrap.ts";
import { clusterMessages } from "./supported/cluster.ts";
import { coreMessages } from "./supported/core.ts";
import { grpcFilterMessages } from "./supported/grpc_filters.ts";
import { httpConnectionManagerMessages } from "./supported/http_connection_manager.ts";
import { http2Messages } from "./supported/http2.ts";
import { listenerMessages } from "./supported/listener.ts";
import type { MessageSupport } from "./supported/message_support.ts";
import { routeMessages } from "./supported/route.ts";
import { tcpProxyMessages } from "./supported/tcp_proxy.ts";
import { tlsMessages } from "./supported/tls.ts";

/** Each message stands in one of them. */
export const families: readonly Readonly<Record<string, MessageSupport>>[] = [
  bootstrapMessages,
  coreMessages,
  listenerMessages,
  tlsMessages,
  httpConnectionManagerMessages,
  grpcFilterMessages,
  http2Messages,
  routeMessages,
  tcpProxyMessages,
  clusterMessages,
  accessLogMessages,
];

/** By full name of the message. */
export const supported: Readonly<Record<string, MessageSupport>> = Object.assign({}, ...families);

/** What a match tree may look at. Which of them it may depends on what it chooses: the rules of routes and listeners say so. */
const MATCH_INPUTS = [
  "envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
  ...Object.keys(listenerMessages).filter((type) => type.startsWith("envoy.extensions.matching.common_inputs.")),
];

/** Types that may stand in `typed_per_filter_config`. */
const PER_ROUTE_CONFIGS = [
  "envoy.extensions.filters.http.cors.v3.CorsPolicy",
  "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
  "envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3.FilterConfigPerRoute",
];

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
    "envoy.extensions.filters.http.grpc_http1_bridge.v3.Config",
    "envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    "envoy.extensions.filters.http.router.v3.Router",
  ],
  "envoy.config.route.v3.RouteConfiguration.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.VirtualHost.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.Route.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.WeightedCluster.ClusterWeight.typed_per_filter_config": PER_ROUTE_CONFIGS,
  "envoy.config.route.v3.RetryPolicy.RetryHostPredicate.typed_config": [
    "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    "envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate",
  ],
  "xds.type.matcher.v3.Matcher.MatcherTree.input": MATCH_INPUTS,
  "xds.type.matcher.v3.Matcher.MatcherTree.custom_match": [
    "xds.type.matcher.v3.IPMatcher",
    "xds.type.matcher.v3.ServerNameMatcher",
  ],
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate.input": MATCH_INPUTS,
  "xds.type.matcher.v3.Matcher.OnMatch.action": [
    "envoy.config.route.v3.Route",
    "envoy.config.route.v3.RouteList",
    "google.protobuf.StringValue",
  ],
  "envoy.config.accesslog.v3.AccessLog.typed_config": [
    "envoy.extensions.access_loggers.file.v3.FileAccessLog",
    "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
  ],
  "envoy.config.listener.v3.ListenerFilter.typed_config": [
    "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  ],
  "envoy.config.listener.v3.FilterChain.transport_socket": [
    "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
  ],
  "envoy.config.overload.v3.ResourceMonitor.typed_config": [
    "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
  ],
  "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport.transport_socket": [
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
  ],
  "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.custom_validator_config": [
    "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
  ],
  "envoy.config.cluster.v3.Cluster.transport_socket": [
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
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

/** Listeners and their filter chains. */

import type { MessageSupport } from "./message_support.ts";
import { BUFFER_LIMIT, METADATA } from "./reasons.ts";

export const listenerMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.listener.v3.Listener": {
    read: [
      "metadata",
      "name",
      "address",
      "additional_addresses",
      "stat_prefix",
      "filter_chains",
      "default_filter_chain",
      "filter_chain_matcher",
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
  "xds.type.matcher.v3.IPMatcher": { read: ["range_matchers"] },
  "xds.type.matcher.v3.IPMatcher.IPRangeMatcher": { read: ["ranges", "on_match", "exclusive"] },
  "xds.type.matcher.v3.ServerNameMatcher": { read: ["domain_matchers"] },
  "xds.type.matcher.v3.ServerNameMatcher.DomainMatcher": { read: ["domains", "on_match"] },
  "xds.core.v3.CidrRange": { read: ["address_prefix", "prefix_len"] },
  ...Object.fromEntries(
    [
      "DestinationIPInput",
      "DestinationPortInput",
      "SourceIPInput",
      "SourcePortInput",
      "DirectSourceIPInput",
      "SourceTypeInput",
      "ServerNameInput",
      "TransportProtocolInput",
      "ApplicationProtocolInput",
    ].map((name) => [`envoy.extensions.matching.common_inputs.network.v3.${name}`, { read: [] }]),
  ),
  "envoy.config.listener.v3.AdditionalAddress": { read: ["address"] },
  "envoy.config.listener.v3.FilterChain": {
    read: ["name", "filter_chain_match", "filters", "transport_socket", "transport_socket_connect_timeout"],
    inert: { metadata: METADATA },
  },
  "envoy.config.listener.v3.FilterChainMatch": {
    read: [
      "destination_port",
      "prefix_ranges",
      "server_names",
      "transport_protocol",
      "application_protocols",
      "direct_source_prefix_ranges",
      "source_type",
      "source_prefix_ranges",
      "source_ports",
    ],
  },
  "envoy.config.listener.v3.ListenerFilter": { read: ["name", "typed_config", "filter_disabled"] },
  "envoy.config.listener.v3.ListenerFilterChainMatchPredicate": {
    read: ["or_match", "and_match", "not_match", "any_match", "destination_port_range"],
  },
  "envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet": { read: ["rules"] },
  "envoy.type.v3.Int32Range": { read: ["start", "end"] },
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol": {
    read: ["rules", "allow_requests_without_proxy_protocol", "pass_through_tlvs", "disallowed_versions", "stat_prefix"],
    inert: { tlv_location: "the default" },
    only: { tlv_location: ["DYNAMIC_METADATA"] },
  },
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.Rule": { read: ["tlv_type", "on_tlv_present"] },
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.KeyValuePair": {
    read: ["metadata_namespace", "key", "value_string_encoding"],
  },
  "envoy.config.core.v3.ProxyProtocolPassThroughTLVs": { read: ["match_type", "tlv_type"] },
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector": {
    read: [
      "enable_ja3_fingerprinting",
      "enable_ja4_fingerprinting",
      "close_connection_on_client_hello_parsing_errors",
      "max_client_hello_size",
    ],
    inert: { initial_read_buffer_size: "what is read at a time is ours to choose" },
  },
  "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector": { read: [] },
  "envoy.config.listener.v3.Filter": { read: ["name", "typed_config"] },
};

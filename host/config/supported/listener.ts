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
      "traffic_direction",
      "bind_to_port",
      "enable_reuse_port",
      "tcp_backlog_size",
      "access_log",
    ],
    inert: {
      per_connection_buffer_limit_bytes: BUFFER_LIMIT,
      reuse_port: "the default, and `enable_reuse_port` says otherwise",
      listener_filters_timeout: "there are no listener filters to wait for",
      continue_on_listener_filters_timeout: "there are no listener filters to wait for",
      max_connections_to_accept_per_socket_event: "a bound on one turn of Envoy's event loop; ours has its own",
      ignore_global_conn_limit: "there is no global connection limit",
      bypass_overload_manager: "no action spares a listener",
    },
  },
  "envoy.config.listener.v3.AdditionalAddress": { read: ["address"] },
  "envoy.config.listener.v3.FilterChain": {
    read: ["name", "filter_chain_match", "filters", "transport_socket"],
    inert: {
      metadata: METADATA,
      transport_socket_connect_timeout: "a plain socket has no handshake to wait for",
    },
  },
  "envoy.config.listener.v3.FilterChainMatch": { read: ["destination_port", "prefix_ranges"] },
  "envoy.config.listener.v3.Filter": { read: ["name", "typed_config"] },
};

/** tcp_proxy. */

import type { MessageSupport } from "./message_support.ts";

export const tcpProxyMessages: Readonly<Record<string, MessageSupport>> = {
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
};

/** envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy. */

import type { AccessLog } from "../../../host/config/types/access_log.ts";
import type { TcpProxy } from "../../../host/config/types/tcp_proxy.ts";

export interface TcpProxyConfig {
  readonly statPrefix: string;
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
  readonly totalWeight: number;
  /** 0: none. */
  readonly idleTimeoutMs: number;
  readonly maxConnectAttempts: number;
  /** 0: none. */
  readonly maxDurationMs: number;
  readonly accessLogs: readonly AccessLog[];
}

const IDLE_TIMEOUT_MS = 3_600_000;

export function decodeTcpProxyConfig(config: object): TcpProxyConfig {
  const proxy = config as TcpProxy;
  const clusters = proxy.weighted_clusters?.clusters ?? [{ name: proxy.cluster ?? "", weight: 1 }];
  return {
    statPrefix: proxy.stat_prefix,
    clusters,
    totalWeight: clusters.reduce((sum, cluster) => sum + cluster.weight, 0),
    idleTimeoutMs: proxy.idle_timeout ?? IDLE_TIMEOUT_MS,
    maxConnectAttempts: proxy.max_connect_attempts ?? 1,
    maxDurationMs: proxy.max_downstream_connection_duration ?? 0,
    accessLogs: proxy.access_log ?? [],
  };
}

/** The cluster of a connection: by weight, with 32 random bits. */
export function chooseCluster(config: TcpProxyConfig, random: number): string {
  const { clusters } = config;
  let rest = random % config.totalWeight;
  for (const cluster of clusters) {
    if (rest < cluster.weight) return cluster.name;
    rest -= cluster.weight;
  }
  return clusters[0]?.name ?? "";
}

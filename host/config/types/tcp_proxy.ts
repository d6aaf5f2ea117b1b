/** envoy.extensions.filters.network.tcp_proxy.v3 as far as we read it. */
import type { AccessLog } from "./access_log.ts";
import type { Any, DurationMs } from "./core.ts";

/** Exactly one of `cluster` and `weighted_clusters` is set. */
export interface TcpProxy extends Any {
  readonly "@type": "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
  readonly stat_prefix: string;
  readonly cluster?: string;
  readonly weighted_clusters?: { readonly clusters: readonly { readonly name: string; readonly weight: number }[] };
  /** Absent: 1 h; 0: none. */
  readonly idle_timeout?: DurationMs;
  readonly access_log?: readonly AccessLog[];
  readonly max_connect_attempts?: number;
  readonly max_downstream_connection_duration?: DurationMs;
}

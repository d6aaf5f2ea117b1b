/** envoy.filters.network.tcp_proxy: the bytes of a connection, unread, to a host of a cluster and back. */

import { type AccessLog, createAccessLogs } from "../../../host/access_log/log.ts";
import type { ScopeLease } from "../../../host/stats/scope.ts";
import type { DownstreamConnection } from "../../../host/tcp/downstream.ts";
import {
  type NetworkFilter,
  type NetworkFilterContext,
  type NetworkFilterFactory,
  type NetworkFilterStatus,
  STOP,
} from "../../../host/tcp/filter.ts";
import { decodeTcpProxyConfig, type TcpProxyConfig } from "./config.ts";
import { type SessionOwner, TcpProxySession } from "./session.ts";
import { TcpProxyStats } from "./stats.ts";

export class TcpProxyFilter implements NetworkFilter, SessionOwner {
  readonly config: TcpProxyConfig;
  readonly stats: TcpProxyStats;
  readonly accessLogs: readonly AccessLog[];
  readonly context: NetworkFilterContext;
  private readonly statLease: ScopeLease;
  private readonly sessions = new Set<TcpProxySession>();

  constructor(config: TcpProxyConfig, context: NetworkFilterContext) {
    this.config = config;
    this.context = context;
    this.accessLogs = createAccessLogs(config.accessLogs, context.worker.accessLogSinks);
    this.statLease = context.worker.stats.root.scope("tcp").scope(config.statPrefix).lease();
    this.stats = new TcpProxyStats(this.statLease.scope);
  }

  onConnection(connection: DownstreamConnection): NetworkFilterStatus {
    const session = new TcpProxySession(this, connection);
    this.sessions.add(session);
    session.start();
    return STOP;
  }

  onSessionEnd(session: TcpProxySession): void {
    this.sessions.delete(session);
  }

  /** Raw connections have no point at which they could end in order: the listener cuts them when the drain time is over. */
  drain(): void {}

  dispose(): void {
    this.statLease.release();
  }
}

export const tcpProxy: NetworkFilterFactory<TcpProxyConfig> = {
  name: "envoy.filters.network.tcp_proxy",
  typeNames: ["envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"],
  decode: decodeTcpProxyConfig,
  create: (config, context) => new TcpProxyFilter(config, context),
};

/**
 * Connections of one worker to one host of a cluster at one priority: lends them to requests, and queues requests while
 * connections are being made. Limits are the cluster's circuit breakers, which all workers share.
 */

import type { Address } from "../net/address.ts";
import { type CloseReason, closeReasonOfCode } from "../net/close_reason.ts";
import type { ProxiedConnection } from "../stream_info/connection_facts.ts";
import type { Permits } from "../wasm/ledger.ts";
import type { CircuitBreakers } from "./circuit_breakers.ts";
import { transportFailureText } from "./connect_error.ts";
import type { HostStats } from "./host_stats.ts";
import {
  RESET_CONNECTION_TIMEOUT,
  RESET_LOCAL_CONNECTION_FAILURE,
  RESET_OVERFLOW,
  RESET_REMOTE_CONNECTION_FAILURE,
  type ResetReason,
} from "./reset_reason.ts";
import type { ConnectionPool, ConnectionSettings, UpstreamConnection } from "./upstream_connection.ts";
import type { UpstreamExchange, UpstreamStream } from "./upstream_exchange.ts";
import type { UpstreamWorker } from "./upstream_worker.ts";

/** A request that wants an exchange. */
export interface PoolClient extends UpstreamStream {
  onPoolReady(exchange: UpstreamExchange): void;
  /** `transportFailure` is what the kernel said, in Envoy's words, or empty. */
  onPoolFailure(reason: ResetReason, transportFailure: string): void;
}

/** What a pool needs of its cluster. */
export interface PooledCluster extends ConnectionSettings {
  /** By priority of requests. */
  readonly breakers: readonly [CircuitBreakers, CircuitBreakers];
  /** Null when the core has no room for a connection's state. */
  connectHttp1(pool: HttpConnPool): UpstreamConnection | null;
  /** Drained, and without a connection. */
  onPoolUnused(pool: HttpConnPool): void;
}

/** What it needs of its host. */
export interface PooledHost {
  readonly address: Address;
  /** For the server name of TLS; may be empty. */
  readonly hostname: string;
  readonly stats: HostStats;
  readonly proxiedPools: Map<string, HttpConnPool>;
  /** A request begins, if the breaker has a permit for it. */
  admit(breaker: Permits): boolean;
  dismiss(breaker: Permits): void;
}

/** Codes that our own side is to blame for. */
const LOCAL_FAILURES: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EACCES",
  "EPERM",
]);

export class HttpConnPool implements ConnectionPool {
  readonly worker: UpstreamWorker;
  readonly cluster: PooledCluster;
  readonly host: PooledHost;
  /** On whose behalf its connections are, and what its host knows it by; null: on anybody's. */
  proxied: { readonly connection: ProxiedConnection; readonly key: string } | null = null;
  private readonly priority: 0 | 1;
  private readonly idle: UpstreamConnection[] = [];
  private readonly connections = new Set<UpstreamConnection>();
  private readonly pending: PoolClient[] = [];
  private connecting = 0;
  private isDraining = false;

  constructor(worker: UpstreamWorker, cluster: PooledCluster, host: PooledHost, priority: 0 | 1) {
    this.worker = worker;
    this.cluster = cluster;
    this.host = host;
    this.priority = priority;
  }

  /** Lends a connection at once (`onPoolReady` is called before this returns), queues the request, or fails it. */
  newStream(client: PoolClient): void {
    const { cluster } = this;
    const breakers = cluster.breakers[this.priority];
    const connection = this.idle.pop();
    if (connection !== undefined) {
      if (!this.host.admit(breakers.requests)) {
        this.idle.push(connection);
        cluster.stats.rqPendingOverflow.inc();
        client.onPoolFailure(RESET_OVERFLOW, "");
        return;
      }
      this.attach(client, connection);
      return;
    }
    if (!breakers.pending.acquire()) {
      cluster.stats.rqPendingOverflow.inc();
      client.onPoolFailure(RESET_OVERFLOW, "");
      return;
    }
    cluster.stats.rqPendingTotal.inc();
    cluster.stats.rqPendingActive.inc();
    this.pending.push(client);
    if (this.pending.length > this.connecting) this.connect();
  }

  /** Takes a request out of the queue. */
  cancel(client: PoolClient): void {
    const at = this.pending.indexOf(client);
    if (at < 0) return;
    this.pending.splice(at, 1);
    this.leaveQueue();
    this.cluster.stats.rqCancelled.inc();
  }

  /** The request that `attach` counted is over. */
  onStreamEnd(): void {
    this.cluster.stats.rqActive.dec();
    this.host.stats.rqActive.dec();
    this.host.dismiss(this.cluster.breakers[this.priority].requests);
  }

  /** No new connections for requests to come; idle ones close, busy ones after their answer. */
  drain(): void {
    this.isDraining = true;
    for (const connection of [...this.connections]) {
      connection.isDraining = true;
      if (connection.isIdle) connection.close();
    }
    if (this.isUnused) this.cluster.onPoolUnused(this);
  }

  /** Closes everything: the worker ends. */
  close(): void {
    for (const connection of [...this.connections]) connection.close();
  }

  get isUnused(): boolean {
    return this.connections.size === 0 && this.pending.length === 0;
  }

  // --- told by its connections -----------------------------------------------------------------------------------------

  onConnected(connection: UpstreamConnection): void {
    this.connecting--;
    const { stats } = this.cluster;
    stats.cxConnectMs.record(this.worker.clock.now() - connection.startMs);
    this.onReleased(connection);
  }

  onReleased(connection: UpstreamConnection): void {
    const { requests } = this.cluster.breakers[this.priority];
    while (this.pending.length > 0) {
      const client = this.pending.shift() as PoolClient;
      this.leaveQueue();
      if (this.host.admit(requests)) {
        this.attach(client, connection);
        return;
      }
      this.cluster.stats.rqPendingOverflow.inc();
      client.onPoolFailure(RESET_OVERFLOW, "");
    }
    if (this.isDraining) connection.close();
    else this.idle.push(connection);
  }

  /** @param closed null: the time was up */
  onConnectFailed(closed: CloseReason | null): void {
    const code = closed?.code ?? "";
    const { stats } = this.cluster;
    stats.cxConnectFail.inc();
    this.host.stats.cxConnectFail.inc();
    if (code === "EADDRNOTAVAIL" || code === "EADDRINUSE") stats.bindErrors.inc();
    const reason =
      closed === null
        ? RESET_CONNECTION_TIMEOUT
        : LOCAL_FAILURES.has(code)
          ? RESET_LOCAL_CONNECTION_FAILURE
          : RESET_REMOTE_CONNECTION_FAILURE;
    // A host that refuses one connection refuses the others: whoever waits decides anew.
    const waiting = this.pending.splice(0);
    for (const client of waiting) {
      this.leaveQueue();
      stats.rqPendingFailureEject.inc();
      client.onPoolFailure(
        reason,
        closed === null ? "" : transportFailureText(closed, this.host.address.kind === "pipe"),
      );
    }
  }

  onClosed(connection: UpstreamConnection, wasConnecting: boolean, isLocal: boolean, withRequest: boolean): void {
    const { cluster, host } = this;
    const { stats } = cluster;
    this.connections.delete(connection);
    const at = this.idle.lastIndexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    if (wasConnecting) this.connecting--;
    cluster.breakers[this.priority].connections.release();
    stats.cxActive.dec();
    host.stats.cxActive.dec();
    stats.cxDestroy.inc();
    (isLocal ? stats.cxDestroyLocal : stats.cxDestroyRemote).inc();
    if (withRequest) {
      stats.cxDestroyWithActiveRq.inc();
      (isLocal ? stats.cxDestroyLocalWithActiveRq : stats.cxDestroyRemoteWithActiveRq).inc();
    }
    if (!wasConnecting) {
      stats.cxLengthMs.record(this.worker.clock.now() - connection.startMs);
      stats.rqPerCx.record(connection.requests);
      if (this.pending.length > this.connecting) this.connect();
    }
    if ((this.isDraining || this.proxied !== null) && this.isUnused) cluster.onPoolUnused(this);
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  /** The request was admitted. */
  private attach(client: PoolClient, connection: UpstreamConnection): void {
    const { cluster, host } = this;
    cluster.stats.rqTotal.inc();
    cluster.stats.rqActive.inc();
    host.stats.rqTotal.inc();
    host.stats.rqActive.inc();
    connection.attach(client);
    client.onPoolReady(connection);
  }

  private leaveQueue(): void {
    this.cluster.breakers[this.priority].pending.release();
    this.cluster.stats.rqPendingActive.dec();
  }

  private connect(): void {
    const { cluster, host } = this;
    const { connections } = cluster.breakers[this.priority];
    if (!connections.acquire()) {
      cluster.stats.cxOverflow.inc();
      // A pool without any connection may always open one, or its queue would wait for ever.
      if (this.connections.size > 0) return;
      connections.enter();
    }
    const connection = cluster.connectHttp1(this);
    if (connection === null) {
      connections.release();
      this.onConnectFailed(closeReasonOfCode("ENOBUFS"));
      return;
    }
    this.connections.add(connection);
    this.connecting++;
    cluster.stats.cxTotal.inc();
    cluster.stats.cxActive.inc();
    cluster.stats.cxHttp1Total.inc();
    host.stats.cxTotal.inc();
    host.stats.cxActive.inc();
  }
}

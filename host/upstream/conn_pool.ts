/**
 * Connections of one worker to one host of a cluster at one priority: lends exchanges on them to requests, and queues requests while connections are
 * being made. Whether a connection carries one exchange at a time (HTTP/1) or many (HTTP/2) is its own affair: it says how many may begin
 * on it. Limits are the cluster's circuit breakers, which all workers share.
 */

import type { Address } from "../net/address.ts";
import { type CloseReason, closeReasonOfCode } from "../net/close_reason.ts";
import type { Socket } from "../net/socket.ts";
import type { ServerIdentity } from "../net/tls/client_context.ts";
import type { ProxiedConnection } from "../stream_info/connection_facts.ts";
import type { Permits } from "../wasm/ledger.ts";
import type { CircuitBreakers } from "./circuit_breakers.ts";
import { transportFailureText } from "./connect_error.ts";
import type { HostStats } from "./host_stats.ts";
import type { HttpProtocol } from "./http_protocol.ts";
import type { ConnectionPool, ConnectionSettings, PooledConnection } from "./pooled_connection.ts";
import {
  RESET_CONNECTION_TIMEOUT,
  RESET_LOCAL_CONNECTION_FAILURE,
  RESET_OVERFLOW,
  RESET_REMOTE_CONNECTION_FAILURE,
  type ResetReason,
} from "./reset_reason.ts";
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
  /** Exchanges to be provided for, for each that is under way; 1: none ahead. */
  readonly preconnectRatio: number;
  /** Null when the core has no room for a connection's state. */
  openConnection(pool: HttpConnPool): PooledConnection | null;
  /** Goes on with an open connection on which the peer has chosen a protocol. Null as above. */
  adoptConnection(pool: HttpConnPool, protocol: "http1" | "http2", socket: Socket): PooledConnection | null;
  /** Drained, and without a connection. */
  onPoolUnused(pool: HttpConnPool): void;
}

/** What it needs of its host. */
export interface PooledHost {
  readonly address: Address;
  /** For the server name of TLS; may be empty. */
  readonly hostname: string;
  readonly stats: HostStats;
  /** A request begins, if the breaker has a permit for it. */
  admit(breaker: Permits): boolean;
  dismiss(breaker: Permits): void;
}

/** Of a pool whose connections are not for anybody. */
export interface PoolPurpose {
  /** Whom TLS is spoken with. */
  readonly identity: ServerIdentity;
  /** On whose behalf they are, where they begin with a PROXY header. */
  readonly proxied: ProxiedConnection | null;
  /** What its host knows it by. */
  readonly key: string;
  /** False: there are as many pools as there may be, and this one refuses its request. */
  readonly hasPermit: boolean;
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

/** Connections that one request may lead to, itself and those ahead of their time (as in Envoy). */
const CONNECTS_AT_ONCE = 3;

export class HttpConnPool implements ConnectionPool {
  readonly worker: UpstreamWorker;
  readonly cluster: PooledCluster;
  readonly host: PooledHost;
  readonly protocol: HttpProtocol;
  /** What connections to this host agreed on last: HTTP/1 carries one exchange where HTTP/2 was hoped for. */
  agreed: "http1" | "http2" | null = null;
  readonly priority: 0 | 1;
  readonly own: PoolPurpose | null;
  /** On which an exchange may begin; the last one is used first. */
  private readonly ready: PooledConnection[] = [];
  private readonly connections = new Set<PooledConnection>();
  private readonly pending: PoolClient[] = [];
  /** Exchanges that connections are counted on for which are under way, or have not heard how many they may carry. */
  private connecting = 0;
  private active = 0;
  private isDraining = false;

  constructor(
    worker: UpstreamWorker,
    cluster: PooledCluster,
    host: PooledHost,
    protocol: HttpProtocol,
    priority: 0 | 1,
    own: PoolPurpose | null = null,
  ) {
    this.own = own;
    this.worker = worker;
    this.cluster = cluster;
    this.host = host;
    this.protocol = protocol;
    this.priority = priority;
  }

  /** Lends an exchange at once (`onPoolReady` is called before this returns), queues the request, or fails it. */
  newStream(client: PoolClient): void {
    const { cluster, ready } = this;
    const breakers = cluster.breakers[this.priority];
    const connection = ready[ready.length - 1];
    if (connection !== undefined) {
      if (!this.host.admit(breakers.requests)) {
        cluster.stats.rqPendingOverflow.inc();
        client.onPoolFailure(RESET_OVERFLOW, "");
        return;
      }
      this.attach(client, connection);
      if (cluster.preconnectRatio > 1) this.connectAsNeeded();
      return;
    }
    if (this.own?.hasPermit === false || !breakers.pending.acquire()) {
      cluster.stats.rqPendingOverflow.inc();
      client.onPoolFailure(RESET_OVERFLOW, "");
      return;
    }
    cluster.stats.rqPendingTotal.inc();
    cluster.stats.rqPendingActive.inc();
    this.pending.push(client);
    this.connectAsNeeded();
  }

  /** Takes a request out of the queue. */
  cancel(client: PoolClient): void {
    const at = this.pending.indexOf(client);
    if (at < 0) return;
    this.pending.splice(at, 1);
    this.leaveQueue();
    this.cluster.stats.rqCancelled.inc();
  }

  /** No new connections for requests to come; idle ones close, busy ones after their answers. */
  drain(): void {
    this.isDraining = true;
    for (const connection of [...this.connections]) {
      // Those under way close when nobody waits for them any more.
      if (!connection.isConnecting) connection.drain();
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

  onConnected(connection: PooledConnection): void {
    this.connecting -= connection.expectedExchanges;
    const { stats } = this.cluster;
    stats.cxConnectMs.record(this.worker.clock.now() - connection.startMs);
    this.onReleased(connection);
    // It may carry less than it was counted on for.
    if (this.pending.length > 0) this.connectAsNeeded();
  }

  onPromised(change: number): void {
    this.connecting += change;
    if (change < 0 && this.pending.length > 0) this.connectAsNeeded();
  }

  onReleased(connection: PooledConnection): void {
    const { pending } = this;
    const { requests } = this.cluster.breakers[this.priority];
    while (pending.length > 0 && connection.freeExchanges > 0) {
      const client = pending.shift() as PoolClient;
      this.leaveQueue();
      if (this.host.admit(requests)) {
        this.attach(client, connection);
      } else {
        this.cluster.stats.rqPendingOverflow.inc();
        client.onPoolFailure(RESET_OVERFLOW, "");
      }
    }
    if (this.isDraining) {
      connection.drain();
    } else if (!connection.isReady && connection.freeExchanges > 0) {
      connection.isReady = true;
      this.ready.push(connection);
    }
  }

  onLimited(connection: PooledConnection): void {
    if (!connection.isReady || connection.freeExchanges > 0) return;
    connection.isReady = false;
    const { ready } = this;
    if (ready[ready.length - 1] === connection) ready.pop();
    else ready.splice(ready.lastIndexOf(connection), 1);
  }

  onProtocolChosen(asked: PooledConnection, protocol: "http1" | "http2", socket: Socket): void {
    this.agreed = protocol;
    const connection = this.cluster.adoptConnection(this, protocol, socket);
    if (connection === null) {
      asked.close();
      this.onConnectFailed(closeReasonOfCode("ENOBUFS"));
      return;
    }
    this.connections.delete(asked);
    this.connections.add(connection);
    this.connecting += connection.expectedExchanges - asked.expectedExchanges;
    socket.owner?.onConnect();
  }

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
    this.forgetIfUnused();
  }

  onClosed(connection: PooledConnection, wasConnecting: boolean, isLocal: boolean, withRequest: boolean): void {
    const { cluster, host } = this;
    const { stats } = cluster;
    this.connections.delete(connection);
    this.onLimited(connection);
    if (wasConnecting) this.connecting -= connection.expectedExchanges;
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
      if (this.pending.length > 0) this.connectAsNeeded();
    }
    // Who waits for a connection that failed is told behind this.
    if (!wasConnecting || this.pending.length === 0) this.forgetIfUnused();
  }

  /** The request that `attach` counted is over. */
  onStreamEnd(): void {
    this.active--;
    this.cluster.stats.rqActive.dec();
    this.host.stats.rqActive.dec();
    this.host.dismiss(this.cluster.breakers[this.priority].requests);
  }

  private forgetIfUnused(): void {
    if (this.isUnused && (this.isDraining || this.own !== null)) this.cluster.onPoolUnused(this);
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  /** The request was admitted. */
  private attach(client: PoolClient, connection: PooledConnection): void {
    const { cluster, host } = this;
    cluster.stats.rqTotal.inc();
    cluster.stats.rqActive.inc();
    host.stats.rqTotal.inc();
    host.stats.rqActive.inc();
    this.active++;
    const exchange = connection.openExchange(client);
    this.onLimited(connection);
    client.onPoolReady(exchange);
  }

  private leaveQueue(): void {
    this.cluster.breakers[this.priority].pending.release();
    this.cluster.stats.rqPendingActive.dec();
  }

  private connectAsNeeded(): void {
    for (let i = 0; i < CONNECTS_AT_ONCE && this.needsConnection; i++) if (!this.connect()) return;
  }

  private get needsConnection(): boolean {
    const { preconnectRatio } = this.cluster;
    const waiting = this.pending.length;
    if (preconnectRatio === 1 || this.isDraining) return waiting > this.connecting;
    const free = this.ready.reduce((sum, { freeExchanges }) => sum + freeExchanges, 0);
    return (waiting + this.active) * preconnectRatio > this.connecting + this.active + free;
  }

  /** Whether another one might follow. */
  private connect(): boolean {
    const { cluster, host } = this;
    const { connections } = cluster.breakers[this.priority];
    const hasPermit = connections.acquire();
    if (!hasPermit) {
      cluster.stats.cxOverflow.inc();
      // A pool without any connection may always open one, or its queue would wait for ever.
      if (this.connections.size > 0) return false;
      connections.enter();
    }
    const connection = cluster.openConnection(this);
    if (connection === null) {
      connections.release();
      this.onConnectFailed(closeReasonOfCode("ENOBUFS"));
      return false;
    }
    this.connections.add(connection);
    this.connecting += connection.expectedExchanges;
    cluster.stats.cxTotal.inc();
    cluster.stats.cxActive.inc();
    host.stats.cxTotal.inc();
    host.stats.cxActive.inc();
    return hasPermit;
  }
}

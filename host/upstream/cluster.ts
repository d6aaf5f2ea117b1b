/**
 * A cluster as one worker holds it: its hosts, the picker over them, and the pools of connections to them.
 *
 *   live --left the config, or replaced--> removed --nobody holds one of its permits--> retired
 *
 * Once it is retired its stats are gone and its cells in the ledger may go to others; a stream that still refers to it does
 * no harm.
 */

import { HTTP1_PROTOCOL } from "../config/alpn.ts";
import { contextIn } from "../config/secrets/reference.ts";
import type { Cluster as ClusterConfig, UpstreamHttpProtocolOptions } from "../config/types/cluster.ts";
import { UPSTREAM_TLS_CONTEXT, type UpstreamTlsContext } from "../config/types/tls.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import { TlsClientContext } from "../net/tls/client_context.ts";
import { keyLogOf } from "../net/tls/key_log.ts";
import { TlsStats } from "../net/tls/tls_stats.ts";
import type { Scope, ScopeLease } from "../stats/scope.ts";
import type { ProxiedConnection } from "../stream_info/connection_facts.ts";
import { type BreakerCells, CircuitBreakers, retryBudget } from "./circuit_breakers.ts";
import { ClusterStats } from "./cluster_stats.ts";
import { HttpConnPool, type PooledCluster } from "./conn_pool.ts";
import type { Host, HostDescription } from "./host.ts";
import { HostSet } from "./host_set.ts";
import { balancingPolicy, LoadBalancer, priorityLoadOptions } from "./load_balancer.ts";
import type { PriorityLoadOptions } from "./priority_load.ts";
import { HeaderFirst, type ProxyTransport, proxiedKey, proxyTransportOf } from "./proxy_transport.ts";
import { UpstreamConnection } from "./upstream_connection.ts";
import type { ClientCodecOptions, UpstreamWorker } from "./upstream_worker.ts";

/** A cluster in the snapshot. Structured-clonable. */
export interface ClusterDescription {
  readonly config: ClusterConfig;
  /** Indexed by the priority of requests: default, high. */
  readonly breakers: readonly [BreakerCells, BreakerCells];
  readonly hosts: readonly HostDescription[];
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 3_600_000;
const MAX_RESPONSE_HEAD_BYTES = 60 * 1024;
const MAX_RESPONSE_HEADERS = 100;

const HTTP1_PROTOCOLS: readonly string[] = [HTTP1_PROTOCOL];
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export class Cluster implements PooledCluster {
  readonly name: string;
  readonly worker: UpstreamWorker;
  readonly config: ClusterConfig;
  readonly stats: ClusterStats;
  readonly breakers: readonly [CircuitBreakers, CircuitBreakers];
  readonly connectTimeoutMs: number;
  /** 0: no limit, as for the next two. */
  readonly idleTimeoutMs: number;
  readonly maxRequestsPerConnection: number;
  readonly maxStreamDurationMs: number;
  /** Seconds before TCP keep-alive probes, 0: none. */
  readonly keepAliveSeconds: number;
  private readonly tls: TlsClientContext | null = null;
  /** Null: connections begin with what they carry. */
  readonly proxy: ProxyTransport | null;
  private readonly codecOptions: ClientCodecOptions;
  private readonly hostSet: HostSet;
  private readonly balancer: LoadBalancer;
  private readonly loadOptions: PriorityLoadOptions;
  private readonly pools = new Set<HttpConnPool>();
  private readonly statLease: ScopeLease;
  private readonly cells: readonly number[];
  /** Listed no longer, and not yet unused. */
  private readonly leavingHosts = new Set<Host>();

  constructor(worker: UpstreamWorker, description: ClusterDescription) {
    const { config } = description;
    this.worker = worker;
    this.config = config;
    this.name = config.name;
    this.statLease = worker.stats.root
      .scope("cluster")
      .scope(config.alt_stat_name || config.name)
      .lease();
    const { scope } = this.statLease;
    this.stats = new ClusterStats(scope);
    this.breakers = [
      new CircuitBreakers(worker.ledger, description.breakers[0], retryBudget(config, "DEFAULT")),
      new CircuitBreakers(worker.ledger, description.breakers[1], retryBudget(config, "HIGH")),
    ];
    this.cells = description.breakers.flatMap((breakers) => Object.values(breakers));
    const typed = config.typed_extension_protocol_options?.[HTTP_OPTIONS];
    const common = typed?.common_http_protocol_options ?? config.common_http_protocol_options;
    this.connectTimeoutMs = config.connect_timeout ?? CONNECT_TIMEOUT_MS;
    this.idleTimeoutMs = common?.idle_timeout ?? IDLE_TIMEOUT_MS;
    this.maxRequestsPerConnection = common?.max_requests_per_connection ?? config.max_requests_per_connection ?? 0;
    this.maxStreamDurationMs = common?.max_stream_duration ?? 0;
    const keepAlive = config.upstream_connection_options?.tcp_keepalive;
    this.keepAliveSeconds = keepAlive === undefined ? 0 : (keepAlive.keepalive_time ?? 7200);
    this.codecOptions = {
      maxHeadBytes: MAX_RESPONSE_HEAD_BYTES,
      maxHeaders: common?.max_headers_count ?? MAX_RESPONSE_HEADERS,
      enableTrailers: http1Options(config, typed)?.enable_trailers ?? false,
    };
    this.proxy = proxyTransportOf(config);
    this.hostSet = new HostSet(worker.ledger, scope);
    this.loadOptions = priorityLoadOptions(config);
    this.balancer = new LoadBalancer(worker.arena, balancingPolicy(config), scope.counter("lb_healthy_panic"));
    try {
      this.tls = tlsOf(config, worker, scope);
      this.updateHosts(description.hosts);
    } catch (error) {
      this.retire();
      throw error;
    }
  }

  get hosts(): readonly Host[] {
    return this.hostSet.hosts;
  }

  /** Throws ConfigArenaFull, and keeps the hosts that it has, when core memory has no room for these. */
  updateHosts(descriptions: readonly HostDescription[]): void {
    const { removed } = this.hostSet.update(descriptions, (hosts) => this.balancer.update(hosts, this.loadOptions));
    for (const host of removed) {
      this.leavingHosts.add(host);
      for (const pool of host.pools) pool?.drain();
      for (const pool of [...host.proxiedPools.values()]) pool.drain();
    }
  }

  /** Where its table of hosts stands in the config arena; see `LoadBalancer`. */
  get table(): Pick<LoadBalancer, "address" | "pickUp" | "putDown"> {
    return this.balancer;
  }

  /** The host for the next request, or null. */
  pick(): Host | null {
    return this.balancer.pick();
  }

  pool(host: Host, priority: 0 | 1): HttpConnPool {
    let pool = host.pools[priority];
    if (pool === undefined) {
      pool = new HttpConnPool(this.worker, this, host, priority);
      host.pools[priority] = pool;
      this.pools.add(pool);
    }
    return pool;
  }

  /** The pool of connections on behalf of one client, where `proxy` is set. It is forgotten with its last connection. */
  proxiedPool(host: Host, priority: 0 | 1, proxied: ProxiedConnection): HttpConnPool {
    const key = `${priority} ${proxiedKey(proxied)}`;
    let pool = host.proxiedPools.get(key);
    if (pool === undefined) {
      pool = new HttpConnPool(this.worker, this, host, priority);
      pool.proxied = { connection: proxied, key };
      host.proxiedPools.set(key, pool);
      this.pools.add(pool);
    }
    return pool;
  }

  /** Opens an HTTP/1 connection for a pool; null when the core has no room for its state. */
  connectHttp1(pool: HttpConnPool): UpstreamConnection | null {
    const { worker } = this;
    const codec = worker.newClientCodec(this.codecOptions);
    if (codec === null) return null;
    const connection = new UpstreamConnection(worker.nextConnectionId(), pool, codec);
    connection.socket = this.connect(pool.host, connection, HTTP1_PROTOCOLS, pool.proxied?.connection);
    return connection;
  }

  /**
   * A connection to a host, plain or with TLS as the cluster has it.
   * @param protocols what TLS offers, see `TlsClientContext.connect` @param proxied on whose behalf, where `proxy` is set
   */
  connect(
    host: Pick<Host, "address" | "hostname">,
    owner: SocketOwner,
    protocols: readonly string[] = [],
    proxied?: ProxiedConnection,
  ) {
    // Any byte that the kernel does not take pauses the source: what waits pins a slab of core memory, whatever its size.
    const options = { highBytes: 0 };
    const header = this.proxy === null || proxied === undefined ? null : this.proxy.header(proxied);
    let socket: Socket;
    if (this.tls !== null) {
      socket = this.tls.connect(host.address, host.hostname, options, owner, protocols, header);
    } else if (header === null) {
      socket = this.worker.net.connect(host.address, options, owner);
    } else {
      const first = new HeaderFirst(header, owner);
      socket = this.worker.net.connect(host.address, options, first);
      first.socket = socket;
    }
    if (this.keepAliveSeconds > 0) socket.setKeepAlive(this.keepAliveSeconds);
    return socket;
  }

  /** A pool whose host is gone is forgotten with its last connection. */
  onPoolUnused(pool: HttpConnPool): void {
    this.pools.delete(pool);
    if (pool.proxied !== null) pool.host.proxiedPools.delete(pool.proxied.key);
  }

  /** The cluster left the config: no new requests, idle connections close, busy ones after their answer. */
  remove(): void {
    for (const pool of this.pools) pool.drain();
    this.balancer.dispose();
  }

  /** No connection, and no request that waits or is under way. */
  get isUnused(): boolean {
    return (
      this.breakers.every((breakers) => breakers.isUnused) &&
      [...this.hosts, ...this.leavingHosts].every((host) => host.isUnused)
    );
  }

  get hasLeavingHosts(): boolean {
    return this.leavingHosts.size > 0;
  }

  /** Retires what is unused among the hosts that are listed no longer. */
  retireHosts(): void {
    for (const host of this.leavingHosts) {
      if (!host.isUnused) continue;
      this.leavingHosts.delete(host);
      host.retire();
    }
  }

  /** Removed and unused: gives back its stats and cells, and those of its hosts. */
  retire(): void {
    this.tls?.dispose();
    this.balancer.dispose();
    for (const host of [...this.hosts, ...this.leavingHosts]) host.retire();
    for (const breakers of this.breakers) breakers.retire();
    this.statLease.release();
  }

  /** Which of these cells of the ledger it, or one of its hosts, may still count in. */
  *holding(cells: ReadonlySet<number>): Iterable<number> {
    for (const cell of this.cells) if (cells.has(cell)) yield cell;
    for (const { activeCell } of [...this.hosts, ...this.leavingHosts]) if (cells.has(activeCell)) yield activeCell;
  }

  close(): void {
    for (const pool of this.pools) pool.close();
  }
}

const SECRET_COUNTERS = [
  "downstream_context_secrets_not_ready",
  "ssl_context_update_by_sds",
  "upstream_context_secrets_not_ready",
];

/** Throws TlsMaterialError, and what OpenSSL throws. */
function tlsOf(config: ClusterConfig, worker: UpstreamWorker, scope: Scope): TlsClientContext | null {
  const tls = contextIn(config.transport_socket);
  if (tls?.["@type"] !== UPSTREAM_TLS_CONTEXT) return null;
  const factory = scope.scope("client_ssl_socket_factory");
  for (const name of SECRET_COUNTERS) factory.counter(name);
  const stats = new TlsStats(scope.scope("ssl"));
  const asked = tls as UpstreamTlsContext;
  return new TlsClientContext(
    asked,
    worker.net.options,
    stats,
    worker.secrets,
    () => factory.counter("ssl_context_update_by_sds").inc(),
    keyLogOf(asked.common_tls_context, worker.accessLogSinks),
  );
}

function http1Options(config: ClusterConfig, typed: UpstreamHttpProtocolOptions | undefined) {
  const chosen = typed?.explicit_http_config ?? typed?.use_downstream_protocol_config;
  return chosen?.http_protocol_options ?? config.http_protocol_options;
}

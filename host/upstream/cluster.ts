/**
 * A cluster as one worker holds it: its hosts, the picker over them, and the pools of connections to them.
 *
 *   live --left the config, or replaced--> removed --nobody holds one of its permits--> retired
 *
 * Once it is retired its stats are gone and its cells in the ledger may go to others; a stream that still refers to it does
 * no harm.
 */

import { type Http2Settings, http2SettingsOf } from "../codec/http2_settings.ts";
import { HTTP1_PROTOCOL, HTTP2_PROTOCOL } from "../config/alpn.ts";
import { contextIn } from "../config/secrets/reference.ts";
import type { Cluster as ClusterConfig } from "../config/types/cluster.ts";
import type { Http2ProtocolOptions } from "../config/types/core.ts";
import { UPSTREAM_TLS_CONTEXT, type UpstreamTlsContext } from "../config/types/tls.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import { type ServerIdentity, TlsClientContext } from "../net/tls/client_context.ts";
import { keyLogOf } from "../net/tls/key_log.ts";
import { TlsStats } from "../net/tls/tls_stats.ts";
import { Http2CodecStats } from "../stats/http2_codec_stats.ts";
import type { Scope, ScopeLease } from "../stats/scope.ts";
import type { ProxiedConnection } from "../stream_info/connection_facts.ts";
import { AlpnConnection } from "./alpn_connection.ts";
import { type BreakerCells, CircuitBreakers, retryBudget } from "./circuit_breakers.ts";
import { ClusterStats } from "./cluster_stats.ts";
import { HttpConnPool, type PooledCluster } from "./conn_pool.ts";
import type { Host, HostDescription } from "./host.ts";
import { HostSet } from "./host_set.ts";
import {
  type HttpProtocol,
  type PooledRequest,
  protocolFor,
  type UpstreamHttp,
  upstreamHttpOf,
} from "./http_protocol.ts";
import { Http1Connection } from "./http1_connection.ts";
import { Http2Connection } from "./http2_connection.ts";
import { balancingPolicy, LoadBalancer, priorityLoadOptions } from "./load_balancer.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import type { PriorityLoadOptions } from "./priority_load.ts";
import { HeaderFirst, type ProxyTransport, proxiedKey, proxiedOf, proxyTransportOf } from "./proxy_transport.ts";
import { CONFIGURED, identityOf } from "./server_identity.ts";
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

/** What TLS offers, the best first. */
const OFFERED: Readonly<Record<HttpProtocol, readonly string[]>> = {
  http1: [HTTP1_PROTOCOL],
  http2: [HTTP2_PROTOCOL],
  auto: [HTTP2_PROTOCOL, HTTP1_PROTOCOL],
};
/** Where a host keeps its pools, beside the priority. */
const POOLS: Readonly<Record<HttpProtocol, number>> = { http1: 0, http2: 2, auto: 4 };

export class Cluster implements PooledCluster {
  readonly name: string;
  readonly worker: UpstreamWorker;
  readonly config: ClusterConfig;
  readonly stats: ClusterStats;
  readonly breakers: readonly [CircuitBreakers, CircuitBreakers];
  readonly connectTimeoutMs: number;
  /** 0: no limit, as for the next two, and for streams. */
  readonly idleTimeoutMs: number;
  readonly maxConnectionDurationMs: number;
  readonly maxRequestsPerConnection: number;
  readonly preconnectRatio: number;
  readonly maxStreamDurationMs: number;
  /** Seconds before TCP keep-alive probes, 0: none. */
  readonly keepAliveSeconds: number;
  private readonly tls: TlsClientContext | null = null;
  private readonly http: UpstreamHttp;
  /** Requests say whom their connection with TLS is for. */
  private readonly asksIdentity: boolean;
  /** Null: connections begin with what they carry. */
  readonly proxy: ProxyTransport | null;
  private readonly codecOptions: ClientCodecOptions;
  private readonly http2Settings: Http2Settings;
  private http2Stats: Http2CodecStats | null = null;
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
    this.http = upstreamHttpOf(config);
    const { common, http1, http2, upstream } = this.http;
    const asks = upstream.auto_sni === true || upstream.auto_san_validation === true;
    this.asksIdentity = asks && config.transport_socket?.typed_config?.["@type"] === UPSTREAM_TLS_CONTEXT;
    this.connectTimeoutMs = config.connect_timeout ?? CONNECT_TIMEOUT_MS;
    this.idleTimeoutMs = common.idle_timeout ?? IDLE_TIMEOUT_MS;
    this.maxConnectionDurationMs = common.max_connection_duration ?? 0;
    this.preconnectRatio = config.preconnect_policy?.per_upstream_preconnect_ratio ?? 1;
    this.maxRequestsPerConnection = common.max_requests_per_connection ?? config.max_requests_per_connection ?? 0;
    this.maxStreamDurationMs = common.max_stream_duration ?? 0;
    const keepAlive = config.upstream_connection_options?.tcp_keepalive;
    this.keepAliveSeconds = keepAlive === undefined ? 0 : (keepAlive.keepalive_time ?? 7200);
    const limits = {
      maxHeadBytes: MAX_RESPONSE_HEAD_BYTES,
      maxHeaders: common.max_headers_count ?? MAX_RESPONSE_HEADERS,
    };
    this.codecOptions = { ...limits, enableTrailers: http1.enable_trailers ?? false };
    this.http2Settings = http2SettingsFor(http2, limits);
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
      for (const pool of host.allPools()) pool.drain();
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

  /** Where the exchange of a request comes from. */
  pool(host: Host, priority: 0 | 1, request: PooledRequest): HttpConnPool {
    const protocol = protocolFor(this.http, request.protocol);
    const place = POOLS[protocol] + priority;
    if (this.asksIdentity || this.proxy !== null) return this.ownPool(host, priority, protocol, request);
    let pool = host.pools[place];
    if (pool === undefined) {
      pool = new HttpConnPool(this.worker, this, host, protocol, priority);
      host.pools[place] = pool;
      this.pools.add(pool);
    }
    return pool;
  }

  /** Connections that are for one name, or on behalf of one client, each; a pool of them goes with its last connection. */
  private ownPool(host: Host, priority: 0 | 1, protocol: HttpProtocol, request: PooledRequest): HttpConnPool {
    const { connection, requestHeaders } = request;
    const identity =
      this.asksIdentity && requestHeaders !== null ? identityOf(this.http.upstream, requestHeaders) : CONFIGURED;
    const proxied = this.proxy === null ? null : proxiedOf(connection);
    const client = proxied === null ? "" : proxiedKey(proxied);
    const key = `${POOLS[protocol] + priority}|${identity.serverName}|${identity.expected}|${client}`;
    let pool = host.ownPools.get(key);
    if (pool !== undefined) return pool;
    const hasPermit = this.breakers[priority].pools.acquire();
    if (!hasPermit) this.stats.cxPoolOverflow.inc();
    pool = new HttpConnPool(this.worker, this, host, protocol, priority, { identity, proxied, key, hasPermit });
    if (!hasPermit) return pool;
    host.ownPools.set(key, pool);
    this.pools.add(pool);
    return pool;
  }

  openConnection(pool: HttpConnPool): PooledConnection | null {
    const { protocol } = pool;
    const connection = protocol === "auto" ? this.newAlpn(pool) : this.newHttp(pool, protocol);
    if (connection !== null)
      connection.socket = this.connect(pool.host, connection, OFFERED[protocol], pool.own?.proxied, pool.own?.identity);
    return connection;
  }

  adoptConnection(pool: HttpConnPool, protocol: "http1" | "http2", socket: Socket): PooledConnection | null {
    const connection = this.newHttp(pool, protocol);
    if (connection === null) return null;
    connection.socket = socket;
    socket.owner = connection;
    return connection;
  }

  private newAlpn(pool: HttpConnPool): AlpnConnection {
    return new AlpnConnection(pool, pool.agreed === "http1" ? 1 : this.http2Settings.maxConcurrentStreams);
  }

  private newHttp(pool: HttpConnPool, protocol: "http1" | "http2"): Http1Connection | Http2Connection | null {
    const { worker } = this;
    if (protocol === "http1") {
      const codec = worker.newClientCodec(this.codecOptions);
      return codec === null ? null : new Http1Connection(worker.nextConnectionId(), pool, codec);
    }
    const settings = this.http2Settings;
    const codec = worker.newHttp2ClientCodec(settings);
    if (codec === null) return null;
    this.http2Stats ??= new Http2CodecStats(this.stats.scope.scope("http2"));
    return new Http2Connection(worker.nextConnectionId(), pool, codec, settings, this.http2Stats);
  }

  /**
   * A connection to a host, plain or with TLS as the cluster has it.
   * @param protocols what TLS offers, see `TlsClientContext.connect` @param proxied on whose behalf, where `proxy` is set
   */
  connect(
    host: Pick<Host, "address" | "hostname">,
    owner: SocketOwner,
    protocols: readonly string[] = [],
    proxied?: ProxiedConnection | null,
    identity: ServerIdentity | null = null,
  ) {
    // Any byte that the kernel does not take pauses the source: what waits pins a slab of core memory, whatever its size.
    const options = { highBytes: 0 };
    const header = this.proxy === null || !proxied ? null : this.proxy.header(proxied);
    let socket: Socket;
    if (this.tls !== null) {
      socket = this.tls.connect(host.address, host.hostname, options, owner, protocols, header, identity);
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

  /** A pool whose host is gone, or that is for one name, is forgotten with its last connection. */
  onPoolUnused(pool: HttpConnPool): void {
    if (!this.pools.delete(pool) || pool.own === null) return;
    (pool.host as Host).ownPools.delete(pool.own.key);
    this.breakers[pool.priority].pools.release();
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

/** A connection's window is that of all its streams where the config does not say: answers that nobody takes never stop the others. */
function http2SettingsFor(
  options: Http2ProtocolOptions,
  limits: Pick<Http2Settings, "maxHeadBytes" | "maxHeaders">,
): Http2Settings {
  const settings = http2SettingsOf(options, limits);
  const all = Math.min(settings.initialStreamWindowSize * settings.maxConcurrentStreams, 0x7fff_ffff);
  return { ...settings, initialConnectionWindowSize: options.initial_connection_window_size ?? all };
}

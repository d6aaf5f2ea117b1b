/**
 * One listener in one worker: its sockets, and the filter chains that accepted connections take.
 *
 * A changed config keeps the sockets and swaps the chains (`ChainSet`): connections that wait in the kernel's queue are not
 * lost. The chains of before drain, and are disposed of with their last connection, which ends with the drain time at the latest.
 */

import { type AccessLog, createAccessLogs } from "../access_log/log.ts";
import type { Listener as ListenerConfig } from "../config/types/listener.ts";
import type { HttpWorker } from "../http/http_worker.ts";
import type { Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { ListenError, Listener as ListeningSocket, Socket } from "../net/socket.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { RouteTable } from "../route/route_entry.ts";
import type { Scope, ScopeLease } from "../stats/scope.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";
import type { FilterMetadata } from "../stream_info/metadata.ts";
import { type ConnectionInfo, NEVER, type StreamInfo } from "../stream_info/stream_info.ts";
import { type ConnectionTotals, DownstreamConnection, type DownstreamOwner } from "../tcp/downstream.ts";
import { CONTINUE, type NetworkFilter, type NetworkFilterFactory } from "../tcp/filter.ts";
import type { ClusterManager } from "../upstream/cluster_manager.ts";
import { addressOf, addressText, type PlainAddress } from "../upstream/host.ts";
import { Arrival, type ArrivalOwner, type ChainTransport } from "./arrival.ts";
import { ChainMatcherTree } from "./chain_matcher_tree.ts";
import { tlsOf } from "./chain_transport.ts";
import { connectionRecord, NO_TOTALS, UNMATCHED } from "./connection_record.ts";
import type { ListenerFilterFactories } from "./filter.ts";
import { FilterChainMatcher } from "./filter_chain_match.ts";
import { ListenerFilters } from "./listener_filters.ts";
import { ListenerStats } from "./listener_stats.ts";

/** A listener in the snapshot. Structured-clonable. */
export interface ListenerDescription {
  readonly name: string;
  readonly config: ListenerConfig;
  /** Where to listen; port 0: the first worker finds one; empty: `bind_to_port` is off. */
  readonly addresses: readonly ListenAddress[];
  /** What stands in stat names: `stat_prefix`, or the first address. */
  readonly statName: string;
}

export interface ListenAddress {
  readonly address: PlainAddress;
  readonly ipv6Only: boolean;
  /** Each worker binds it; else one worker alone does. */
  readonly reusePort: boolean;
}

/** By full name of the config's message. */
export type NetworkFilterFactories = ReadonlyMap<string, NetworkFilterFactory<unknown>>;

export interface ListenerContext {
  readonly worker: HttpWorker;
  readonly clusters: ClusterManager;
  readonly factories: NetworkFilterFactories;
  readonly listenerFactories: ListenerFilterFactories;
  /** Index of this worker: the first one owns what cannot be bound twice. */
  readonly workerIndex: number;
  /** `--drain-time-s`: how long connections may go on when their filter chain is gone. */
  readonly drainTimeMs: number;
  onAcceptTrouble(listener: string, code: string): void;
}

const BACKLOG = 4096;
const TRANSPORT_TIMEOUT = "transport socket timeout was reached";

export class Listener {
  private description: ListenerDescription;
  private readonly context: ListenerContext;
  private readonly statLease: ScopeLease;
  private readonly stats: ListenerStats;
  private chains: ChainSet;
  /** Those of before, while connections are on them. */
  private readonly retired = new Set<ChainSet>();
  private readonly sockets: ListeningSocket[] = [];
  private isRemoved = false;

  /** Throws what a filter's factory throws; nothing listens yet. */
  constructor(description: ListenerDescription, context: ListenerContext) {
    this.description = description;
    this.context = context;
    this.statLease = context.worker.stats.root.scope("listener").scope(description.statName).lease();
    this.stats = new ListenerStats(this.statLease.scope, `worker_${context.workerIndex}`);
    try {
      this.chains = this.build(description);
    } catch (error) {
      this.statLease.release();
      throw error;
    }
  }

  private build(description: ListenerDescription): ChainSet {
    const chains = new ChainSet(description, this.context, this.statLease.scope, this.stats, () => {
      this.retired.delete(chains);
      if (this.isRemoved && this.retired.size === 0) this.statLease.release();
    });
    return chains;
  }

  get config(): ListenerConfig {
    return this.description.config;
  }

  /** Whether a new description can take over this listener's sockets. A port 0 is content with the port it has. */
  canBecome(next: ListenerDescription): boolean {
    const { addresses, config, statName } = this.description;
    return (
      statName === next.statName &&
      config.tcp_backlog_size === next.config.tcp_backlog_size &&
      addresses.length === next.addresses.length &&
      addresses.every((address, i) => isSameDoor(address, next.addresses[i] as ListenAddress, this.bound[i]))
    );
  }

  /** Swaps the chains. Throws what a factory throws, and goes on with the old ones. */
  become(next: ListenerDescription): void {
    const chains = this.build(next);
    const old = this.chains;
    this.chains = chains;
    this.description = next;
    this.retired.add(old);
    old.retire();
  }

  /** What this worker binds: the first one owns what cannot be bound twice. */
  private get doors(): readonly ListenAddress[] {
    return this.description.addresses.filter(({ reusePort }) => reusePort || this.context.workerIndex === 0);
  }

  /**
   * Binds; the first error, or null. What was bound before it stays bound until `stop`.
   * @param again where it was `bound` before it stopped
   */
  async listen(again: readonly PlainAddress[] = []): Promise<ListenError | null> {
    const { config } = this.description;
    for (const [i, { address: wanted, ipv6Only, reusePort }] of this.doors.entries()) {
      const address = again[i] ?? wanted;
      const result = await this.context.worker.net.listen({
        address: addressOf(address),
        backlog: config.tcp_backlog_size ?? BACKLOG,
        reusePort,
        ipv6Only,
        // As for upstream connections: one pinned slab is as much as may wait.
        highBytes: 0,
        onAccept: (socket) => this.chains.accept(socket),
        onAcceptTrouble: (code) => this.context.onAcceptTrouble(this.description.name, code),
      });
      if (result.error !== null) return result.error;
      this.sockets.push(result.listener);
    }
    return null;
  }

  /** Addresses that this worker has bound. */
  get bound(): readonly PlainAddress[] {
    return this.sockets.map(({ address }) =>
      address.kind === "ip" ? { version: address.version, ip: address.ip, port: address.port } : { path: address.path },
    );
  }

  /** Whether this worker cannot have the doors of both at once. */
  isInTheWayOf(next: Listener): boolean {
    const { doors } = this;
    return this.bound.some((bound, i) =>
      next.doors.some(
        ({ address, reusePort }) => overlap(bound, address) && !(reusePort && (doors[i] as ListenAddress).reusePort),
      ),
    );
  }

  /** Stops accepting; connections live on. */
  async stop(): Promise<void> {
    await Promise.all(this.sockets.splice(0).map((socket) => socket.close()));
  }

  /** Connections end after what they have begun. */
  drain(): void {
    this.chains.drain();
  }

  /** The listener is gone from the config: stops, drains, and gives back what its chains hold. */
  async remove(): Promise<void> {
    this.isRemoved = true;
    await this.stop();
    this.retired.add(this.chains);
    this.chains.retire();
  }

  /** Route tables of its chains, in the order of the config. */
  get routeTables(): readonly RouteTable[] {
    return this.chains.routeTables;
  }

  get activeConnections(): number {
    let sum = this.retired.has(this.chains) ? 0 : this.chains.connectionCount;
    for (const chains of this.retired) sum += chains.connectionCount;
    return sum;
  }
}

/** `bound` is where the first is listening now. */
function isSameDoor(old: ListenAddress, next: ListenAddress, bound: PlainAddress | undefined): boolean {
  if (old.ipv6Only !== next.ipv6Only || old.reusePort !== next.reusePort) return false;
  const text = addressText(next.address);
  return text === addressText(old.address) || (bound !== undefined && text === addressText(bound));
}

/** A wildcard is taken to stand for every address, be it of the other version. */
function overlap(a: PlainAddress, b: PlainAddress): boolean {
  if ("path" in a || "path" in b) return "path" in a && "path" in b && a.path === b.path;
  return a.port === b.port && (a.ip === b.ip || [a.ip, b.ip].some((ip) => ip === "0.0.0.0" || ip === "::"));
}

interface Chain extends ChainTransport {
  readonly name: string;
  readonly filters: readonly NetworkFilter[];
}

/** The filter chains of one version of a listener's config, and the connections that took them. */
class ChainSet implements DownstreamOwner, ArrivalOwner<Chain>, TimerOwner {
  readonly stats: ListenerStats;
  readonly timers: Timers;
  readonly filters: ListenerFilters;
  readonly logsConnections: boolean;
  private readonly accessLogs: readonly AccessLog[];
  private readonly facts: { readonly name: string; readonly metadata: FilterMetadata | undefined };
  private readonly worker: HttpWorker;
  private readonly matcher: FilterChainMatcher<Chain> | ChainMatcherTree<Chain>;
  private readonly chains: Chain[] = [];
  /** Accepted, and not with their filters yet. */
  private readonly arrivals = new Set<Arrival<Chain>>();
  private readonly connections = new Set<DownstreamConnection>();
  private readonly onDisposed: () => void;
  private readonly drainTimeMs: number;
  private readonly drainTimer: Timer;
  private isRetired = false;

  /** Throws what a filter's factory throws, and holds nothing then. @param onDisposed retired, and the last connection is gone */
  constructor(
    description: ListenerDescription,
    context: ListenerContext,
    scope: Scope,
    stats: ListenerStats,
    onDisposed: () => void,
  ) {
    const { config } = description;
    const { worker, clusters, factories, listenerFactories } = context;
    this.facts = { name: description.name, metadata: config.metadata?.filter_metadata };
    this.worker = worker;
    this.timers = worker.timers;
    this.stats = stats;
    this.filters = new ListenerFilters(config, worker, listenerFactories);
    this.accessLogs = createAccessLogs(config.access_log ?? [], worker.accessLogSinks);
    this.logsConnections = this.accessLogs.length > 0;
    this.onDisposed = onDisposed;
    this.drainTimeMs = context.drainTimeMs;
    this.drainTimer = worker.timers.timer(this);
    const build = (chain: NonNullable<ListenerConfig["default_filter_chain"]>): Chain => {
      const filters = (chain.filters ?? []).map(({ typed_config }) => {
        const factory = factories.get(typed_config?.["@type"] ?? "");
        // The config door knows the same list: what it lets through is here.
        if (factory === undefined || typed_config === undefined)
          throw new Error(`no network filter for ${typed_config?.["@type"]}`);
        return factory.create(factory.decode(typed_config), {
          worker,
          clusters,
          listenerScope: scope,
          listenerName: description.name,
        });
      });
      const built = {
        name: chain.name ?? "",
        filters,
        tls: tlsOf(chain, worker, scope),
        handshakeTimeoutMs: chain.transport_socket_connect_timeout ?? 0,
      };
      this.chains.push(built);
      return built;
    };
    try {
      const chains = (config.filter_chains ?? []).map((chain) => ({ config: chain, chain: build(chain) }));
      const fallback = config.default_filter_chain === undefined ? null : build(config.default_filter_chain);
      const tree = config.filter_chain_matcher;
      this.matcher =
        tree === undefined
          ? new FilterChainMatcher(chains, fallback)
          : new ChainMatcherTree(tree, new Map(chains.map(({ chain }) => [chain.name, chain])), fallback);
    } catch (error) {
      this.disposeFilters();
      throw error;
    }
  }

  get connectionCount(): number {
    return this.connections.size + this.arrivals.size;
  }

  get routeTables(): readonly RouteTable[] {
    return this.chains.flatMap(({ filters }) => filters.flatMap(({ routes }) => routes ?? []));
  }

  accept(socket: Socket): void {
    const { stats, worker } = this;
    if (worker.overload.rejectsConnections) {
      stats.cxOverloadReject.inc();
      socket.close();
      return;
    }
    const arrival = new Arrival(this, socket, worker.clock.now());
    this.arrivals.add(arrival);
    arrival.begin();
  }

  chainFor(socket: Socket, facts: Readonly<ConnectionFacts>): Chain | null {
    return this.matcher.match(socket, facts);
  }

  onChosen(): void {
    const { stats } = this;
    stats.cxTotal.inc();
    stats.cxActive.inc();
    stats.workerCxTotal.inc();
    stats.workerCxActive.inc();
  }

  onArrived(arrival: Arrival<Chain>, socket: Socket, chain: Chain, tls: TlsFacts | null): void {
    const { worker } = this;
    const connection = new DownstreamConnection(
      worker.nextConnectionId(),
      socket,
      arrival.acceptedMs,
      this.facts,
      chain.name,
      arrival.facts,
      tls,
      tls === null ? NEVER : worker.clock.now() - arrival.acceptedMs,
      this,
    );
    this.connections.add(connection);
    this.arrivals.delete(arrival);
    for (const filter of chain.filters) if (filter.onConnection(connection) !== CONTINUE) break;
    worker.turn.end();
  }

  onLost(arrival: Arrival<Chain>, socket: Socket): void {
    this.arrivals.delete(arrival);
    const { chosen } = arrival;
    if (this.accessLogs.length > 0) this.recordLost(arrival, socket);
    if (chosen === null) {
      this.disposeIfDone();
      return;
    }
    chosen.filters[0]?.onConnectionLost?.(arrival.isLocalEnd);
    this.left(arrival.acceptedMs);
  }

  onConnectionClosed(connection: DownstreamConnection, end: ConnectionTotals | StreamInfo): void {
    this.connections.delete(connection);
    if (this.accessLogs.length > 0) this.record(connection, end);
    this.left(connection.acceptedMs);
  }

  private recordLost(arrival: Arrival<Chain>, { remote, local }: Socket): void {
    const { acceptedMs, chosen, facts, hasTimedOut, transportFailure } = arrival;
    const connection = {
      id: this.worker.nextConnectionId(),
      directRemote: remote,
      remote: facts.remote ?? remote,
      local: facts.local ?? local,
      facts,
      serverName: facts.serverName,
      tls: null,
      filterChainName: chosen?.name ?? "",
      listenerName: this.facts.name,
      listenerMetadata: this.facts.metadata,
      acceptedMs,
      terminationDetails: hasTimedOut ? TRANSPORT_TIMEOUT : "",
      handshakeMs: NEVER,
      transportFailure,
    };
    const isUnmatched = arrival.isUnmatched;
    this.record(connection, isUnmatched ? UNMATCHED : NO_TOTALS);
  }

  /** Writes the listener's access logs. */
  private record(connection: ConnectionInfo, end: ConnectionTotals | StreamInfo): void {
    const info = "connection" in end ? end : connectionRecord(connection, end, this.worker.clock);
    for (const log of this.accessLogs) log.log(info);
  }

  private left(acceptedMs: number): void {
    const { stats } = this;
    stats.cxActive.dec();
    stats.workerCxActive.dec();
    stats.cxDestroy.inc();
    stats.cxLengthMs.record(this.worker.clock.now() - acceptedMs);
    this.disposeIfDone();
  }

  private disposeIfDone(): void {
    if (this.isRetired && this.connectionCount === 0) this.dispose();
  }

  drain(): void {
    for (const { filters } of this.chains) for (const filter of filters) filter.drain();
  }

  /** Another version took over: drains, and is disposed of with its last connection. */
  retire(): void {
    this.isRetired = true;
    this.drain();
    if (this.connectionCount === 0) this.dispose();
    else this.drainTimer.start(this.drainTimeMs);
  }

  /** The drain time is over: raw connections and endless streams, which have no point to end at, are cut (as in Envoy). */
  onTimer(): void {
    // What is gathered for them leaves first: it was sent before its connection was cut.
    this.worker.turn.end();
    for (const { socket } of this.connections) socket.close();
    for (const arrival of [...this.arrivals]) arrival.close();
  }

  private dispose(): void {
    this.drainTimer.release();
    this.disposeFilters();
    this.onDisposed();
  }

  private disposeFilters(): void {
    for (const { filters, tls } of this.chains.splice(0)) {
      tls?.dispose();
      for (const filter of filters) filter.dispose();
    }
  }
}

/**
 * A worker without its thread: everything that serves connections, made of what it is given. The thread entry gives it real
 * sockets and the machine's clock, a simulation gives it fake ones.
 */

import type { AccessLogSinks } from "../access_log/sinks.ts";
import { Http1ClientCodec } from "../codec/http1_client.ts";
import { PendingEvents } from "../codec/http1_codec.ts";
import { Http1ServerCodec } from "../codec/http1_server.ts";
import { Http2ClientCodec } from "../codec/http2_client.ts";
import { Http2ServerCodec } from "../codec/http2_server.ts";
import type { Http2Settings } from "../codec/http2_settings.ts";
import type { ServerCodecOptions } from "../http/connection_manager.ts";
import type { HttpWorker, NodeInfo } from "../http/http_worker.ts";
import { Http2Worker } from "../http/http2_worker.ts";
import type { StreamObserver } from "../http/stream_observer.ts";
import { StreamPool } from "../http/stream_pool.ts";
import type { ListenerFilterFactories } from "../listener/filter.ts";
import type { NetworkFilterFactories } from "../listener/listener.ts";
import { ListenerManager } from "../listener/manager.ts";
import type { Clock, Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { LoopPass } from "../net/loop_pass.ts";
import { Output } from "../net/output.ts";
import { type PooledSlab, SlabPool } from "../net/slab_pool.ts";
import type { Net } from "../net/socket.ts";
import { SecretStore } from "../net/tls/secret_store.ts";
import { Turn } from "../net/turn.ts";
import { NO_OVERLOAD, type OverloadState } from "../runtime/overload.ts";
import type { StatStore } from "../stats/scope.ts";
import { ClusterManager } from "../upstream/cluster_manager.ts";
import type { HostDescription } from "../upstream/host.ts";
import { Http2UpstreamWorker } from "../upstream/http2_worker.ts";
import type { ClientCodecOptions } from "../upstream/upstream_worker.ts";
import { ConfigArena } from "../wasm/config_arena.ts";
import type { Core } from "../wasm/core.ts";
import { setDate } from "../wasm/forward.ts";
import type { LedgerView } from "../wasm/ledger.ts";
import { outputSlabsOf } from "../wasm/memory.ts";
import type { Snapshot } from "./messages.ts";

export interface WorkerParts {
  readonly index: number;
  readonly core: Core;
  readonly ledger: LedgerView;
  readonly stats: StatStore;
  readonly net: Net;
  readonly timers: Timers;
  readonly node: NodeInfo;
  readonly seed: number;
  readonly accessLogSinks: AccessLogSinks;
  readonly networkFilters: NetworkFilterFactories;
  readonly listenerFilters: ListenerFilterFactories;
  /** `--drain-time-s`. */
  readonly drainTimeMs: number;
  readonly observer: StreamObserver;
  /** Lets writes wait for the other sockets that are ready; without it each turn writes at its end. */
  readonly pass?: LoopPass;
  onAcceptTrouble(listener: string, code: string): void;
}

/** Connection ids are unique in the process: each worker counts in a range of its own. */
const CONNECTION_IDS_PER_WORKER = 2 ** 42;
const DATE_INTERVAL_MS = 1_000;

export class WorkerRuntime implements HttpWorker, TimerOwner {
  readonly core: Core;
  readonly arena: ConfigArena;
  readonly ledger: LedgerView;
  readonly stats: StatStore;
  readonly net: Net;
  readonly secrets = new SecretStore();
  readonly clock: Clock;
  readonly timers: Timers;
  readonly turn: Turn;
  /** What every output of this worker is written from. */
  readonly slabs: SlabPool;
  readonly node: NodeInfo;
  readonly accessLogSinks: AccessLogSinks;
  readonly streams = new StreamPool();
  readonly http2 = new Http2Worker(this);
  readonly loan: PooledSlab;
  readonly http2Upstream: Http2UpstreamWorker;
  readonly observer: StreamObserver;
  /** Told to drain; for good. */
  drains = false;
  isFailingHealth = false;
  overload: OverloadState = NO_OVERLOAD;
  readonly clusters: ClusterManager;
  readonly listeners: ListenerManager;
  private readonly pending: PendingEvents;
  private readonly nowMs = (): number => this.clock.now();
  private readonly dateTimer: Timer;
  private connectionIds: number;
  private randomState: number;

  constructor(parts: WorkerParts) {
    const { core, timers } = parts;
    this.core = core;
    this.arena = new ConfigArena(core);
    this.ledger = parts.ledger;
    this.stats = parts.stats;
    this.net = parts.net;
    this.timers = timers;
    this.clock = timers.clock;
    this.node = parts.node;
    this.accessLogSinks = parts.accessLogSinks;
    this.observer = parts.observer;
    const slabs = outputSlabsOf(core);
    this.slabs = new SlabPool(slabs.memory, slabs.start, slabs.slabBytes, slabs.count);
    this.turn = new Turn(new Output(this.slabs, parts.pass ?? null));
    this.loan = this.slabs.take() as PooledSlab;
    this.http2Upstream = new Http2UpstreamWorker(core, this.slabs.take() as PooledSlab);
    this.pending = new PendingEvents(core);
    this.connectionIds = parts.index * CONNECTION_IDS_PER_WORKER;
    // xorshift stands still at zero.
    this.randomState = parts.seed | 1;
    this.clusters = new ClusterManager(this);
    this.listeners = new ListenerManager({
      worker: this,
      clusters: this.clusters,
      factories: parts.networkFilters,
      listenerFactories: parts.listenerFilters,
      workerIndex: parts.index,
      drainTimeMs: parts.drainTimeMs,
      onAcceptTrouble: parts.onAcceptTrouble,
    });
    this.dateTimer = timers.timer(this);
    this.onTimer();
  }

  /** Serves by this snapshot from now on. @returns what could not be done, in words */
  async apply(snapshot: Snapshot): Promise<readonly string[]> {
    this.isFailingHealth = snapshot.isFailingHealth;
    this.overload = snapshot.overload;
    this.secrets.update(snapshot.secrets);
    const problems = this.clusters.update(snapshot.clusters);
    return [...problems, ...(await this.listeners.update(snapshot.listeners))];
  }

  get isDraining(): boolean {
    return this.drains || this.isFailingHealth;
  }

  /** @returns what could not be done, in words, or an empty text */
  updateHosts(cluster: string, hosts: readonly HostDescription[]): string {
    return this.clusters.updateHosts(cluster, hosts);
  }

  /** Once a second: the text of the date field. */
  onTimer(): void {
    setDate(this.core, this.clock.wallMs());
    this.dateTimer.start(DATE_INTERVAL_MS);
  }

  random(): number {
    let x = this.randomState;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.randomState = x;
    return x >>> 0;
  }

  nextConnectionId(): number {
    return ++this.connectionIds;
  }

  newHttp1ServerCodec(options: ServerCodecOptions): Http1ServerCodec | null {
    return Http1ServerCodec.open(this.pending, options);
  }

  newHttp2ServerCodec(settings: Http2Settings): Http2ServerCodec | null {
    return Http2ServerCodec.open(this.pending, settings, this.nowMs);
  }

  newClientCodec(options: ClientCodecOptions): Http1ClientCodec | null {
    return Http1ClientCodec.open(this.pending, options);
  }

  newHttp2ClientCodec(settings: Http2Settings): Http2ClientCodec | null {
    return Http2ClientCodec.open(this.pending, settings, () => this.clock.now());
  }
}

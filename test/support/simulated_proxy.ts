/**
 * A whole proxy without a socket, a thread or a clock of the machine: the runtime of one worker and the directory of
 * clusters, on the fake network and virtual time.
 *
 * Nothing happens by itself: `settle` lets the network run until it is quiet, `advance` moves time on and lets the network
 * run at each timer on the way.
 */

import { listenerFilters } from "../../filters/registry.ts";
import { AccessLogSinks } from "../../host/access_log/sinks.ts";
import type { HttpStream } from "../../host/http/stream.ts";
import { describeListener } from "../../host/listener/describe.ts";
import type { ListenerDescription, NetworkFilterFactories } from "../../host/listener/listener.ts";
import { IpAddress } from "../../host/net/address.ts";
import type { Listener, Net, NetOptions, Socket } from "../../host/net/socket.ts";
import { NO_OVERLOAD } from "../../host/runtime/overload.ts";
import { StatReader } from "../../host/stats/reader.ts";
import { StatStore } from "../../host/stats/scope.ts";
import { ClusterDirectory } from "../../host/upstream/discovery/cluster_directory.ts";
import { Core } from "../../host/wasm/core.ts";
import { Ledger, LedgerView } from "../../host/wasm/ledger.ts";
import { readBufferOf } from "../../host/wasm/memory.ts";
import { WorkerRuntime } from "../../host/workers/worker.ts";
import { bootstrapOf } from "./config_door.ts";
import { FakeNetwork, manualSchedule } from "./fake_net.ts";
import { FarEnd } from "./far_end.ts";
import { Http2Bench, type Settings } from "./http2_bench.ts";
import { Http2UpstreamEnd } from "./http2_upstream_end.ts";
import { VirtualClock } from "./virtual_clock.ts";

export interface SimulationOptions {
  readonly networkFilters: NetworkFilterFactories;
  readonly seed?: number;
  /** 600 s by default. */
  readonly drainTimeMs?: number;
  /** Bytes that one direction of a connection holds between writer and reader. */
  readonly kernelBytes?: number;
  readonly nextReadBytes?: () => number;
  /** Picks the next of `count` things that may happen; by default the oldest. */
  readonly choose?: (count: number) => number;
}

/** What is left of a stream that has ended. */
export interface EndedStream {
  readonly status: number;
  readonly details: string;
  readonly flags: number;
  readonly path: string;
  readonly virtualCluster: string;
}

const FAR_READ_BUFFER_BYTES = 65_536;
const WORKER_THREAD = 1;

export class SimulatedProxy {
  readonly clock = new VirtualClock();
  readonly network: FakeNetwork;
  readonly core: Core;
  readonly ledger = Ledger.create(2);
  readonly runtime: WorkerRuntime;
  readonly directory: ClusterDirectory;
  readonly reader = new StatReader(this.ledger);
  /** In the order in which they ended. */
  readonly ended: EndedStream[] = [];
  /** Hosts for which the ledger had no cells. */
  readonly leftOut: string[] = [];
  /** What our own code threw. */
  readonly faults: unknown[] = [];
  readonly farOptions: NetOptions;
  private readonly far: Net;
  private bench: Http2Bench | null = null;
  private readonly tasks = manualSchedule();
  private readonly options: SimulationOptions;
  private listeners: readonly ListenerDescription[] = [];
  private version = 0;

  private constructor(options: SimulationOptions) {
    this.options = options;
    const seed = options.seed ?? 1;
    this.network = new FakeNetwork({
      schedule: this.tasks.schedule,
      ...(options.kernelBytes === undefined ? {} : { kernelBytes: options.kernelBytes }),
      ...(options.nextReadBytes === undefined ? {} : { nextReadBytes: options.nextReadBytes }),
    });
    const view = new LedgerView(this.ledger.share, WORKER_THREAD);
    this.core = new Core({ seed: [seed, 0], ledger: view });
    const hooks = { onWake: () => undefined, onFault: (error: unknown) => this.faults.push(error) };
    this.farOptions = { ...hooks, readBuffer: { bytes: new Uint8Array(FAR_READ_BUFFER_BYTES), address: 0 } };
    this.far = this.network.net(this.farOptions);
    const stats = (thread: number, ledger: LedgerView) => {
      const store: StatStore = new StatStore(ledger, {
        onDefine: (definition) => this.reader.define(thread, definition),
        onRelease: ({ group, id }) => {
          this.reader.release(thread, group);
          store.reclaim(id);
        },
        onFull: (name) => this.faults.push(new Error(`no room for ${name}`)),
      });
      return store;
    };
    this.runtime = new WorkerRuntime({
      index: WORKER_THREAD - 1,
      core: this.core,
      ledger: view,
      stats: stats(WORKER_THREAD, view),
      net: this.network.net({ ...hooks, readBuffer: readBufferOf(this.core) }),
      timers: this.clock.timers,
      node: { id: "node", cluster: "cluster", localAddress: "192.0.2.1" },
      seed,
      accessLogSinks: new AccessLogSinks({ timers: this.clock.timers, post: () => undefined, readFile: () => NOTHING }),
      networkFilters: options.networkFilters,
      listenerFilters,
      drainTimeMs: options.drainTimeMs ?? 600_000,
      observer: { onStreamEnd: (stream) => this.ended.push(ended(stream)) },
      onAcceptTrouble: () => undefined,
    });
    this.directory = new ClusterDirectory(this.ledger, stats(0, this.ledger.view).root, {
      onHosts: (cluster, hosts) => void this.runtime.updateHosts(cluster, hosts),
      onNoRoom: (cluster, hosts) => this.leftOut.push(`${hosts} of ${cluster}`),
      holding: (cells) => Promise.resolve(new Set(this.runtime.clusters.holding(cells))),
    });
  }

  /** A proxy that serves by this config, which passes the config door. */
  static async start(config: object, options: SimulationOptions): Promise<SimulatedProxy> {
    const proxy = new SimulatedProxy(options);
    const problems = await proxy.apply(config);
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return proxy;
  }

  /** Serves by another config from now on. @returns what could not be done */
  async apply(config: object): Promise<readonly string[]> {
    const bootstrap = bootstrapOf(JSON.stringify(config));
    await this.directory.update(bootstrap.static_resources?.clusters ?? []);
    this.listeners = (bootstrap.static_resources?.listeners ?? []).map(describeListener);
    const clusters = this.directory.describe();
    return this.runtime.apply({
      version: ++this.version,
      clusters,
      listeners: this.listeners,
      isFailingHealth: false,
      overload: NO_OVERLOAD,
      secrets: [],
    });
  }

  /** Lets the network run until it is quiet. */
  settle(): void {
    this.tasks.run(this.options.choose);
    if (this.faults.length > 0) throw this.faults[0];
  }

  /** The same after what is to run behind the present code has run: for tests that play a filter which goes on later. */
  async settled(): Promise<void> {
    await Promise.resolve();
    this.settle();
  }

  advance(byMs: number): void {
    this.settle();
    const targetMs = this.clock.now() + byMs;
    while (this.clock.nextAlarmMs <= targetMs) {
      this.clock.advance(this.clock.nextAlarmMs - this.clock.now());
      this.settle();
    }
    this.clock.advance(targetMs - this.clock.now());
    this.settle();
  }

  /** A client of the first address of a listener. */
  client(listener = "front"): FarEnd {
    return this.connect(new FarEnd(this.farOptions), listener);
  }

  /** Lets an end of the test's own kind be a client. */
  connect<E extends FarEnd>(client: E, listener = "front"): E {
    const bound = this.runtime.listeners.bound.find(({ name }) => name === listener)?.addresses[0];
    if (bound === undefined || !("port" in bound)) throw new Error(`nobody listens for ${listener}`);
    client.socket = this.far.connect(new IpAddress(4, bound.ip, bound.port), { highBytes: 0 }, client);
    return client;
  }

  /** A client that has sent something, and what that led to has happened. */
  request(text: string | Uint8Array, listener = "front"): FarEnd {
    const client = this.client(listener);
    client.send(text);
    this.settle();
    return client;
  }

  /** A server at a port of 127.0.0.1. */
  upstream(port: number, onAccept: (end: FarEnd) => void): Promise<Listener> {
    return this.upstreamSockets(port, (socket) => {
      const end = new FarEnd(this.farOptions);
      end.socket = socket;
      end.isConnected = true;
      socket.owner = end;
      onAccept(end);
    });
  }

  /** The same with HTTP/2; all of them share a core. */
  http2Upstream(port: number, onAccept: (end: Http2UpstreamEnd) => void, settings: Settings = {}): Promise<Listener> {
    this.bench ??= new Http2Bench();
    const { bench } = this;
    return this.upstreamSockets(port, (socket) =>
      onAccept(new Http2UpstreamEnd(socket, this.farOptions.readBuffer.bytes, bench, settings)),
    );
  }

  private async upstreamSockets(port: number, onSocket: (socket: Socket) => void): Promise<Listener> {
    const { listener, error } = await this.far.listen({
      address: new IpAddress(4, "127.0.0.1", port),
      backlog: 128,
      reusePort: false,
      ipv6Only: false,
      highBytes: 0,
      onAcceptTrouble: () => undefined,
      onAccept: onSocket,
    });
    if (error !== null) throw new Error(error.message);
    return listener;
  }

  /** A counter or gauge. */
  stat(name: string): number {
    return this.reader.value(name);
  }

  /** Everything that should be zero, empty or at rest once all connections are gone, and is not. Empty: nothing is left. */
  leftovers(): string[] {
    const { core, ledger, runtime } = this;
    const left: string[] = [];
    const count = (what: string, value: number) => {
      if (value !== 0) left.push(`${value} ${what}`);
    };
    count("header blocks", core.exports.blocksLive());
    count("HTTP/1 codecs", core.exports.http1Live());
    // One slab gathers output and two are lent to callbacks, always.
    count("output slabs", runtime.slabs.inUse - 3);
    count("HTTP/2 codecs", core.exports.http2Live());
    count("HTTP/2 streams", core.exports.http2StreamsLive());
    count("connections of listeners", runtime.listeners.activeConnections);
    for (const { local, remote, pendingBytes, unreadBytes } of this.network.sockets)
      left.push(`socket ${local.text} to ${remote.text} with ${pendingBytes} bytes pending and ${unreadBytes} unread`);
    // The date has a timer.
    count("timers", this.clock.timers.armedCount - 1);
    for (const { name, value } of this.reader.gauges())
      if (/_active$|_buffered$|_paused$|^http2\.pending_send_bytes$/.test(name)) count(name, value);
    for (const { config, breakers, hosts } of this.directory.describe()) {
      for (const cells of breakers)
        for (const [kind, cell] of Object.entries(cells)) count(`${kind} of ${config.name}`, ledger.used(cell));
      for (const host of hosts) count(`requests on ${host.key}`, ledger.used(host.activeCell));
    }
    for (const { cell, used, held } of ledger.audit()) left.push(`cell ${cell} has ${used} used and ${held} held`);
    return left;
  }
}

const NOTHING = new Uint8Array(0);

function ended(stream: HttpStream): EndedStream {
  const { responseCode, responseCodeDetails, responseFlags, path, virtualClusterName } = stream;
  return {
    status: responseCode,
    details: responseCodeDetails,
    flags: responseFlags,
    path,
    virtualCluster: virtualClusterName,
  };
}

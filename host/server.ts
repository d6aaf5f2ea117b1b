/**
 * The composition root: what a running proxy is made of, in the order in which it comes to be; and how it is changed, drained
 * and stopped. One per process or per `createProxy`.
 */

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { AccessLogFiles } from "./access_log/files.ts";
import { SecretError } from "./config/secrets/secret_file.ts";
import type { Bootstrap } from "./config/types/bootstrap.ts";
import { describeListener, settlePorts } from "./listener/describe.ts";
import type { ListenerDescription } from "./listener/listener.ts";
import type { Logger, Logs } from "./log/logger.ts";
import type { NetChoice } from "./net/choose_net.ts";
import { SystemClock, type Timers } from "./net/clock.ts";
import { NodeAlarm, TimerWheel } from "./net/timer_wheel.ts";
import { NO_OVERLOAD, OverloadManager } from "./runtime/overload.ts";
import { Runtime } from "./runtime/runtime.ts";
import { defineRuntimeStats, runtimeGauges } from "./runtime/runtime_stats.ts";
import { type RunningAdmin, startAdmin } from "./server_admin.ts";
import { type CertificateSources, certificateGauges } from "./server_certificates.ts";
import { Secrets } from "./server_secrets.ts";
import { ServerStats, STATE_DRAINING, STATE_INITIALIZING, STATE_LIVE, STATE_PRE_INITIALIZING } from "./server_stats.ts";
import { StatReader } from "./stats/reader.ts";
import { StatStore } from "./stats/scope.ts";
import type { Tag } from "./stats/tags.ts";
import { ClusterDirectory } from "./upstream/discovery/cluster_directory.ts";
import { Ledger } from "./wasm/ledger.ts";
import type { Snapshot } from "./workers/messages.ts";
import type { Applied } from "./workers/seat.ts";
import { Supervisor } from "./workers/supervisor.ts";

export interface ServerOptions {
  readonly bootstrap: Bootstrap;
  readonly concurrency: number;
  readonly net: NetChoice;
  readonly logs: Logs;
  readonly logFormat: string;
  readonly escapeLogNewlines: boolean;
  /** `--service-node` and the like, over the bootstrap's `node`. */
  readonly nodeId: string;
  readonly nodeCluster: string;
  readonly nodeZone: string;
  /** `--drain-time-s`: how long connections may go on when their listener or filter chain is gone. */
  readonly drainTimeMs: number;
  readonly fileFlushIntervalMs: number;
  readonly fileFlushMinBytes: number;
  /** `--stats-tag`. */
  readonly statsTags?: readonly Tag[];
  /** envoy.admin.v3.CommandLineOptions as JSON, for `/server_info`. */
  readonly commandLineOptions?: object;
  /** A file that gets the admin address. */
  readonly adminAddressPath?: string | undefined;
  /** POST /quitquitquit; absent: the server stops. */
  readonly onQuit?: () => void;
  /** Opens the file of the application log again (`--log-path`). Throws the system's error. */
  readonly reopenLog?: () => void;
  /** A line that a worker has formatted. */
  onLogLine(line: string): void;
}

/** Why the server could not start, or a reload could not be applied. */
export class ServerError extends Error {
  override readonly name = "ServerError";
}

const STATS_FLUSH_MS = 5_000;
/** Room for compiled configs in each worker's core memory: what the config needs, and a second one beside it while it changes. */
const ARENA_BYTES_PER_CONFIG_BYTE = 8;
const VERSION_NUMBER = 0;

export type ServerState = "PRE_INITIALIZING" | "INITIALIZING" | "LIVE" | "DRAINING";

export class Server {
  readonly options: ServerOptions;
  readonly ledger: Ledger;
  readonly reader: StatReader;
  readonly store: StatStore;
  readonly directory: ClusterDirectory;
  readonly supervisor: Supervisor;
  readonly files: AccessLogFiles;
  readonly stats: ServerStats;
  readonly secrets: Secrets;
  readonly timers: Timers;
  readonly ownAddress = ownAddress();
  readonly startedMs = performance.now();
  readonly startedWallMs = Date.now();
  bootstrap: Bootstrap;
  runtime: Runtime;
  admin: RunningAdmin | null = null;
  bootstrapWallMs = Date.now();
  /** The last worker that died, and why; empty: none has. */
  lastReplacement = "";
  isFailingHealth = false;
  private listeners: readonly ListenerDescription[] = [];
  private version = 0;
  private state: ServerState = "PRE_INITIALIZING";
  private readonly log: Logger;
  private readonly flushTimer: NodeJS.Timeout;
  /** Null: the bootstrap asks for none. Like Envoy's it stays what it was at the start. */
  private readonly overload: OverloadManager | null;
  private changing: Promise<unknown> = Promise.resolve();

  private constructor(options: ServerOptions) {
    const { bootstrap, concurrency, logs } = options;
    this.options = options;
    this.bootstrap = bootstrap;
    this.runtime = new Runtime(bootstrap.layered_runtime);
    this.log = logs.logger("main");
    this.ledger = Ledger.create(concurrency + 1);
    this.reader = new StatReader(this.ledger);
    this.store = new StatStore(this.ledger.view, {
      onDefine: (definition) => this.reader.define(0, definition),
      onRelease: ({ group, id }) => {
        this.reader.release(0, group);
        this.store.reclaim(id);
      },
      onFull: (name) => this.log.error(`no room for more stats in the main thread: ${name} is not counted`),
    });
    this.stats = new ServerStats(this.store.root, concurrency, VERSION_NUMBER);
    const clock = new SystemClock();
    this.timers = new TimerWheel(clock, new NodeAlarm(), (error) => this.log.critical(String(error)));
    this.files = new AccessLogFiles({
      timers: this.timers,
      scope: this.store.root,
      flushIntervalMs: options.fileFlushIntervalMs,
      flushMinBytes: options.fileFlushMinBytes,
      warn: (message) => logs.logger("file").warning(message),
    });
    this.directory = new ClusterDirectory(this.ledger, this.store.root, {
      onHosts: (cluster, hosts) => {
        this.supervisor.remember(this.describe());
        this.supervisor.tell({ type: "hosts", cluster, hosts });
      },
      onNoRoom: (cluster, hosts) =>
        this.log.warning(`no room in the ledger for ${hosts} hosts of cluster '${cluster}': they are left out`),
      holding: (cells) => this.supervisor.holding(cells),
    });
    this.secrets = new Secrets(this.store.root, logs.logger("secret"), () => {
      this.supervisor.remember(this.describe());
      this.supervisor.tell({ type: "secrets", secrets: this.secrets.values });
    });
    this.reader.addGauges(() => certificateGauges(this.certificateSources));
    this.reader.addGauges(() => this.directory.gauges());
    this.reader.addGauges(() => this.processGauges());
    this.reader.addGauges(() => runtimeGauges(this.runtime));
    defineRuntimeStats(this.store.root);
    this.supervisor = new Supervisor({
      concurrency,
      ledger: this.ledger,
      reader: this.reader,
      log: this.log,
      replaced: this.stats.workersReplaced,
      birth: {
        net: options.net,
        node: { id: options.nodeId, cluster: options.nodeCluster, localAddress: this.ownAddress },
        log: { levels: logs.levels, format: options.logFormat, escapeNewlines: options.escapeLogNewlines },
        drainTimeMs: options.drainTimeMs,
        configArenaBytes: arenaBytes(bootstrap),
      },
      seed: () => {
        const bytes = randomBytes(8);
        return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
      },
      onLogLine: options.onLogLine,
      onAccessLog: (batch) => this.files.write(batch),
      onReplaced: (index, reason) => {
        this.lastReplacement = `worker ${index}: ${reason}`;
      },
    });
    this.overload =
      bootstrap.overload_manager === undefined
        ? null
        : new OverloadManager(bootstrap.overload_manager, this.store.root, process.memoryUsage.rss, (state) => {
            this.log.warning(`overload: ${JSON.stringify(state)}`);
            this.supervisor.remember(this.describe());
            this.supervisor.tell({ type: "overload", state });
          });
    this.flushTimer = setInterval(() => this.reader.flush(), bootstrap.stats_flush_interval ?? STATS_FLUSH_MS);
    this.flushTimer.unref();
  }

  /** Resolves when every worker listens. Throws ServerError when one cannot. */
  static async start(options: ServerOptions): Promise<Server> {
    const server = new Server(options);
    try {
      await server.initialize();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  private async initialize(): Promise<void> {
    const { bootstrap } = this.options;
    this.setState("PRE_INITIALIZING");
    this.admin = await startAdmin(this).catch((error: Error) => {
      throw new ServerError(error.message);
    });
    this.updateSecrets(bootstrap);
    await this.updateClusters(bootstrap);
    this.setState("INITIALIZING");
    this.listeners = (bootstrap.static_resources?.listeners ?? []).map(describeListener);
    this.version++;
    const problems = await this.supervisor.start(this.describe(), (applied) => this.settle(applied, new Map()));
    if (problems.length > 0) throw new ServerError(problems.join("\n"));
    const count = this.listeners.length;
    this.stats.listenerAdded.add(count);
    this.stats.listenerCreateSuccess.add(count * this.options.concurrency);
    this.stats.listenersActive.set(count);
    this.stats.workersStarted.set(1);
    this.stats.live.set(1);
    this.stats.initializationMs.record(performance.now() - this.startedMs);
    this.setState("LIVE");
  }

  /** Validated before it comes here. Reloads follow one another. Throws ServerError; what could be applied is in force then. */
  reload(bootstrap: Bootstrap): Promise<void> {
    const turn = this.changing.then(() => this.change(bootstrap));
    this.changing = turn.catch(() => undefined);
    return turn;
  }

  private async change(bootstrap: Bootstrap): Promise<void> {
    this.updateSecrets(bootstrap);
    await this.updateClusters(bootstrap);
    const before = new Map(this.listeners.map((listener) => [listener.name, listener]));
    this.listeners = (bootstrap.static_resources?.listeners ?? []).map((config) =>
      describeListener(config.name === undefined ? { ...config, name: this.unnamed(config) } : config),
    );
    this.bootstrap = bootstrap;
    this.runtime = new Runtime(bootstrap.layered_runtime);
    this.bootstrapWallMs = Date.now();
    this.version++;
    const problems = await this.supervisor.apply(this.describe(), (applied) => {
      this.stats.listenerCreateFailure.add(applied.refused.length);
      return this.settle(applied, before);
    });
    for (const listener of this.listeners) {
      const old = before.get(listener.name);
      before.delete(listener.name);
      if (old !== undefined && JSON.stringify(old.config) === JSON.stringify(listener.config)) continue;
      (old === undefined ? this.stats.listenerAdded : this.stats.listenerModified).inc();
      this.stats.listenerCreateSuccess.add(this.options.concurrency);
    }
    this.stats.listenerRemoved.add(before.size);
    this.stats.listenersActive.set(this.listeners.length);
    for (const problem of problems) this.log.error(problem);
    if (problems.length > 0) throw new ServerError(problems.join("\n"));
  }

  /** Throws ServerError, and nothing has changed, when one is not to be had. */
  private updateSecrets(bootstrap: Bootstrap): void {
    try {
      this.secrets.update(bootstrap);
    } catch (error) {
      throw error instanceof SecretError ? new ServerError(error.message) : error;
    }
  }

  /** Throws ServerError, and nothing has changed, when the ledger has no room for so many clusters. */
  private async updateClusters(bootstrap: Bootstrap): Promise<void> {
    try {
      await this.directory.update(bootstrap.static_resources?.clusters ?? []);
    } catch (error) {
      throw error instanceof RangeError ? new ServerError(error.message) : error;
    }
  }

  /** The name that a listener without one was given when it came, so that it is known again. */
  private unnamed(config: object): string {
    const text = JSON.stringify(config);
    return this.listeners.find((l) => JSON.stringify({ ...l.config, name: undefined }) === text)?.name ?? "";
  }

  /** Stops accepting; `graceful`: connections are asked to end. */
  drainListeners(inboundOnly: boolean, graceful: boolean): void {
    this.supervisor.tell({ type: "stopListeners", inboundOnly });
    this.stats.listenerStopped.add(this.listeners.length);
    if (graceful) this.supervisor.tell({ type: "drain" });
  }

  /** Connections are asked to end; listeners go on. */
  drainConnections(): void {
    this.supervisor.tell({ type: "drain" });
  }

  /** While health checks fail, `/ready` says so and responses ask clients to leave. */
  failHealthChecks(isFailing: boolean): void {
    this.isFailingHealth = isFailing;
    this.supervisor.remember(this.describe());
    this.supervisor.tell({ type: "failHealthChecks", isFailing });
  }

  /**
   * Stops accepting, closes idle connections, and resolves when the last connection has ended or the time is over.
   * @returns the connections that are left
   */
  async drain(timeMs: number): Promise<number> {
    this.setState("DRAINING");
    this.drainListeners(false, true);
    const end = performance.now() + timeMs;
    for (;;) {
      const left = await this.supervisor.sync();
      if (left === 0 || performance.now() >= end) return left;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, Math.max(end - performance.now(), 1))));
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.flushTimer);
    this.overload?.stop();
    await this.admin?.close();
    this.directory.stop();
    this.secrets.close();
    await this.supervisor.sync();
    await this.supervisor.stop();
    await this.files.close();
  }

  /** Listeners with the addresses that they have. */
  get listening(): readonly ListenerDescription[] {
    return this.listeners;
  }

  get certificateSources(): CertificateSources {
    return { bootstrap: this.bootstrap, listening: this.listeners, secrets: this.secrets.all };
  }

  get currentState(): ServerState {
    return this.isFailingHealth && this.state === "LIVE" ? "DRAINING" : this.state;
  }

  /** What the first worker could not have stays as it was; ports that it was given are taken by the others. */
  private settle({ bound, refused }: Applied, before: ReadonlyMap<string, ListenerDescription>): Snapshot {
    const listeners = this.listeners.flatMap((listener) =>
      refused.includes(listener.name) ? (before.get(listener.name) ?? []) : listener,
    );
    this.listeners = settlePorts(listeners, bound);
    return this.describe();
  }

  private describe(): Snapshot {
    return {
      version: this.version,
      clusters: this.directory.describe(),
      listeners: this.listeners,
      isFailingHealth: this.isFailingHealth,
      overload: this.overload?.state ?? NO_OVERLOAD,
      secrets: this.secrets.values,
    };
  }

  private setState(state: ServerState): void {
    this.state = state;
    const numbers = {
      LIVE: STATE_LIVE,
      DRAINING: STATE_DRAINING,
      PRE_INITIALIZING: STATE_PRE_INITIALIZING,
      INITIALIZING: STATE_INITIALIZING,
    };
    this.stats.state.set(numbers[state]);
  }

  private *processGauges(): Iterable<readonly [name: string, value: number]> {
    const memory = process.memoryUsage();
    yield ["server.uptime", Math.floor((performance.now() - this.startedMs) / 1000)];
    yield ["server.memory_allocated", memory.heapUsed];
    yield ["server.memory_heap_size", memory.heapTotal];
    yield ["server.memory_physical_size", memory.rss];
    let connections = 0;
    for (const { statName } of this.listeners)
      connections += this.reader.value(`listener.${statName.replaceAll(":", "_")}.downstream_cx_active`);
    yield ["server.total_connections", connections];
  }
}

/** The address that stands for this machine in x-forwarded-for when the peer is on loopback. */
function ownAddress(): string {
  for (const list of Object.values(networkInterfaces()))
    for (const address of list ?? []) if (!address.internal && address.family === "IPv4") return address.address;
  return "127.0.0.1";
}

function arenaBytes(bootstrap: Bootstrap): number {
  return JSON.stringify(bootstrap).length * ARENA_BYTES_PER_CONFIG_BYTE;
}

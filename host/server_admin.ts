/** The admin port of a server: what its pages see, and where it listens. */

import { readFileSync, writeFileSync } from "node:fs";
import { createAccessLogs } from "./access_log/log.ts";
import { AccessLogSinks, type LogBatch } from "./access_log/sinks.ts";
import { AdminAccessLog } from "./admin/access_log.ts";
import { AdminStats } from "./admin/admin_stats.ts";
import type { AdminContext, AdminListener, ServerState } from "./admin/context.ts";
import { adminRoutes } from "./admin/routes/list.ts";
import { type AdminObserver, AdminServer } from "./admin/server.ts";
import { EXTENSIONS } from "./config/extensions.ts";
import { compileStringPredicate } from "./config/string_predicate.ts";
import type { AccessLog as AccessLogConfig } from "./config/types/access_log.ts";
import type { Admin, Bootstrap } from "./config/types/bootstrap.ts";
import type { Address as ConfigAddress, StringMatcher } from "./config/types/core.ts";
import type { ExplainQuery, Explanation } from "./explain/query.ts";
import type { ListenerDescription } from "./listener/listener.ts";
import type { Logs } from "./log/logger.ts";
import { type Address, IpAddress, PipeAddress } from "./net/address.ts";
import type { Timers } from "./net/clock.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { countRuntimeLoad } from "./runtime/runtime_stats.ts";
import { type CertificateSources, certificatesInForce } from "./server_certificates.ts";
import { buildFacts, serverVersion, VERSION } from "./server_version.ts";
import type { StatReader } from "./stats/reader.ts";
import type { StatStore } from "./stats/scope.ts";
import type { Tag } from "./stats/tags.ts";
import { breakerLimits } from "./upstream/circuit_breakers.ts";
import type { ClusterDescription } from "./upstream/cluster.ts";
import { addressOf } from "./upstream/host.ts";
import { Core } from "./wasm/core.ts";
import type { Ledger } from "./wasm/ledger.ts";

/** The worker that owns what cannot be bound by all. */
const OWNING_WORKER = 0;

export interface RunningAdmin {
  /** With port 0 asked, the port that was given. */
  readonly address: Address;
  close(): Promise<void>;
}

/** What the admin pages need of a server (host/server.ts is one). */
export interface AdministeredServer {
  readonly options: {
    readonly bootstrap: Bootstrap;
    readonly logs: Logs;
    readonly nodeId: string;
    readonly nodeCluster: string;
    readonly nodeZone: string;
    readonly statsTags?: readonly Tag[];
    readonly commandLineOptions?: object;
    readonly adminAddressPath?: string | undefined;
    readonly onQuit?: () => void;
    readonly reopenLog?: () => void;
  };
  /** In force. */
  readonly bootstrap: Bootstrap;
  readonly bootstrapWallMs: number;
  readonly startedMs: number;
  readonly store: StatStore;
  readonly reader: StatReader;
  readonly runtime: Runtime;
  readonly currentState: ServerState;
  readonly listening: readonly ListenerDescription[];
  readonly certificateSources: CertificateSources;
  readonly directory: { describe(): readonly ClusterDescription[] };
  readonly supervisor: {
    readonly netKind: string;
    sync(): Promise<number>;
    explain(query: ExplainQuery): Promise<Explanation | null>;
  };
  readonly files: { write(batch: LogBatch): void; reopen(): void };
  readonly timers: Timers;
  readonly ledger: Ledger;
  /** What stands for this machine where its loopback address would say nothing. */
  readonly ownAddress: string;
  drainListeners(inboundOnly: boolean, graceful: boolean): void;
  drainConnections(): void;
  failHealthChecks(isFailing: boolean): void;
  stop(): Promise<void>;
}

/** Listens where the bootstrap says; null where it says nothing. Throws an Error that names the address when it cannot be bound. */
export async function startAdmin(server: AdministeredServer): Promise<RunningAdmin | null> {
  const { bootstrap, logs, adminAddressPath } = server.options;
  const wanted = bootstrap.admin?.address;
  if (wanted === undefined) return null;
  const sinks = sinksOf(server);
  const admin = new AdminServer({
    context: adminContext(server),
    routes: adminRoutes,
    log: logs.logger("admin"),
    observer: observerOf(server, bootstrap.admin ?? {}, sinks),
    allows: allowsOf(bootstrap.admin?.allow_paths ?? []),
  });
  let address: Address;
  try {
    address = await admin.listen(addressOfConfig(wanted));
  } catch (error) {
    const { text } = addressOfConfig(wanted);
    throw new Error(`cannot bind '${text}' for admin: ${(error as NodeJS.ErrnoException).code}`);
  }
  logs.logger("admin").info(`admin address: ${address.text}`);
  if (adminAddressPath !== undefined) writeFileSync(adminAddressPath, address.text);
  return {
    address,
    async close() {
      await admin.close();
      sinks.flush();
    },
  };
}

/** Counts, and writes the access logs where there are some; only then the main thread has a core, for the fields of requests. */
function observerOf(
  server: AdministeredServer,
  { access_log = [], access_log_path: path = "" }: Admin,
  sinks: AccessLogSinks,
): AdminObserver {
  const stats = new AdminStats(server.store.root);
  const configs = path === "" ? access_log : [...access_log, fileLog(path)];
  if (configs.length === 0) return stats;
  const core = new Core({ ledger: server.ledger.view });
  const log = new AdminAccessLog(createAccessLogs(configs, sinks), core, server.ownAddress);
  return {
    onOpen: () => stats.onOpen(),
    onClose: (lengthMs, bytesRead, bytesWritten) => stats.onClose(lengthMs, bytesRead, bytesWritten),
    onProtocolError: () => stats.onProtocolError(),
    onRequest: () => stats.onRequest(),
    onExchange: (exchange) => {
      stats.onExchange(exchange);
      log.write(exchange);
    },
  };
}

/** Lines go to the files at once: they are in the thread that owns them. */
function sinksOf(server: AdministeredServer): AccessLogSinks {
  const sinks: AccessLogSinks = new AccessLogSinks({
    timers: server.timers,
    readFile: (file) => readFileSync(file),
    post: (batch) => {
      server.files.write(batch);
      sinks.acknowledge(batch.bytes.length);
    },
  });
  return sinks;
}

/** The deprecated way to ask for an access log in the default format. */
function fileLog(path: string): AccessLogConfig {
  return {
    name: "envoy.access_loggers.file",
    typed_config: { "@type": "envoy.extensions.access_loggers.file.v3.FileAccessLog", path },
  };
}

/** No matchers: everything is allowed. */
function allowsOf(matchers: readonly StringMatcher[]): (path: string) => boolean {
  if (matchers.length === 0) return () => true;
  const predicates = matchers.map(compileStringPredicate);
  return (path) => predicates.some((matches) => matches(path));
}

function addressOfConfig(address: ConfigAddress): Address {
  const { socket_address: socket, pipe } = address;
  if (socket === undefined) return new PipeAddress(pipe?.path ?? "");
  return new IpAddress(socket.address.includes(":") ? 6 : 4, socket.address, socket.port_value ?? 0);
}

function adminContext(server: AdministeredServer): AdminContext {
  const { options } = server;
  return {
    stats: server.reader,
    logs: options.logs,
    get runtime() {
      return server.runtime;
    },
    statsTags: options.statsTags ?? [],
    async syncStats() {
      await server.supervisor.sync();
    },
    state: () => server.currentState,
    info: () => ({
      version: serverVersion(),
      uptimeSeconds: (performance.now() - server.startedMs) / 1000,
      hotRestartVersion: "disabled",
      commandLineOptions: options.commandLineOptions ?? {},
      node: nodeOf(server),
    }),
    listeners: () => server.listening.map(listenerOf),
    clusters: () =>
      server.directory.describe().map(({ config, hosts }) => ({
        name: config.name,
        observabilityName: config.alt_stat_name || config.name,
        addedViaApi: false,
        limits: [breakerLimits(config, "DEFAULT"), breakerLimits(config, "HIGH")],
        hosts,
      })),
    config: () => {
      const updatedMs = server.bootstrapWallMs;
      const { clusters = [], listeners = [] } = server.bootstrap.static_resources ?? {};
      return {
        bootstrap: { config: server.bootstrap, updatedMs },
        clusters: clusters.map((config) => ({ config, updatedMs })),
        listeners: listeners.map((config) => ({ config, updatedMs })),
        secrets: server.certificateSources.secrets
          .filter(({ reference }) => reference.path !== "")
          .map(({ loaded, updatedMs: since }) => ({ config: loaded.secret, updatedMs: since })),
      };
    },
    certificates: () => certificatesInForce(server.certificateSources),
    unready: () => {
      const waitsFor = { PRE_INITIALIZING: "clusters", INITIALIZING: "listeners", LIVE: null, DRAINING: null };
      const target = waitsFor[server.currentState];
      return target === null ? [] : [{ name: "init manager Server", targets: [target] }];
    },
    explain: (query) => server.supervisor.explain(query),
    drainListeners: ({ graceful, skipExit, inboundOnly }) => {
      if (skipExit) server.drainConnections();
      else server.drainListeners(inboundOnly, graceful);
    },
    setHealthCheckFailing: (isFailing) => server.failHealthChecks(isFailing),
    onRuntimeChange: (keys) => {
      countRuntimeLoad(server.store.root);
      for (const key of keys) {
        options.logs
          .logger("runtime")
          .warning(`${key} is set; nothing here reads the runtime yet, so that it changes nothing`);
      }
    },
    reopenLogs: () => {
      server.files.reopen();
      try {
        options.reopenLog?.();
      } catch (error) {
        options.logs.logger("admin").error(`the log file cannot be opened again: ${(error as Error).message}`);
      }
    },
    quit: () => {
      // The answer leaves first.
      setImmediate(() => (options.onQuit === undefined ? void server.stop() : options.onQuit()));
    },
  };
}

function listenerOf({ name, addresses }: ListenerDescription): AdminListener {
  const isShared = addresses.every(({ reusePort }) => reusePort);
  return {
    name,
    addresses: addresses.map(({ address }) => addressOf(address)),
    onlyWorker: isShared ? null : OWNING_WORKER,
  };
}

/** envoy.config.core.v3.Node, with the kind of sockets among the facts of the build. */
function nodeOf(server: AdministeredServer): object {
  const { options, bootstrap, supervisor } = server;
  const [major = 0, minor = 0, patch = 0] = VERSION.split(".").map(Number);
  const { metadata } = bootstrap.node ?? {};
  const zone = options.nodeZone === "" ? {} : { zone: options.nodeZone };
  const locality = { region: "", zone: "", sub_zone: "", ...bootstrap.node?.locality, ...zone };
  return {
    id: options.nodeId,
    cluster: options.nodeCluster,
    ...(metadata === undefined ? {} : { metadata }),
    ...(Object.values(locality).every((part) => part === "") ? {} : { locality }),
    user_agent_name: "nuncio",
    user_agent_build_version: {
      version: { major_number: major, minor_number: minor, patch },
      metadata: {
        ...buildFacts(),
        sockets: supervisor.netKind,
        node: process.version,
        "ssl.version": `OpenSSL ${process.versions.openssl}`,
      },
    },
    extensions: EXTENSIONS,
    client_features: [],
    listening_addresses: [],
    dynamic_parameters: {},
  };
}

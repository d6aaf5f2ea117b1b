/**
 * The library door: the same proxy inside a Node program.
 *
 *   const proxy = await createProxy({ configPath: "envoy.yaml", concurrency: 2 });
 *   ...
 *   await proxy.drain(5_000);
 *   await proxy.stop();
 */

import { availableParallelism } from "node:os";
import { formatReason } from "./access_log/format_reason.ts";
import { applicationLogFormat } from "./config/application_log.ts";
import { type BootstrapSource, decodeBootstrap, readConfigFile } from "./config/bootstrap.ts";
import { ConfigError, type ConfigIssue, formatIssue } from "./config/config_error.ts";
import type { Bootstrap } from "./config/types/bootstrap.ts";
import { describeListener } from "./listener/describe.ts";
import { DEFAULT_LOG_FORMAT } from "./log/format.ts";
import type { LogLevel } from "./log/level.ts";
import { FileSink, type LogSink, Logs, StderrSink } from "./log/logger.ts";
import { type NetChoice, reusePortGap } from "./net/choose_net.ts";
import { Server } from "./server.ts";
import type { Tag } from "./stats/tags.ts";
import { addressText } from "./upstream/host.ts";

export { ServerError } from "./server.ts";
export { ConfigError, type ConfigIssue };

/** A bootstrap: an object in the shape of Envoy's API (JSON names), or its text as YAML. */
export type Config = object | string;

export interface ProxyOptions {
  /** Exactly one of `config` and `configPath`, save that `configYaml` may stand alone. */
  readonly config?: Config | undefined;
  readonly configPath?: string | undefined;
  /** YAML that is merged over the config, as `--config-yaml`. */
  readonly configYaml?: string | undefined;
  /** Worker threads; as many as there are cores by default. */
  readonly concurrency?: number | undefined;
  /** Which sockets; `auto` by default. */
  readonly net?: NetChoice | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** Lines by component: `{ upstream: "debug" }`. */
  readonly componentLogLevels?: Readonly<Record<string, LogLevel>> | undefined;
  readonly logFormat?: string | undefined;
  readonly logPath?: string | undefined;
  readonly escapeLogNewlines?: boolean | undefined;
  /** Takes log lines instead of standard error. */
  readonly onLogLine?: ((line: string) => void) | undefined;
  readonly serviceNode?: string | undefined;
  readonly serviceCluster?: string | undefined;
  readonly serviceZone?: string | undefined;
  /** How long connections may go on when their listener or filter chain has left the config; 600 s by default. */
  readonly drainTimeMs?: number | undefined;
  readonly fileFlushIntervalMs?: number | undefined;
  readonly fileFlushMinBytes?: number | undefined;
  /** Added to every stat on the admin port. */
  readonly statsTags?: readonly Tag[] | undefined;
  /** What `/server_info` shows as command line options. */
  readonly commandLineOptions?: object | undefined;
  /** A file that gets the address of the admin port. */
  readonly adminAddressPath?: string | undefined;
  /** POST /quitquitquit on the admin port. */
  readonly onQuit?: (() => void) | undefined;
}

export interface ProxyListener {
  readonly name: string;
  /** `127.0.0.1:10000`, with the ports that were found where the config asked for port 0. */
  readonly addresses: readonly string[];
}

export interface ProxyStats {
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

export interface Proxy {
  readonly listeners: readonly ProxyListener[];
  /** Of all workers, as of now. */
  stats(): Promise<ProxyStats>;
  /**
   * Validates, then swaps listeners and clusters in; what is gone drains. Without an argument the file is read again.
   * Throws ConfigError (nothing changed) or ServerError (an address could not be bound).
   */
  reload(config?: Config): Promise<void>;
  /** Stops accepting and waits for the connections to end, `timeMs` at most; how many are left. */
  drain(timeMs: number): Promise<number>;
  /** Opens access logs and the log file again, after they were moved away. */
  reopenLogs(): void;
  /** Ends at once. */
  stop(): Promise<void>;
  /** What the proxy is made of: for the command line and tests of our own. */
  readonly server: Server;
}

/** A config that can be served, and what of it has no effect. */
interface DecodedBootstrap {
  readonly bootstrap: Bootstrap;
  readonly warnings: readonly ConfigIssue[];
}

const DRAIN_TIME_MS = 600_000;
const FILE_FLUSH_INTERVAL_MS = 10_000;
const FILE_FLUSH_MIN_BYTES = 64 * 1024;

/** Throws ConfigError with all that is wrong with a config, or ServerError when it cannot be served. */
export async function createProxy(options: ProxyOptions): Promise<Proxy> {
  const concurrency = options.concurrency ?? availableParallelism();
  const net = options.net ?? "auto";
  const served = async (config: Config | undefined): Promise<DecodedBootstrap> => {
    const from = await sources(options, config);
    const decoded = decode(from);
    if (concurrency > 1) checkSharedPorts(decoded.bootstrap, from[0]?.fileName ?? "config", reusePortGap(net));
    return decoded;
  };
  const { bootstrap, warnings } = await served(options.config);
  const logFormat = applicationLogFormat(bootstrap, options.logFormat);
  const sink = sinkOf(options);
  const logs = new Logs({
    sink,
    level: options.logLevel ?? "info",
    ...(logFormat === undefined ? {} : { format: logFormat }),
    escapeNewlines: options.escapeLogNewlines ?? false,
  });
  for (const logger of logs.all()) {
    const level = options.componentLogLevels?.[logger.name];
    if (level !== undefined) logger.level = level;
  }
  const log = logs.logger("config");
  for (const warning of warnings) log.warning(formatIssue(warning));
  const server = await Server.start({
    bootstrap,
    concurrency,
    net,
    logs,
    logFormat: logFormat ?? DEFAULT_LOG_FORMAT,
    escapeLogNewlines: options.escapeLogNewlines ?? false,
    onLogLine: (line) => sink.write(line),
    nodeId: options.serviceNode || bootstrap.node?.id || "",
    nodeCluster: options.serviceCluster || bootstrap.node?.cluster || "",
    nodeZone: options.serviceZone || bootstrap.node?.locality?.zone || "",
    statsTags: options.statsTags ?? [],
    commandLineOptions: options.commandLineOptions ?? {},
    adminAddressPath: options.adminAddressPath,
    ...(options.onQuit === undefined ? {} : { onQuit: options.onQuit }),
    ...(sink instanceof FileSink ? { reopenLog: () => sink.reopen() } : {}),
    drainTimeMs: options.drainTimeMs ?? DRAIN_TIME_MS,
    fileFlushIntervalMs: options.fileFlushIntervalMs ?? FILE_FLUSH_INTERVAL_MS,
    fileFlushMinBytes: options.fileFlushMinBytes ?? FILE_FLUSH_MIN_BYTES,
  });
  return {
    server,
    get listeners() {
      return server.listening.map(({ name, addresses }) => ({
        name,
        addresses: addresses.map(({ address }) => addressText(address)),
      }));
    },
    async stats() {
      await server.supervisor.sync();
      const { reader } = server;
      return {
        counters: Object.fromEntries(reader.counters().map(({ name, value }) => [name, value])),
        gauges: Object.fromEntries(reader.gauges().map(({ name, value }) => [name, value])),
      };
    },
    reload: async (config) => {
      const { bootstrap, warnings } = await served(config ?? options.config);
      for (const warning of warnings) log.warning(formatIssue(warning));
      await server.reload(bootstrap);
    },
    drain: (timeMs) => server.drain(timeMs),
    reopenLogs: () => {
      server.files.reopen();
      if (sink instanceof FileSink) sink.reopen();
    },
    stop: () => server.stop(),
  };
}

function decode(from: readonly BootstrapSource[]): DecodedBootstrap {
  const result = decodeBootstrap(from, { formatReason });
  if (!result.ok) throw new ConfigError(result.errors);
  return result;
}

/** Throws ConfigError when there are listeners that all workers shall bind and this Node cannot do that. @param gap why; empty: it can */
function checkSharedPorts(bootstrap: Bootstrap, file: string, gap: string): void {
  if (gap === "") return;
  const advice =
    "use Node 22.12 or newer, or `concurrency: 1`, or set `enable_reuse_port: false`, which leaves the listener to one worker";
  const issues = (bootstrap.static_resources?.listeners ?? []).flatMap((listener, i) => {
    const isShared = describeListener(listener).addresses.some(({ reusePort }) => reusePort);
    const path = `static_resources.listeners[${i}].enable_reuse_port`;
    const reason = `several workers cannot listen on the address of listener '${listener.name ?? ""}': ${gap}; ${advice}`;
    return isShared ? [{ file, line: 1, column: 1, path, reason }] : [];
  });
  if (issues.length > 0) throw new ConfigError(issues);
}

async function sources(options: ProxyOptions, config: Config | undefined): Promise<readonly BootstrapSource[]> {
  const list: BootstrapSource[] = [];
  if (typeof config === "string") list.push({ fileName: "config.yaml", text: config });
  else if (config !== undefined) list.push({ fileName: "config", value: config });
  else if (options.configPath !== undefined)
    list.push({ fileName: options.configPath, text: await readConfigFile(options.configPath) });
  if (options.configYaml !== undefined) list.push({ fileName: "config-yaml.yaml", text: options.configYaml });
  return list;
}

function sinkOf(options: ProxyOptions): LogSink {
  if (options.onLogLine !== undefined) return { write: options.onLogLine };
  return options.logPath === undefined ? new StderrSink() : new FileSink(options.logPath);
}

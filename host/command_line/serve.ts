/** Serving: a proxy from the settings, and the signals that it lives by. */

import { writeFileSync } from "node:fs";
import { ConfigError, createProxy, type Proxy as RunningProxy, ServerError } from "../index.ts";
import type { Logger } from "../log/logger.ts";
import { serverVersion } from "../server_version.ts";
import type { Settings } from "./settings.ts";

/** What the process that serves is told, whoever tells it: signals, or a test. */
export interface Signals {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface ServeParts {
  /** Served instead of a file. */
  readonly config?: object;
  /** `process`, but for a test. */
  readonly signals?: Signals;
  /** All listeners accept. */
  onServing?(proxy: RunningProxy): void;
}

/** @returns the exit code, once the proxy has ended (serve) or is up (init_only) */
export async function serve(settings: Settings, startLog: Logger, parts: ServeParts = {}): Promise<number> {
  const { signals = process } = parts;
  let log = startLog;
  const ended = Promise.withResolvers<number>();
  let proxy: RunningProxy | null = null;
  let isEnding = false;
  const end = (cause: string) => {
    log.warning(`caught ${cause}`);
    // Nothing in flight, or whoever asks twice does not want to wait.
    if (isEnding || proxy === null) return process.exit(0);
    isEnding = true;
    void drainAndStop(proxy, settings.drainTimeMs, log).then(() => ended.resolve(0), ended.reject);
  };
  signals.on("SIGTERM", () => end("SIGTERM"));
  signals.on("SIGINT", () => end("SIGINT"));
  signals.on("SIGHUP", () => void reload(proxy, settings, log));
  signals.on("SIGUSR1", () => reopenLogs(proxy, log));

  log.info(`initializing epoch 0 (base id=${settings.baseId}, version ${serverVersion()})`);
  writeBaseId(settings);
  try {
    proxy = await createProxy({
      ...settings,
      config: parts.config,
      onQuit: () => end("POST /quitquitquit"),
    });
    // From now on the proxy's own: its level can be changed while it serves, its file be opened again.
    log = proxy.server.options.logs.logger("main");
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof ServerError)) throw error;
    log.critical(`error initializing configuration '${settings.configPath ?? ""}'`);
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  for (const { name, addresses } of proxy.listeners) log.info(`listener '${name}' on ${addresses.join(", ")}`);
  if (settings.mode === "init_only") {
    await proxy.stop();
    return 0;
  }
  log.info("serving");
  parts.onServing?.(proxy);
  return ended.promise;
}

async function drainAndStop(proxy: RunningProxy, drainTimeMs: number, log: Logger): Promise<void> {
  log.info(`draining: connections get ${drainTimeMs / 1000} s to end`);
  const left = await proxy.drain(drainTimeMs);
  if (left > 0) log.warning(`the drain time is over: ${left} connections are cut`);
  await proxy.stop();
  log.info("exiting");
}

/** A file with a mistake changes nothing. */
async function reload(proxy: RunningProxy | null, settings: Settings, log: Logger): Promise<void> {
  if (proxy === null || settings.configPath === undefined) {
    log.warning("caught SIGHUP, but there is no file to load again");
    return;
  }
  try {
    await proxy.reload();
    log.info(`loaded '${settings.configPath}' again`);
  } catch (error) {
    if (error instanceof ConfigError) log.error(`the config stays as it was:\n${error.message}`);
    else if (error instanceof ServerError) log.error(`not all of '${settings.configPath}' is in force`);
    else throw error;
  }
}

function reopenLogs(proxy: RunningProxy | null, log: Logger): void {
  try {
    proxy?.reopenLogs();
    log.info("caught SIGUSR1: logs are opened again");
  } catch (error) {
    log.error(`the log file cannot be opened again: ${(error as Error).message}`);
  }
}

function writeBaseId({ baseId, baseIdPath }: Settings): void {
  if (baseIdPath !== undefined) writeFileSync(baseIdPath, String(baseId));
}

/** Values by flag -> what the program is to do, with Envoy's checks and its words where a value is none. */

import { availableParallelism } from "node:os";
import { type LogLevel, parseLoggerName, parseLogLevel } from "../log/level.ts";
import type { NetChoice } from "../net/choose_net.ts";
import type { Tag } from "../stats/tags.ts";
import { FLAGS, type Flag, type FlagName } from "./flags.ts";
import { optionsJson } from "./options_json.ts";
import type { Given } from "./parse.ts";

export type Mode = "serve" | "validate" | "init_only";

/** A value that is none: exit code 1 and one line. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

export interface Settings {
  readonly mode: Mode;
  readonly isQuickstart: boolean;
  readonly configPath: string | undefined;
  readonly configYaml: string | undefined;
  readonly filesFrom: string | undefined;
  readonly net: NetChoice;
  /** Absent: one worker for each core. */
  readonly concurrency: number | undefined;
  readonly logLevel: LogLevel;
  readonly componentLogLevels: Readonly<Record<string, LogLevel>>;
  readonly logFormat: string | undefined;
  readonly escapeLogNewlines: boolean;
  readonly logPath: string | undefined;
  readonly serviceNode: string;
  readonly serviceCluster: string;
  readonly serviceZone: string;
  readonly drainTimeMs: number;
  readonly fileFlushIntervalMs: number;
  readonly fileFlushMinBytes: number;
  readonly adminAddressPath: string | undefined;
  readonly baseId: number;
  readonly baseIdPath: string | undefined;
  readonly statsTags: readonly Tag[];
  /** For `/server_info`. */
  readonly commandLineOptions: object;
  /** `--flag has no effect: reason`, for the log. */
  readonly inert: readonly string[];
}

const MODES: readonly string[] = ["serve", "validate", "init_only"];
const NETS: readonly string[] = ["auto", "raw", "portable"];
const DRAIN_TIME_S = 600;
const FILE_FLUSH_INTERVAL_MS = 10_000;
const FILE_FLUSH_MIN_KB = 64;

/** Throws SettingsError. */
export function readSettings(given: Given): Settings {
  const text = (name: FlagName) => given.get(name)?.[0];
  const number = (name: FlagName, otherwise: number) => Number(text(name) ?? otherwise);
  const concurrency = text("concurrency");
  const ipVersion = text("local-address-ip-version") ?? "v4";
  if (ipVersion !== "v4" && ipVersion !== "v6") throw new SettingsError(`unknown IP address version '${ipVersion}'`);
  const strategy = text("drain-strategy") ?? "gradual";
  if (strategy !== "gradual" && strategy !== "immediate")
    throw new SettingsError(`unknown drain-strategy '${strategy}'`);
  const epoch = number("restart-epoch", 0);
  if (epoch > 0 && given.has("use-dynamic-base-id")) {
    throw new SettingsError(`cannot use --restart-epoch=${epoch} with --use-dynamic-base-id`);
  }
  const isQuickstart = given.has("quickstart") && !given.has("config-path") && !given.has("config-yaml");
  return {
    mode: oneOf(MODES, text("mode") ?? "serve", "unknown mode") as Mode,
    isQuickstart,
    configPath: text("config-path"),
    configYaml: text("config-yaml"),
    filesFrom: text("files-from"),
    net: oneOf(NETS, text("net") ?? "auto", "unknown kind of sockets") as NetChoice,
    // As Envoy: there always is a worker.
    concurrency: concurrency === undefined ? undefined : Math.max(1, Number(concurrency)),
    logLevel: level(text("log-level") ?? (isQuickstart ? "warning" : "info")),
    componentLogLevels: componentLevels(text("component-log-level") ?? ""),
    logFormat: text("log-format"),
    escapeLogNewlines: given.has("log-format-escaped"),
    logPath: text("log-path"),
    serviceNode: text("service-node") ?? "",
    serviceCluster: text("service-cluster") ?? "",
    serviceZone: text("service-zone") ?? "",
    drainTimeMs: number("drain-time-s", DRAIN_TIME_S) * 1000,
    fileFlushIntervalMs: number("file-flush-interval-msec", FILE_FLUSH_INTERVAL_MS),
    fileFlushMinBytes: number("file-flush-min-size-kb", FILE_FLUSH_MIN_KB) * 1024,
    adminAddressPath: text("admin-address-path"),
    baseId: given.has("use-dynamic-base-id") ? process.pid : number("base-id", 0),
    baseIdPath: text("base-id-path"),
    statsTags: (given.get("stats-tag") ?? []).map(statsTag),
    commandLineOptions: optionsJson(given, Math.max(1, Number(concurrency ?? availableParallelism()))),
    inert: (FLAGS as readonly Flag[]).flatMap(({ name, inert }) =>
      inert !== undefined && given.has(name as FlagName) ? [`--${name} has no effect: ${inert}`] : [],
    ),
  };
}

function oneOf(words: readonly string[], word: string, complaint: string): string {
  if (!words.includes(word)) throw new SettingsError(`${complaint} '${word}'`);
  return word;
}

function level(word: string): LogLevel {
  const known = parseLogLevel(word);
  if (known === null) throw new SettingsError(`invalid log level specified '${word}'`);
  return known;
}

function componentLevels(list: string): Record<string, LogLevel> {
  const levels: Record<string, LogLevel> = {};
  for (const pair of list.split(",")) {
    if (pair === "") continue;
    const [name, word, ...more] = pair.split(":");
    if (name === undefined || word === undefined || more.length > 0) {
      throw new SettingsError(`component log level not correctly specified '${pair}'`);
    }
    const known = level(word);
    if (parseLoggerName(name) === null) throw new SettingsError(`invalid component specified '${name}'`);
    levels[name] = known;
  }
  return levels;
}

function statsTag(tag: string): Tag {
  const at = tag.indexOf(":");
  const name = tag.slice(0, at);
  const value = tag.slice(at + 1);
  if (at < 1 || value === "" || value.includes(":")) throw new SettingsError(`misformatted stats-tag '${tag}'`);
  return { name, value };
}

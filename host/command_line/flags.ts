/**
 * The flags of the command line: Envoy's, in the order of its help, and below them our own. What a flag means stands here in
 * our words; what it does, in settings.ts. A flag that has no effect here says why: it is accepted, so that a command line
 * written for Envoy works, and one line of the log tells.
 */

export interface Flag {
  readonly name: string;
  /** One letter, for `-c`. */
  readonly short?: string;
  /** `switch` takes no value; `list` may be given several times; `number` is from 0 to 2^32 - 1. */
  readonly kind: "switch" | "text" | "number" | "list";
  readonly help: string;
  /** Why the flag changes nothing here; absent: it works. */
  readonly inert?: string;
  /** Not one of Envoy's. */
  readonly isOurs?: boolean;
}

const NO_HOT_RESTART = "hot restart is not supported yet";
const ALWAYS_STRICT = "fields that do not exist are always errors";
const NO_DYNAMIC_CONFIG = "there is no dynamic config yet";

export const FLAGS = [
  { name: "stats-tag", kind: "list", help: "NAME:VALUE, a tag that all stats carry" },
  { name: "enable-core-dump", kind: "switch", help: "let the kernel dump core", inert: "the shell's ulimit decides" },
  { name: "socket-mode", kind: "text", help: "permissions of the hot restart socket", inert: NO_HOT_RESTART },
  { name: "socket-path", kind: "text", help: "path of the hot restart socket", inert: NO_HOT_RESTART },
  {
    name: "disable-extensions",
    kind: "text",
    help: "extensions that no config may use, separated by commas",
    inert: "extensions cannot be disabled yet",
  },
  {
    name: "cpuset-threads",
    kind: "switch",
    help: "as many workers as the cpuset has cores",
    inert: "the number of workers follows the cores that the process may use in any case",
  },
  {
    name: "enable-mutex-tracing",
    kind: "switch",
    help: "trace contention of mutexes",
    inert: "there is no mutex to contend for",
  },
  { name: "disable-hot-restart", kind: "switch", help: "run without hot restart, as for now it does in any case" },
  {
    name: "mode",
    kind: "text",
    help: "serve (default); validate: check the config and leave; init_only: start, and leave once all is up",
  },
  {
    name: "parent-shutdown-time-s",
    kind: "number",
    help: "seconds until the parent is shut down",
    inert: NO_HOT_RESTART,
  },
  {
    name: "drain-strategy",
    kind: "text",
    help: "gradual (default) or immediate: how connections are ended during a drain",
    inert: "a drain ends idle connections at once and the others after their response",
  },
  { name: "drain-time-s", kind: "number", help: "seconds that connections get to end in a drain (default 600)" },
  {
    name: "file-flush-min-size-kb",
    kind: "number",
    help: "kilobytes of access log that are written at once (default 64)",
  },
  {
    name: "file-flush-interval-msec",
    kind: "number",
    help: "milliseconds until access logs are written (default 10000)",
  },
  { name: "service-zone", kind: "text", help: "zone of this node" },
  { name: "service-node", kind: "text", help: "id of this node" },
  { name: "service-cluster", kind: "text", help: "cluster of this node" },
  { name: "hot-restart-version", kind: "switch", help: "print the version of the hot restart protocol and leave" },
  { name: "restart-epoch", kind: "number", help: "how many hot restarts came before", inert: NO_HOT_RESTART },
  { name: "log-path", kind: "text", help: "file for the log, instead of standard error" },
  {
    name: "enable-fine-grain-logging",
    kind: "switch",
    help: "one log level for each source file",
    inert: "levels are set for each component",
  },
  { name: "log-format-escaped", kind: "switch", help: "write newlines in log messages as \\n" },
  { name: "log-format", kind: "text", help: "format of a log line, in spdlog's syntax" },
  { name: "component-log-level", kind: "text", help: "levels by component: upstream:debug,config:trace" },
  {
    name: "log-level",
    short: "l",
    kind: "text",
    help: "trace, debug, info (default), warning, error, critical or off",
  },
  {
    name: "local-address-ip-version",
    kind: "text",
    help: "v4 or v6: which address of this machine stands for it",
    inert: "the first IPv4 address stands for it",
  },
  { name: "admin-address-path", kind: "text", help: "file into which the address of the admin listener is written" },
  {
    name: "log-stacktrace-single-entry",
    kind: "switch",
    help: "one log entry for a whole stack trace",
    inert: "it always is one entry",
  },
  {
    name: "skip-deprecated-logs",
    kind: "switch",
    help: "no log lines about deprecated fields",
    inert: "none is written about them",
  },
  {
    name: "ignore-unknown-dynamic-fields",
    kind: "switch",
    help: "pass over unknown fields in dynamic config",
    inert: NO_DYNAMIC_CONFIG,
  },
  {
    name: "reject-unknown-dynamic-fields",
    kind: "switch",
    help: "refuse unknown fields in dynamic config",
    inert: NO_DYNAMIC_CONFIG,
  },
  {
    name: "allow-unknown-static-fields",
    kind: "switch",
    help: "pass over unknown fields in static config",
    inert: ALWAYS_STRICT,
  },
  {
    name: "allow-unknown-fields",
    kind: "switch",
    help: "the old name of --allow-unknown-static-fields",
    inert: ALWAYS_STRICT,
  },
  { name: "config-yaml", kind: "text", help: "config as text in YAML, merged over that of --config-path" },
  { name: "config-path", short: "c", kind: "text", help: "the config file" },
  { name: "concurrency", kind: "number", help: "worker threads (default: one for each core)" },
  { name: "base-id-path", kind: "text", help: "file into which the base id is written" },
  {
    name: "skip-hot-restart-parent-stats",
    kind: "switch",
    help: "do not take over the parent's stats",
    inert: NO_HOT_RESTART,
  },
  {
    name: "skip-hot-restart-on-no-parent",
    kind: "switch",
    help: "start although there is no parent",
    inert: NO_HOT_RESTART,
  },
  { name: "use-dynamic-base-id", kind: "switch", help: "choose a base id that nobody else has" },
  { name: "base-id", kind: "number", help: "tells several proxies on one machine apart (default 0)" },
  { name: "version", kind: "switch", help: "print the version and leave" },
  { name: "help", short: "h", kind: "switch", help: "print this and leave" },
  {
    name: "quickstart",
    kind: "switch",
    help: "without a config: serve a small built-in one, with two upstreams to try it on",
    isOurs: true,
  },
  {
    name: "files-from",
    kind: "text",
    help: "with --mode validate: check the files that LIST names, one a line, and answer each with a line of JSON",
    isOurs: true,
  },
  {
    name: "net",
    kind: "text",
    help: "sockets: raw (the runtime's own handles), portable (its public interface) or auto (default)",
    isOurs: true,
  },
] as const satisfies readonly Flag[];

export type FlagName = (typeof FLAGS)[number]["name"];

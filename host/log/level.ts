/** Log levels and the names of loggers, as in Envoy (`-l`, `--component-log-level`, POST /logging). */

/** In the order of their weight; a logger at a level writes that level and all after it, `off` writes nothing. */
export const LOG_LEVELS = ["trace", "debug", "info", "warning", "error", "critical", "off"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level of a word as users write it, `warn` included; null for what is none. */
export function parseLogLevel(word: string): LogLevel | null {
  const wanted = word === "warn" ? "warning" : word;
  return LOG_LEVELS.find((level) => level === wanted) ?? null;
}

/** All loggers of Envoy 1.40, in the order in which POST /logging shows them; those of rooms that we do not have yet are there to be set. */
export const LOGGER_NAMES = [
  "a2a",
  "admin",
  "ai_protocol_manager",
  "alternate_protocols_cache",
  "aws",
  "assert",
  "backtrace",
  "basic_auth",
  "cache_filter",
  "client",
  "config",
  "connection",
  "conn_handler",
  "compression",
  "credential_injector",
  "decompression",
  "dns",
  "dubbo",
  "envoy_bug",
  "ext_authz",
  "ext_proc",
  "rocketmq",
  "file",
  "filter",
  "forward_proxy",
  "geolocation",
  "grpc",
  "happy_eyeballs",
  "hc",
  "health_checker",
  "http",
  "http2",
  "hystrix",
  "init",
  "io",
  "jwt",
  "json_rpc",
  "kafka",
  "key_value_store",
  "lua",
  "local_rate_limit",
  "main",
  "matcher",
  "mcp",
  "misc",
  "mongo",
  "multi_connection",
  "notification",
  "oauth2",
  "quic",
  "quic_stream",
  "pool",
  "rate_limit_quota",
  "rbac",
  "rds",
  "redis",
  "router",
  "runtime",
  "stats",
  "secret",
  "sse",
  "tap",
  "testing",
  "thrift",
  "tracing",
  "upstream",
  "udp",
  "wasm",
  "websocket",
  "golang",
  "stats_sinks",
  "dynamic_modules",
  "ip_tagging",
] as const;
export type LoggerName = (typeof LOGGER_NAMES)[number];

/** The logger of a name, null when there is none. */
export function parseLoggerName(word: string): LoggerName | null {
  return LOGGER_NAMES.find((name) => name === word) ?? null;
}

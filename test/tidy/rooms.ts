/** Rooms of host/ from the top down: a file imports its own room and the rooms below. docs/architecture.md draws the same list. */
export const ROOMS: readonly string[] = [
  "main.ts",
  "command_line",
  "index.ts",
  "worker_thread.ts",
  "server", // server.ts and server_*.ts: the composition root is a few files beside each other.
  "workers",
  "admin",
  "control_plane",
  "xds",
  "explain",
  "listener",
  "client",
  "tcp", // Above http: the HTTP connection manager is a network filter.
  "http",
  "route",
  "upstream",
  "access_log",
  "tracing",
  "runtime",
  "stats",
  "codec",
  "stream_info",
  "net",
  "config",
  "log",
  "wasm",
];

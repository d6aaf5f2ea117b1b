/**
 * What the admin pages ask of the rest of the process. The server (host/server.ts) provides it; a test hands in a small one.
 * All of it lives on the main thread.
 */

import type { X509Certificate } from "node:crypto";
import type { Bootstrap } from "../config/types/bootstrap.ts";
import type { Cluster } from "../config/types/cluster.ts";
import type { Listener } from "../config/types/listener.ts";
import type { Secret } from "../config/types/tls.ts";
import type { ExplainQuery, Explanation } from "../explain/query.ts";
import type { Logs } from "../log/logger.ts";
import type { Address } from "../net/address.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { StatReader } from "../stats/reader.ts";
import type { Tag } from "../stats/tags.ts";
import type { BreakerLimits } from "../upstream/circuit_breakers.ts";
import type { HostDescription } from "../upstream/host.ts";

/** In Envoy's words; PRE_INITIALIZING waits for clusters, INITIALIZING for listeners. */
export type ServerState = "LIVE" | "DRAINING" | "PRE_INITIALIZING" | "INITIALIZING";

export interface ServerInfo {
  /** `SHA/1.40.0/Clean/RELEASE/BoringSSL`, or what we have in its place. */
  readonly version: string;
  readonly uptimeSeconds: number;
  /** `disabled`, or `11.104`. */
  readonly hotRestartVersion: string;
  /** envoy.admin.v3.CommandLineOptions as JSON, defaults included, in the order of its fields. */
  readonly commandLineOptions: object;
  /** envoy.config.core.v3.Node as JSON, with what we add to it. */
  readonly node: object;
}

export interface AdminListener {
  readonly name: string;
  /** As bound: with port 0 asked, the port that was given. */
  readonly addresses: readonly Address[];
  /** The worker that alone listens, where the address cannot be bound by all; null when all do. */
  readonly onlyWorker: number | null;
}

export interface AdminCluster {
  readonly name: string;
  /** `alt_stat_name`, or the name. */
  readonly observabilityName: string;
  readonly addedViaApi: boolean;
  /** Default and high priority. */
  readonly limits: readonly [BreakerLimits, BreakerLimits];
  readonly hosts: readonly HostDescription[];
}

/** A resource in force, with the time since which it is. */
export interface Loaded<T> {
  readonly config: T;
  /** Milliseconds since the epoch. */
  readonly updatedMs: number;
}

export interface ConfigInForce {
  readonly bootstrap: Loaded<Bootstrap>;
  readonly clusters: readonly Loaded<Cluster>[];
  readonly listeners: readonly Loaded<Listener>[];
  /** Those that come from files of their own. */
  readonly secrets: readonly Loaded<Secret>[];
}

export interface AdminCertificate {
  /** Where it comes from. */
  readonly path: string;
  readonly certificate: X509Certificate;
}

/** The certificates of one TLS context. */
export interface AdminCertificates {
  readonly authority: AdminCertificate | null;
  readonly chain: readonly AdminCertificate[];
  /** Why what its files say now is not in force; empty: it is. */
  readonly failures: readonly string[];
}

export interface DrainOptions {
  /** A drain period first; else the listeners close at once. */
  readonly graceful: boolean;
  /** Drain connections, but go on listening. */
  readonly skipExit: boolean;
  /** Only listeners of `traffic_direction: INBOUND`. */
  readonly inboundOnly: boolean;
}

export interface AdminContext {
  readonly stats: StatReader;
  readonly logs: Logs;
  readonly runtime: Runtime;
  /** `--stats-tag`. */
  readonly statsTags: readonly Tag[];
  /** Resolves when every living worker has told of all stats that it has; before that a page might miss some. */
  syncStats(): Promise<void>;
  state(): ServerState;
  info(): ServerInfo;
  listeners(): readonly AdminListener[];
  clusters(): readonly AdminCluster[];
  config(): ConfigInForce;
  /** Of each TLS context. */
  certificates(): readonly AdminCertificates[];
  /** What startup still waits for: the name of each group, and its targets. Empty when all is ready. */
  unready(): readonly { readonly name: string; readonly targets: readonly string[] }[];
  drainListeners(options: DrainOptions): void;
  /** Why a request went where it went, or would go; null: nobody knows it. */
  explain(query: ExplainQuery): Promise<Explanation | null>;
  /** POST /healthcheck/fail and ok. */
  setHealthCheckFailing(isFailing: boolean): void;
  /** Values of the runtime changed. */
  onRuntimeChange(keys: readonly string[]): void;
  reopenLogs(): void;
  /** Ends the process in order, after the answer has left. */
  quit(): void;
}

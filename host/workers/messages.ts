/** What main thread and workers say to each other. One union each way; everything in it can be cloned. */

import type { LogBatch } from "../access_log/sinks.ts";
import type { SecretValue } from "../config/secrets/load.ts";
import type { ExplainQuery, Explanation } from "../explain/query.ts";
import type { NodeInfo } from "../http/http_worker.ts";
import type { ListenerDescription } from "../listener/listener.ts";
import type { BoundListener } from "../listener/manager.ts";
import type { NetChoice } from "../net/choose_net.ts";
import type { OverloadState } from "../runtime/overload.ts";
import type { StatDefinition, StatRelease } from "../stats/scope.ts";
import type { ClusterDescription } from "../upstream/cluster.ts";
import type { HostDescription } from "../upstream/host.ts";
import type { LedgerShare } from "../wasm/ledger.ts";

/** All that a worker serves by. Immutable: a change is a new one. */
export interface Snapshot {
  readonly version: number;
  readonly clusters: readonly ClusterDescription[];
  readonly listeners: readonly ListenerDescription[];
  /** What their TLS refers to. */
  readonly secrets: readonly SecretValue[];
  /** The process was told to fail its health checks. */
  readonly isFailingHealth: boolean;
  /** What the overload manager has switched on. */
  readonly overload: OverloadState;
}

/** What a worker is born with. */
export interface WorkerBirth {
  /** From 0; its thread in the ledger is one more. */
  readonly index: number;
  /** Counts the workers that had this index before. */
  readonly life: number;
  readonly ledger: LedgerShare;
  readonly net: NetChoice;
  readonly node: NodeInfo;
  readonly seed: readonly [low: number, high: number];
  readonly log: {
    readonly levels: SharedArrayBuffer;
    readonly format: string;
    readonly escapeNewlines: boolean;
  };
  /** `--drain-time-s`. */
  readonly drainTimeMs: number;
  /** Room for compiled configs in core memory. */
  readonly configArenaBytes: number;
}

export type ToWorker =
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** DNS had news. */
  | { readonly type: "hosts"; readonly cluster: string; readonly hosts: readonly HostDescription[] }
  /** All secrets; some are others than before. */
  | { readonly type: "secrets"; readonly secrets: readonly SecretValue[] }
  /** What a release told of has been kept: its cells are the worker's again. */
  | { readonly type: "reclaimStats"; readonly id: number }
  /** Which of these cells may the worker still count in? Answered by `held`. */
  | { readonly type: "holding"; readonly id: number; readonly cells: readonly number[] }
  /** Answered by `synced` when all before it is done and told: stats, logs. */
  | { readonly type: "sync"; readonly id: number }
  /** Stop accepting; `inboundOnly` spares listeners of other directions. */
  | { readonly type: "stopListeners"; readonly inboundOnly: boolean }
  /** Idle connections are closed, and the others after the response under way. */
  | { readonly type: "drain" }
  | { readonly type: "failHealthChecks"; readonly isFailing: boolean }
  /** The overload manager switched something on or off. */
  | { readonly type: "overload"; readonly state: OverloadState }
  /** The main thread has taken over so many bytes of access logs. */
  | { readonly type: "acknowledge"; readonly bytes: number }
  | { readonly type: "explain"; readonly id: number; readonly query: ExplainQuery }
  /** A test's: the worker shall fail as if its own code were broken. */
  | { readonly type: "fault"; readonly how: "throw" | "trap" };

export type FromWorker =
  | { readonly type: "started"; readonly netKind: string; readonly fallbackReason: string }
  /** A snapshot is in force, or what of it could not be done. */
  | {
      readonly type: "applied";
      readonly version: number;
      readonly bound: readonly BoundListener[];
      /** Names of listeners that are as they were before, or not there. */
      readonly refused: readonly string[];
      readonly problems: readonly string[];
    }
  | { readonly type: "stat"; readonly definition: StatDefinition }
  | { readonly type: "statsReleased"; readonly release: StatRelease }
  | { readonly type: "held"; readonly id: number; readonly cells: readonly number[] }
  | { readonly type: "statsFull"; readonly name: string }
  | { readonly type: "log"; readonly line: string }
  | { readonly type: "accessLog"; readonly batch: LogBatch }
  | { readonly type: "synced"; readonly id: number; readonly activeConnections: number }
  | { readonly type: "explained"; readonly id: number; readonly explanation: Explanation | null }
  /** The worker must not go on; the main thread ends and replaces it. */
  | { readonly type: "fault"; readonly reason: string };

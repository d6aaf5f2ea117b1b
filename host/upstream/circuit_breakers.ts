/**
 * Circuit breakers of a cluster (config.cluster.v3.CircuitBreakers): five limits for each of two priorities of requests,
 * held over all threads.
 */

import type { Cluster, Thresholds } from "../config/types/cluster.ts";
import { type Ledger, type LedgerView, LIMIT_MAX, type Permits } from "../wasm/ledger.ts";

/** Index of a request's priority in `ClusterBreakers`. */
export const PRIORITY_DEFAULT = 0;
export const PRIORITY_HIGH = 1;

export interface BreakerLimits {
  readonly connections: number;
  readonly pending: number;
  readonly requests: number;
  readonly retries: number;
  readonly pools: number;
  /** Show `remaining_*` gauges. */
  readonly trackRemaining: boolean;
}

/** Addresses of the cells in the ledger; part of the snapshot. */
export interface BreakerCells {
  readonly connections: number;
  readonly pending: number;
  readonly requests: number;
  readonly retries: number;
  readonly pools: number;
}

/** The breakers of one priority as one thread takes their permits. */
export class CircuitBreakers {
  readonly connections: Permits;
  readonly pending: Permits;
  readonly requests: Permits;
  readonly retries: Permits;
  readonly pools: Permits;
  private readonly budget: RetryBudget | null;

  constructor(ledger: LedgerView, cells: BreakerCells, budget: RetryBudget | null = null) {
    this.budget = budget;
    this.connections = ledger.permits(cells.connections);
    this.pending = ledger.permits(cells.pending);
    this.requests = ledger.permits(cells.requests);
    this.retries = ledger.permits(cells.retries);
    this.pools = ledger.permits(cells.pools);
  }

  /** Takes a permit for a retry, by `max_retries` or by the budget. */
  acquireRetry(): boolean {
    const { budget, retries } = this;
    if (budget !== null) {
      const active = this.requests.used + this.pending.used;
      if (retries.used >= Math.max(Math.trunc((active * budget.percent) / 100), budget.minConcurrency)) return false;
    }
    return retries.acquire();
  }

  /** This thread holds none of their permits. */
  get isUnused(): boolean {
    return KINDS.every(([kind]) => this[kind].mine === 0);
  }

  /** The cells are given back: who still keeps the breakers takes permits without a limit. */
  retire(): void {
    for (const [kind] of KINDS) this[kind].retire();
  }
}

/** Retries as a share of what is active: in place of `max_retries` (config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget). */
export interface RetryBudget {
  /** Of the requests that are under way or wait. */
  readonly percent: number;
  /** So many retries at once are always in order. */
  readonly minConcurrency: number;
}

/** Null: the cluster has none for this priority. */
export function retryBudget(cluster: Cluster, priority: "DEFAULT" | "HIGH"): RetryBudget | null {
  const budget = thresholds(cluster, priority)?.retry_budget;
  if (budget === undefined) return null;
  return { percent: budget.budget_percent?.value ?? 20, minConcurrency: budget.min_retry_concurrency ?? 3 };
}

function thresholds(cluster: Cluster, priority: "DEFAULT" | "HIGH"): Thresholds | undefined {
  return cluster.circuit_breakers?.thresholds?.find((row) => (row.priority ?? "DEFAULT") === priority);
}

/** The limits of a cluster for a priority, with Envoy's defaults. */
export function breakerLimits(cluster: Cluster, priority: "DEFAULT" | "HIGH"): BreakerLimits {
  const set = thresholds(cluster, priority);
  return {
    connections: set?.max_connections ?? 1024,
    pending: set?.max_pending_requests ?? 1024,
    requests: set?.max_requests ?? 1024,
    retries: set?.retry_budget === undefined ? (set?.max_retries ?? 3) : LIMIT_MAX,
    pools: set?.max_connection_pools ?? LIMIT_MAX,
    trackRemaining: set?.track_remaining ?? false,
  };
}

/** The kinds of permits with the names that Envoy's gauges have: `cx_open`, `remaining_cx`, ... */
const KINDS = [
  ["connections", "cx"],
  ["pools", "cx_pools"],
  ["requests", "rq"],
  ["pending", "pending"],
  ["retries", "retries"],
] as const;
const OPEN_NAMES = { cx: "cx", cx_pools: "cx_pool", rq: "rq", pending: "rq_pending", retries: "rq_retry" } as const;

/** Takes cells for a priority; main thread. Null when the ledger has none left: the cluster cannot be added. */
export function allocateBreakers(ledger: Ledger, limits: BreakerLimits): BreakerCells | null {
  const cells = { connections: 0, pending: 0, requests: 0, retries: 0, pools: 0 };
  for (const [kind] of KINDS) {
    cells[kind] = ledger.allocateCell(limits[kind]);
    if (cells[kind] !== 0) continue;
    freeBreakers(ledger, cells);
    return null;
  }
  return cells;
}

/** The same cells with the limits of an updated cluster. */
export function limitBreakers(ledger: Ledger, cells: BreakerCells, limits: BreakerLimits): void {
  for (const [kind] of KINDS) ledger.setLimit(cells[kind], limits[kind]);
}

/** Gives the cells back, once no thread uses the cluster any more. */
export function freeBreakers(ledger: Ledger, cells: BreakerCells): void {
  for (const [kind] of KINDS) {
    // A cell in which somebody still counts is left alone: better lost than shared.
    if (cells[kind] !== 0 && ledger.used(cells[kind]) === 0) ledger.freeCell(cells[kind]);
  }
}

/**
 * Gauges of a priority as the main thread reads them off the ledger, by their names below
 * `cluster.<name>.circuit_breakers.<default|high>.`.
 */
export function breakerGauges(ledger: Ledger, cells: BreakerCells, trackRemaining: boolean): Map<string, number> {
  const gauges = new Map<string, number>();
  for (const [kind, name] of KINDS) {
    const used = ledger.used(cells[kind]);
    const limit = ledger.limit(cells[kind]);
    gauges.set(`${OPEN_NAMES[name]}_open`, used >= limit ? 1 : 0);
    if (trackRemaining) gauges.set(`remaining_${name}`, Math.max(0, limit - used));
  }
  return gauges;
}

import { describe, expect, it } from "vitest";
import {
  allocateBreakers,
  breakerGauges,
  breakerLimits,
  CircuitBreakers,
  freeBreakers,
  limitBreakers,
} from "../../../host/upstream/circuit_breakers.ts";
import { CELLS_MAX } from "../../../host/wasm/layout.gen.ts";
import { Ledger, LIMIT_MAX } from "../../../host/wasm/ledger.ts";

const cluster = {
  name: "a",
  circuit_breakers: {
    thresholds: [
      { max_connections: 1, track_remaining: true },
      { priority: "HIGH", max_retries: 0 },
    ],
  },
} as const;

describe("circuit breakers", () => {
  it("have Envoy's limits by default", () => {
    expect(breakerLimits({ name: "a" }, "HIGH")).toEqual({
      connections: 1024,
      pending: 1024,
      requests: 1024,
      retries: 3,
      pools: LIMIT_MAX,
      trackRemaining: false,
    });
    expect(breakerLimits(cluster, "DEFAULT").connections).toBe(1);
    expect(breakerLimits(cluster, "HIGH").retries).toBe(0);
  });

  it("open at their limit, and show it in Envoy's gauges", () => {
    const ledger = Ledger.create(1);
    const limits = breakerLimits(cluster, "DEFAULT");
    const cells = allocateBreakers(ledger, limits);
    if (cells === null) throw new Error("no cells");
    const breakers = new CircuitBreakers(ledger.view, cells);
    expect(breakers.connections.acquire()).toBe(true);
    expect(breakers.connections.acquire()).toBe(false);
    expect(breakers.retries.acquire()).toBe(true);
    expect(Object.fromEntries(breakerGauges(ledger, cells, limits.trackRemaining))).toEqual({
      cx_open: 1,
      remaining_cx: 0,
      cx_pool_open: 0,
      remaining_cx_pools: LIMIT_MAX,
      rq_open: 0,
      remaining_rq: 1024,
      rq_pending_open: 0,
      remaining_pending: 1024,
      rq_retry_open: 0,
      remaining_retries: 2,
    });
    expect([...breakerGauges(ledger, cells, false).keys()]).toHaveLength(5);
    limitBreakers(ledger, cells, { ...limits, connections: 2 });
    expect(breakers.connections.acquire()).toBe(true);
  });

  it("take all their cells or none", () => {
    const ledger = Ledger.create(1);
    const limits = breakerLimits(cluster, "DEFAULT");
    for (let i = 0; i < CELLS_MAX - 7; i++) ledger.allocateCell(1);
    const first = allocateBreakers(ledger, limits);
    expect(first).not.toBeNull();
    expect(allocateBreakers(ledger, limits)).toBeNull();
    if (first !== null) freeBreakers(ledger, first);
    expect(allocateBreakers(ledger, limits)).not.toBeNull();
  });
});

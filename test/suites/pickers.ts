// What every picker owes, whatever its policy: all of these run on each of them.

import { describe, expect, it } from "vitest";
import type { BalancingPolicy } from "../../host/upstream/load_balancer.ts";
import { ClusterBench, type HostWish } from "../support/cluster_bench.ts";

const hosts = (...names: string[]): HostWish[] => names.map((name) => ({ name }));

export function pickerSuite(name: string, policy: BalancingPolicy): void {
  describe(`picker ${name}`, () => {
    it("finds no host where there is none", () => {
      const bench = new ClusterBench(policy);
      expect(bench.picks(2)).toEqual(["-", "-"]);
      bench.update([]);
      expect(bench.picks(2)).toEqual(["-", "-"]);
    });

    it("always picks the only host", () => {
      const bench = new ClusterBench(policy);
      bench.update(hosts("a"));
      expect(bench.spread(10)).toEqual({ a: 10 });
    });

    it("gives equal hosts equal shares", () => {
      const bench = new ClusterBench(policy);
      bench.update(hosts("a", "b", "c"));
      const spread = bench.spread(3000);
      for (const host of ["a", "b", "c"]) expect(spread[host]).toBeGreaterThan(850);
    });

    it("leaves out unhealthy hosts", () => {
      const bench = new ClusterBench(policy);
      bench.update([...hosts("a", "b"), { name: "down", health: "unhealthy" }]);
      expect(bench.spread(300)["down"]).toBeUndefined();
      expect(bench.panics.value).toBe(0);
    });

    it("picks among all, and counts it, when fewer than half are healthy", () => {
      const bench = new ClusterBench(policy);
      bench.update([{ name: "a" }, { name: "b", health: "unhealthy" }, { name: "c", health: "unhealthy" }]);
      const spread = bench.spread(600);
      expect(Object.keys(spread).sort()).toEqual(["a", "b", "c"]);
      expect(bench.panics.value).toBe(600);
    });

    it("finds no host rather than an unhealthy one when panic is off", () => {
      const bench = new ClusterBench(policy);
      bench.update([{ name: "a", health: "unhealthy" }], { panicThreshold: 0 });
      expect(bench.picks(3)).toEqual(["-", "-", "-"]);
      expect(bench.panics.value).toBe(0);
    });

    it("fails over to the next priority, and spills to it in part", () => {
      const bench = new ClusterBench(policy);
      bench.update([
        { name: "a", health: "unhealthy" },
        { name: "b", priority: 1 },
      ]);
      expect(bench.spread(100)).toEqual({ b: 100 });
      // One of two is healthy: 50 % x 1.4 = 70 % stay, 30 % go on.
      bench.update([{ name: "a", health: "unhealthy" }, { name: "a2" }, { name: "b", priority: 1 }]);
      const spread = bench.spread(2000);
      expect(spread["a2"]).toBeGreaterThan(1300);
      expect(spread["b"]).toBeGreaterThan(500);
      expect(spread["a"]).toBeUndefined();
    });

    it("sends to degraded hosts what healthy ones cannot take", () => {
      const bench = new ClusterBench(policy);
      bench.update([{ name: "a" }, { name: "slow", health: "degraded" }]);
      const spread = bench.spread(2000);
      expect(spread["a"]).toBeGreaterThan(1300);
      expect(spread["slow"]).toBeGreaterThan(500);
    });

    it("follows updates between picks, keeps hosts that stay, and gives all memory back", () => {
      const bench = new ClusterBench(policy);
      bench.update(hosts("a", "b", "c"));
      const kept = bench.host("b");
      bench.picks(5);
      bench.update([{ name: "b", weight: 3 }, { name: "d" }]);
      expect(bench.host("b")).toBe(kept);
      expect(Object.keys(bench.spread(200)).sort()).toEqual(["b", "d"]);
      const once = bench.arena.used;
      for (let i = 0; i < 50; i++) bench.update([{ name: "b", weight: 3 }, { name: "d" }]);
      expect(bench.arena.used).toBe(once);
      bench.balancer.dispose();
      expect(bench.arena.used).toBe(0);
      expect(bench.picks(1)).toEqual(["-"]);
    });
  });
}

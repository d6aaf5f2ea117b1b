import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PriorityLoadOptions, type PriorityMembers, priorityLoads } from "../../../host/upstream/priority_load.ts";

const defaults: PriorityLoadOptions = {
  panicThreshold: 50,
  overprovisioningFactor: 140,
  weightedPriorityHealth: false,
};

/** A priority of so many hosts, each of weight 1. */
function members(total: number, healthy: number, degraded = 0): PriorityMembers {
  return { total, healthy, degraded, totalWeight: total, healthyWeight: healthy, degradedWeight: degraded };
}

const healthy = (rows: PriorityMembers[], options = defaults) =>
  priorityLoads(rows, options).map((row) => row.healthyLoad);

describe("priorityLoads", () => {
  // Envoy, "Priority levels": healthy percentages of each level, and the traffic that each gets.
  it.each([
    { percents: [100, 100], loads: [100, 0] },
    { percents: [72, 100], loads: [100, 0] },
    { percents: [71, 100], loads: [99, 1] },
    { percents: [50, 100], loads: [70, 30] },
    { percents: [25, 100], loads: [35, 65] },
    { percents: [0, 100], loads: [0, 100] },
    { percents: [100, 100, 100], loads: [100, 0, 0] },
    { percents: [72, 72, 100], loads: [100, 0, 0] },
    { percents: [71, 71, 100], loads: [99, 1, 0] },
    { percents: [50, 50, 100], loads: [70, 30, 0] },
    { percents: [25, 100, 100], loads: [35, 65, 0] },
    { percents: [25, 25, 100], loads: [35, 35, 30] },
  ])("sends traffic to levels with $percents % healthy hosts as $loads", ({ percents, loads }) => {
    expect(healthy(percents.map((percent) => members(100, percent)))).toEqual(loads);
  });

  it("scales up what all levels together cannot take, and gives the first what rounding leaves", () => {
    const levels = [25, 25, 20].map((percent) => members(100, percent));
    expect(healthy(levels, { ...defaults, panicThreshold: 0 })).toEqual([37, 35, 28]);
  });

  it("gives degraded hosts what healthy ones of all levels cannot take", () => {
    const loads = priorityLoads([members(100, 25, 75), members(100, 25, 0)], defaults);
    expect(loads).toEqual([
      { healthyLoad: 35, degradedLoad: 30, panic: false },
      { healthyLoad: 35, degradedLoad: 0, panic: false },
    ]);
  });

  it("panics only in levels below the threshold, and only when all together are short", () => {
    const loads = priorityLoads([members(10, 1), members(10, 5)], defaults);
    expect(loads.map((load) => load.panic)).toEqual([true, false]);
    expect(priorityLoads([members(10, 1), members(10, 10)], defaults).some((load) => load.panic)).toBe(false);
  });

  it("follows the number of hosts when every level panics", () => {
    const loads = priorityLoads([members(1, 0), members(3, 0)], defaults);
    expect(loads).toEqual([
      { healthyLoad: 25, degradedLoad: 0, panic: true },
      { healthyLoad: 75, degradedLoad: 0, panic: true },
    ]);
  });

  it("counts weights when the assignment says so", () => {
    const row = { total: 2, healthy: 1, degraded: 0, totalWeight: 10, healthyWeight: 1, degradedWeight: 0 };
    expect(healthy([row, members(1, 1)], { ...defaults, weightedPriorityHealth: true })).toEqual([14, 86]);
    expect(healthy([row, members(1, 1)])).toEqual([70, 30]);
  });

  it("always adds up to 100 and never gives a load to a level without hosts unless all are empty", () => {
    const level = fc
      .record({ total: fc.nat(20), healthy: fc.nat(20), degraded: fc.nat(20) })
      .map(({ total, healthy, degraded }) => {
        const fit = Math.min(healthy, total);
        return members(total, fit, Math.min(degraded, total - fit));
      });
    fc.assert(
      fc.property(
        fc.array(level, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0, 50, 100),
        fc.constantFrom(100, 140, 200),
        (levels, panicThreshold, overprovisioningFactor) => {
          const loads = priorityLoads(levels, { ...defaults, panicThreshold, overprovisioningFactor });
          expect(loads.reduce((sum, load) => sum + load.healthyLoad + load.degradedLoad, 0)).toBe(100);
          if (levels.every(({ total }) => total === 0)) return;
          if (panicThreshold === 0) return;
          for (const [index, { total }] of levels.entries()) {
            if (total === 0) expect(loads[index]).toMatchObject({ healthyLoad: 0, degradedLoad: 0 });
          }
        },
      ),
    );
  });
});

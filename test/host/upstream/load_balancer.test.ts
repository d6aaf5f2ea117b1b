import { describe, expect, it } from "vitest";
import { balancingPolicy } from "../../../host/upstream/load_balancer.ts";
import {
  POLICY_LEAST_REQUEST,
  POLICY_LEAST_REQUEST_FULL_SCAN,
  POLICY_RANDOM,
  POLICY_ROUND_ROBIN,
} from "../../../host/wasm/layout.gen.ts";
import { pickerSuite } from "../../suites/pickers.ts";
import { ClusterBench } from "../../support/cluster_bench.ts";

const roundRobin = { policy: POLICY_ROUND_ROBIN, choiceCount: 0, activeRequestBias: 0 };
const leastRequest = { policy: POLICY_LEAST_REQUEST, choiceCount: 2, activeRequestBias: 1 };
const fullScan = { policy: POLICY_LEAST_REQUEST_FULL_SCAN, choiceCount: 0, activeRequestBias: 0 };
const random = { policy: POLICY_RANDOM, choiceCount: 0, activeRequestBias: 0 };

pickerSuite("round_robin", roundRobin);
pickerSuite("least_request", leastRequest);
pickerSuite("least_request with full scan", fullScan);
pickerSuite("random", random);

/** Envoy's schedule, from an empty queue: the order of picks. */
function edfModel(weights: Record<string, number>, picks: number): string[] {
  let order = 0;
  const queue = Object.entries(weights).map(([name, weight]) => ({ name, deadline: 1 / weight, order: order++ }));
  return Array.from({ length: picks }, () => {
    queue.sort((a, b) => a.deadline - b.deadline || a.order - b.order);
    const first = queue[0] as (typeof queue)[number];
    first.deadline += 1 / (weights[first.name] as number);
    first.order = order++;
    return first.name;
  });
}

describe("round_robin", () => {
  it("goes round, from a start that the seed decides", () => {
    const starts = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const bench = new ClusterBench(roundRobin, seed);
      bench.update([{ name: "a" }, { name: "b" }, { name: "c" }]);
      const picks = bench.picks(9).join("");
      expect("abcabcabcabc").toContain(picks);
      starts.add(picks.slice(0, 1));
    }
    expect([...starts].sort()).toEqual(["a", "b", "c"]);
  });

  it("goes on where it stood when hosts change", () => {
    const bench = new ClusterBench(roundRobin);
    bench.update([{ name: "a" }, { name: "b" }]);
    const last = bench.picks(3).at(-1);
    bench.update([{ name: "a" }, { name: "b" }]);
    expect(bench.picks(1)[0]).not.toBe(last);
  });

  it("honours weights exactly over each full round, mixed as Envoy's schedule mixes them", () => {
    const weights = { a: 1, b: 2, c: 3, d: 10 };
    const round = 16;
    const bench = new ClusterBench(roundRobin, 7);
    bench.update(Object.entries(weights).map(([name, weight]) => ({ name, weight })));
    expect(bench.spread(round * 5)).toEqual({ a: 5, b: 10, c: 15, d: 50 });
    // The schedule starts somewhere: a window of the model's order must be what was picked.
    const picks = bench.picks(round * 2);
    const model = edfModel(weights, round * 4);
    const windows = Array.from({ length: round }, (_, at) => model.slice(at, at + picks.length).join(""));
    const sorted = (text: string) => [...text].sort().join("");
    expect(windows.map(sorted)).toContain(sorted(picks.join("")));
    // No host waits longer than its share of the round, plus one turn of the others.
    for (const [name, weight] of Object.entries(weights)) {
      const gaps = picks.join("").split(name).slice(1, -1);
      for (const gap of gaps) expect(gap.length).toBeLessThanOrEqual(Math.ceil(round / weight) + 3);
    }
  });

  it("starts weighted schedules at different places", () => {
    const starts = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const bench = new ClusterBench(roundRobin, seed);
      bench.update([{ name: "a" }, { name: "b", weight: 2 }, { name: "c", weight: 3 }]);
      starts.add(bench.picks(6).join(""));
    }
    expect(starts.size).toBeGreaterThan(3);
  });

  it("weighs fairly among a thousand hosts", () => {
    const bench = new ClusterBench(roundRobin, 3);
    bench.update(Array.from({ length: 1000 }, (_, i) => ({ name: `h${i}`, weight: 1 + (i % 4) })));
    const spread = bench.spread(2500 * 4);
    for (let i = 0; i < 1000; i++) {
      const wanted = 4 * (1 + (i % 4));
      expect(Math.abs((spread[`h${i}`] ?? 0) - wanted)).toBeLessThanOrEqual(1);
    }
  });
});

describe("least_request", () => {
  it("prefers the host with fewer active requests", () => {
    const bench = new ClusterBench(leastRequest);
    bench.update([{ name: "busy" }, { name: "idle" }]);
    for (let i = 0; i < 5; i++) bench.host("busy").enter();
    // Both draws hit the busy one in a quarter of the cases.
    const spread = bench.spread(2000);
    expect(spread["busy"]).toBeGreaterThan(380);
    expect(spread["busy"]).toBeLessThan(620);
    for (let i = 0; i < 5; i++) bench.host("busy").leave();
    expect(bench.spread(2000)["busy"]).toBeGreaterThan(850);
  });

  it("never takes a busier host when all are compared, and shares ties evenly", () => {
    const bench = new ClusterBench(fullScan);
    bench.update([{ name: "busy" }, { name: "a" }, { name: "b" }, { name: "c" }]);
    bench.host("busy").enter();
    const spread = bench.spread(3000);
    expect(spread["busy"]).toBeUndefined();
    for (const name of ["a", "b", "c"]) expect(spread[name]).toBeGreaterThan(850);
  });

  it("divides weights by the requests that are active", () => {
    const bench = new ClusterBench(leastRequest);
    bench.update([{ name: "small" }, { name: "large", weight: 4 }]);
    expect(bench.spread(500)).toEqual({ small: 100, large: 400 });
    for (let i = 0; i < 3; i++) bench.host("large").enter();
    // 4 / (3 + 1) = 1: as much as the small one.
    bench.picks(10);
    expect(bench.spread(500)["large"]).toBeLessThanOrEqual(255);
  });

  it("weighs active requests as much as the bias says", () => {
    const shares = [0, 0.5, 1, 2].map((activeRequestBias) => {
      const bench = new ClusterBench({ ...leastRequest, activeRequestBias });
      bench.update([{ name: "small" }, { name: "large", weight: 4 }]);
      for (let i = 0; i < 3; i++) bench.host("large").enter();
      bench.picks(20);
      return Math.round((bench.spread(1000)["large"] ?? 0) / 100);
    });
    // 4 : 1, 4 / 4^0.5 = 2 : 1, 4 / 4 = 1 : 1, 4 / 16 = 1 : 4.
    expect(shares).toEqual([8, 7, 5, 2]);
  });
});

describe("random", () => {
  it("does not look at weights, as in Envoy", () => {
    const bench = new ClusterBench(random);
    bench.update([{ name: "a" }, { name: "b", weight: 100 }]);
    expect(bench.spread(2000)["a"]).toBeGreaterThan(850);
  });
});

describe("balancingPolicy", () => {
  it("reads the old field and the extension", () => {
    expect(balancingPolicy({ name: "a" })).toEqual(roundRobin);
    expect(balancingPolicy({ name: "a", lb_policy: "LEAST_REQUEST" })).toEqual(leastRequest);
    expect(
      balancingPolicy({ name: "a", lb_policy: "LEAST_REQUEST", least_request_lb_config: { choice_count: 5 } }),
    ).toEqual({ policy: POLICY_LEAST_REQUEST, choiceCount: 5, activeRequestBias: 1 });
    expect(balancingPolicy({ name: "a", lb_policy: "RANDOM" })).toEqual(random);
    expect(
      balancingPolicy({
        name: "a",
        load_balancing_policy: {
          policies: [
            {
              typed_extension_config: {
                name: "envoy.load_balancing_policies.least_request",
                typed_config: {
                  "@type": "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
                  selection_method: "FULL_SCAN",
                },
              },
            },
          ],
        },
      }).policy,
    ).toBe(POLICY_LEAST_REQUEST_FULL_SCAN);
  });
});

import { describe, expect, it } from "vitest";
import type { ClusterLoadAssignment } from "../../../host/config/types/endpoint.ts";
import { StatStore } from "../../../host/stats/scope.ts";
import { addressText, type Host, type HostDescription, healthFlags, healthOf } from "../../../host/upstream/host.ts";
import { countMembership, draftHosts, HostSet, keyHosts } from "../../../host/upstream/host_set.ts";
import { Ledger, LIMIT_MAX } from "../../../host/wasm/ledger.ts";

const endpoint = (address: string, port_value: number) => ({ address: { socket_address: { address, port_value } } });

const assignment: ClusterLoadAssignment = {
  cluster_name: "a",
  endpoints: [
    {
      locality: { zone: "z" },
      lb_endpoints: [
        { endpoint: endpoint("127.0.0.1", 80), load_balancing_weight: 3 },
        { endpoint: { ...endpoint("0:0::1", 80), hostname: "six" }, health_status: "DEGRADED" },
        { endpoint: { address: { pipe: { path: "@abstract" } } } },
      ],
    },
    {
      priority: 1,
      lb_endpoints: [
        { endpoint: endpoint("name.example", 81), health_status: "DRAINING" },
        { endpoint: endpoint("127.0.0.1", 80) },
        { endpoint: endpoint("127.0.0.1", 80) },
      ],
    },
  ],
};

describe("draftHosts", () => {
  it("reads an assignment, with Envoy's defaults, and replaces names by their addresses", () => {
    const asked: string[] = [];
    const drafts = draftHosts(assignment, (name, port) => {
      asked.push(`${name}:${port}`);
      return [
        { version: 4, ip: "10.0.0.1", port },
        { version: 4, ip: "10.0.0.2", port },
      ];
    });
    expect(asked).toEqual(["name.example:81"]);
    expect(drafts.map((draft) => [addressText(draft.address), draft.hostname, draft.weight, draft.priority])).toEqual([
      ["127.0.0.1:80", "", 3, 0],
      ["[::1]:80", "six", 1, 0],
      ["@abstract", "", 1, 0],
      ["10.0.0.1:81", "name.example", 1, 1],
      ["10.0.0.2:81", "name.example", 1, 1],
      ["127.0.0.1:80", "", 1, 1],
      ["127.0.0.1:80", "", 1, 1],
    ]);
    expect(drafts[0]?.locality).toEqual({ zone: "z" });
    expect(countMembership(drafts)).toEqual({ total: 7, healthy: 4, degraded: 1 });
    const keys = keyHosts(drafts).map(({ key }) => key);
    expect(new Set(keys).size).toBe(7);
    expect(keys[0]).toBe("127.0.0.1:80|0");
  });

  it("gives no host for no assignment, and none for a name without addresses", () => {
    expect(draftHosts(undefined, () => [])).toEqual([]);
    expect(draftHosts(assignment, () => [])).toHaveLength(5);
  });
});

describe("health", () => {
  it.each([
    ["UNKNOWN", "healthy", "healthy"],
    ["HEALTHY", "healthy", "healthy"],
    ["DEGRADED", "degraded", "/degraded_eds_health"],
    ["UNHEALTHY", "unhealthy", "/failed_eds_health"],
    ["TIMEOUT", "unhealthy", "/failed_eds_health"],
    ["DRAINING", "unhealthy", "/eds_status_draining"],
  ] as const)("of %s is %s", (status, health, flags) => {
    expect(healthOf(status)).toBe(health);
    expect(healthFlags(status)).toBe(flags);
  });
});

describe("HostSet", () => {
  const ledger = Ledger.create(1);
  const store = new StatStore(ledger.view, {
    onDefine: () => undefined,
    onRelease: () => undefined,
    onFull: () => undefined,
  });
  const describe_ = (key: string, weight = 1): HostDescription => ({
    key,
    address: { path: `/${key}` },
    hostname: "",
    weight,
    priority: 0,
    healthStatus: "UNKNOWN",
    locality: {},
    activeCell: ledger.allocateCell(LIMIT_MAX),
  });

  it("keeps a host by its key, tells what came and went, and keeps the order of the snapshot", () => {
    const set = new HostSet(ledger.view, store.root.scope("cluster.a"));
    const [a, b, c] = [describe_("a"), describe_("b"), describe_("c")];
    set.update([a, b]);
    const [first] = set.hosts;
    const { added, removed } = set.update([c, { ...a, weight: 9 }]);
    expect(added.map(({ key }) => key)).toEqual(["c"]);
    expect(removed.map(({ key }) => key)).toEqual(["b"]);
    expect(set.hosts.map(({ key }) => key)).toEqual(["c", "a"]);
    expect(set.hosts[1]).toBe(first);
    expect(first?.weight).toBe(9);
  });

  it("changes nothing when whoever sees the new list cannot use it", () => {
    const set = new HostSet(ledger.view, store.root.scope("cluster.a"));
    const [e, f] = [describe_("e"), describe_("f")];
    set.update([e]);
    const before = set.hosts;
    const heavy = { ...e, weight: 5 };
    const seen: number[] = [];
    const refuse = (hosts: readonly Host[]) => {
      for (const { weight } of hosts) seen.push(weight);
      throw new Error("no room");
    };
    expect(() => set.update([heavy, f], refuse)).toThrow("no room");
    expect(seen).toEqual([5, 1]);
    expect(set.hosts).toBe(before);
    expect(set.hosts[0]?.weight).toBe(1);
    // And the same can be tried again.
    expect(set.update([heavy, f]).added.map(({ key }) => key)).toEqual(["f"]);
    expect(set.hosts[0]?.weight).toBe(5);
  });

  it("keeps a logical host and its numbers where its name has moved", () => {
    const set = new HostSet(ledger.view, store.root.scope("cluster.b"));
    const at = (ip: string): HostDescription => ({
      ...describe_("name"),
      address: { version: 4, ip, port: 80 },
      logicalName: "name.test:80",
    });
    set.update([at("10.0.0.1")]);
    const [host] = set.hosts;
    host?.stats.rqTotal.inc();
    expect(set.update([at("10.0.0.2")])).toEqual({ added: [], removed: [] });
    expect(set.hosts[0]).toBe(host);
    expect([host?.addressText, host?.address.text]).toEqual(["10.0.0.2:80", "10.0.0.2:80"]);
    expect(store.root.scope("cluster.b").ofHosts().scope("name.test:80").counter("rq_total").value).toBe(1);
  });

  it("counts in a host's new cell only when nothing is active in the old one", () => {
    const set = new HostSet(ledger.view, store.root.scope("cluster.a"));
    const [first, second] = [describe_("g"), describe_("g")];
    set.update([first]);
    const [host] = set.hosts;
    host?.enter();
    set.update([second]);
    expect(host?.activeCell).toBe(first.activeCell);
    host?.leave();
    set.update([second]);
    host?.enter();
    expect([host?.activeCell, ledger.used(first.activeCell)]).toEqual([second.activeCell, 0]);
    expect(ledger.used(second.activeCell)).toBe(1);
    host?.leave();
  });

  it("counts active requests over all threads", () => {
    const set = new HostSet(ledger.view, store.root.scope("cluster.a"));
    const description = describe_("d");
    set.update([description]);
    set.hosts[0]?.enter();
    expect(ledger.used(description.activeCell)).toBe(1);
    set.hosts[0]?.leave();
    expect(ledger.used(description.activeCell)).toBe(0);
  });
});

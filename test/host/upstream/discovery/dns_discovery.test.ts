// Hosts that are names: what a name server's changing answers make of a cluster.

import { afterEach, beforeEach, expect, it } from "vitest";
import type { Cluster } from "../../../../host/config/types/cluster.ts";
import { StatStore } from "../../../../host/stats/scope.ts";
import { DnsDiscovery } from "../../../../host/upstream/discovery/dns_discovery.ts";
import { type HostDraft, keyHosts } from "../../../../host/upstream/host_set.ts";
import { Ledger } from "../../../../host/wasm/ledger.ts";
import { DnsServer } from "../../../support/dns_server.ts";

let server: DnsServer;
let discovery: DnsDiscovery;
let told: ((hosts: readonly HostDraft[]) => void) | null;

beforeEach(async () => {
  server = await DnsServer.start();
  told = null;
});
afterEach(async () => {
  discovery.stop();
  await server.stop();
});

/** A cluster of one name at port 80, looked up every 20 ms. */
function discover(isLogical = false, more: Partial<Cluster> = {}) {
  const [address = "", port = "0"] = server.address.split(":");
  const cluster = {
    name: "c",
    dns_refresh_rate: 20,
    dns_lookup_family: "V4_ONLY",
    dns_resolvers: [{ socket_address: { address, port_value: Number(port) } }],
    load_assignment: {
      cluster_name: "c",
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "name.test.", port_value: 80 } } } }] },
      ],
    },
    ...more,
  } as Cluster;
  const store = new StatStore(Ledger.create(1).view, {
    onDefine: () => undefined,
    onRelease: () => undefined,
    onFull: () => undefined,
  });
  const scope = store.root.scope("cluster.c");
  discovery = new DnsDiscovery(cluster, isLogical, scope, (hosts) => told?.(hosts));
  return (name: string) => scope.counter(name).value;
}

const ips = (hosts: readonly HostDraft[]) => hosts.map(({ address }) => ("ip" in address ? address.ip : "")).sort();
const answer = (...addresses: string[]) => {
  for (const name of ["name.test", "name.test."])
    server.names.set(
      name,
      addresses.map((ip) => ({ ip, ttlSeconds: 60 })),
    );
};
const next = () => new Promise<string[]>((resolve) => (told = (hosts) => resolve(ips(hosts))));
/** So many further questions have reached the server. */
async function asked(times: number): Promise<void> {
  const wanted = server.questions.length + times;
  while (server.questions.length < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
}

it("STRICT_DNS takes every address, and follows the answers", async () => {
  answer("10.0.0.1", "10.0.0.2");
  const stat = discover();
  await discovery.start();
  expect(ips(discovery.hosts)).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(discovery.hosts[0]?.hostname).toBe("name.test.");
  answer("10.0.0.2", "10.0.0.3");
  expect(await next()).toEqual(["10.0.0.2", "10.0.0.3"]);
  answer();
  expect(await next()).toEqual([]);
  expect(stat("update_empty")).toBeGreaterThan(0);
});

it("LOGICAL_DNS is one host", async () => {
  answer("10.0.0.1", "10.0.0.2");
  discover(true);
  await discovery.start();
  expect(discovery.hosts).toHaveLength(1);
});

it("LOGICAL_DNS is at the first address of the latest answer, the same host wherever that is", async () => {
  answer("10.0.0.1", "10.0.0.2");
  const stat = discover(true);
  await discovery.start();
  const [before] = keyHosts(discovery.hosts);
  expect(ips(discovery.hosts)).toEqual(["10.0.0.1"]);
  answer("10.0.0.2", "10.0.0.1");
  expect(await next()).toEqual(["10.0.0.2"]);
  const [after] = keyHosts(discovery.hosts);
  expect(after?.key).toBe(before?.key);
  // What follows the first address does not matter.
  const before2 = stat("update_no_rebuild");
  let times = 0;
  told = () => times++;
  answer("10.0.0.2", "10.0.0.3");
  await asked(3);
  expect(times).toBe(0);
  expect(stat("update_no_rebuild")).toBeGreaterThan(before2);
});

it("STRICT_DNS is not bothered by another order", async () => {
  answer("10.0.0.1", "10.0.0.2");
  discover();
  await discovery.start();
  let times = 0;
  told = () => times++;
  answer("10.0.0.2", "10.0.0.1");
  await asked(3);
  expect(times).toBe(0);
});

it("keeps what it has while the server fails, and asks again", async () => {
  answer("10.0.0.1");
  const stat = discover();
  await discovery.start();
  for (const name of ["name.test", "name.test."]) server.names.set(name, "SERVFAIL");
  await asked(6);
  expect(stat("update_failure")).toBeGreaterThan(0);
  expect(ips(discovery.hosts)).toEqual(["10.0.0.1"]);
  answer("10.0.0.9");
  expect(await next()).toEqual(["10.0.0.9"]);
});

it("does not bother anybody with an answer that says the same", async () => {
  answer("10.0.0.1");
  const stat = discover();
  await discovery.start();
  let times = 0;
  told = () => times++;
  await asked(3);
  expect(times).toBe(0);
  expect(stat("update_no_rebuild")).toBeGreaterThan(0);
});

// Clusters that change under a running worker.

import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { ConfigArenaFull } from "../../../host/wasm/config_arena.ts";
import { assignment, httpConfig, route, tcpConfig } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
const config = (port: number, more: object = {}) =>
  httpConfig({ routes: [route("/", "u")], clusters: { u: { load_assignment: assignment("u", [port]), ...more } } });

async function start() {
  const proxy = await SimulatedProxy.start(config(9001), { networkFilters });
  const ends: FarEnd[] = [];
  for (const port of [9001, 9002]) await proxy.upstream(port, (end) => void ends.push(end));
  return { proxy, ends };
}

it("replaces a cluster: what is in flight ends on the old one, the next request takes the new one", async () => {
  const { proxy, ends } = await start();
  const client = proxy.request(GET);
  await proxy.apply(config(9002));
  ends[0]?.send(OK);
  proxy.settle();
  expect(client.status).toBe(200);
  expect(ends[0]?.isClosed).toBe(true);
  client.send(GET);
  proxy.settle();
  expect(ends[1]?.socket.local.text).toBe("127.0.0.1:9002");
  ends[1]?.send(OK);
  proxy.settle();
  expect(client.messages).toHaveLength(2);
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

it("keeps the old cluster, and the worker, when the arena has no room for the new one", async () => {
  const { proxy, ends } = await start();
  const { arena } = proxy.runtime;
  for (let bytes = 2 ** 25; bytes >= 16; ) {
    try {
      arena.allocate(bytes);
    } catch {
      bytes /= 2;
    }
  }
  expect(await proxy.apply(config(9002))).toEqual([expect.stringContaining("error adding cluster 'u'")]);
  const client = proxy.request(GET);
  expect(ends[0]?.socket.local.text).toBe("127.0.0.1:9001");
  ends[0]?.send(OK);
  proxy.settle();
  expect(client.status).toBe(200);
});

/** Listeners as they are, without the cluster. */
const without = () => httpConfig({ routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }] });
const statsOf = (proxy: SimulatedProxy, prefix: string) =>
  [...proxy.reader.counters(), ...proxy.reader.gauges(), ...proxy.reader.histograms()].filter(({ name }) =>
    name.startsWith(prefix),
  ).length;
/** More than a cluster stays for requests of old connections, and a sweep. */
const LEFT_MS = 5_000;

it("keeps the stats and cells of a cluster that is gone while a request is on it, and gives them back then", async () => {
  const { proxy, ends } = await start();
  const client = proxy.request(GET);
  const cells = proxy.directory.describe().flatMap(({ breakers }) => Object.values(breakers[0]));
  expect(await proxy.apply(without())).toEqual([]);
  proxy.advance(LEFT_MS);
  await proxy.directory.retiredCells.collect();
  expect(proxy.stat("cluster.u.upstream_rq_active")).toBe(1);
  expect(proxy.reader.value("cluster.u.127.0.0.1_9001.rq_active", "host")).toBe(1);
  // Ten of the breakers, one of the host.
  expect(proxy.directory.retiredCells.size).toBe(11);
  ends[0]?.send(OK);
  proxy.settle();
  expect(client.status).toBe(200);
  expect(proxy.stat("cluster.u.upstream_rq_200")).toBe(1);
  proxy.advance(LEFT_MS);
  expect(statsOf(proxy, "cluster.u.")).toBe(0);
  await proxy.directory.retiredCells.collect();
  expect(proxy.directory.retiredCells.size).toBe(0);
  const again = Array.from({ length: 11 }, () => proxy.ledger.allocateCell(1));
  expect(again).toEqual(expect.arrayContaining(cells));
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

it("counts on under the same name when a cluster is replaced", async () => {
  const { proxy, ends } = await start();
  proxy.request(GET);
  ends[0]?.send(OK);
  proxy.settle();
  await proxy.apply(config(9002));
  proxy.advance(LEFT_MS);
  proxy.request(GET);
  ends[1]?.send(OK);
  proxy.settle();
  expect(proxy.stat("cluster.u.upstream_rq_200")).toBe(2);
  expect(proxy.stat("cluster.u.membership_total")).toBe(1);
  expect(proxy.stat("cluster.u.default.total_match_count")).toBeGreaterThan(0);
  // The values of hosts are those of the hosts that there are.
  expect(proxy.reader.value("cluster.u.127.0.0.1_9001.rq_total", "host")).toBe(0);
  expect(proxy.reader.value("cluster.u.127.0.0.1_9002.rq_total", "host")).toBe(1);
});

it("is as large after hundred changes of name as after ten", async () => {
  const { proxy, ends } = await start();
  const named = (i: number) => httpConfig({ routes: [route("/", `u_${i}`)], clusters: { [`u_${i}`]: 9001 } });
  /** The highest cell that was ever given out, when hundred more are wanted than are used. */
  const highestCell = () => {
    const cells = Array.from({ length: 100 }, () => proxy.ledger.allocateCell(1));
    for (const cell of cells) proxy.ledger.freeCell(cell);
    return Math.max(...cells);
  };
  const rounds = async (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      await proxy.apply(named(i));
      proxy.request(GET);
      ends.at(-1)?.send(OK);
      proxy.settle();
      proxy.advance(LEFT_MS);
      await proxy.directory.retiredCells.collect();
    }
    return { stats: statsOf(proxy, ""), cell: highestCell(), arena: proxy.runtime.arena.used };
  };
  const early = await rounds(0, 10);
  expect(await rounds(10, 100)).toEqual(early);
});

it("lets clusters go although changes follow each other faster than one can leave", async () => {
  const { proxy } = await start();
  const held = () => proxy.directory.retiredCells.size;
  const sizes: number[] = [];
  for (let i = 0; i < 60; i++) {
    await proxy.apply(httpConfig({ routes: [route("/", `u_${i}`)], clusters: { [`u_${i}`]: 9001 } }));
    proxy.advance(300);
    await proxy.directory.retiredCells.collect();
    sizes.push(held());
  }
  expect(Math.max(...sizes.slice(40))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 20)));
  // One that has left serves whom it stayed for.
  expect(proxy.runtime.clusters.get("u_58")).toBeDefined();
  expect(proxy.runtime.clusters.get("u_50")).toBeUndefined();
});

it("keeps raw connections' permits until they end, then gives the cluster back", async () => {
  const proxy = await SimulatedProxy.start(tcpConfig({ u: 9001 }, { cluster: "u" }), { networkFilters });
  await proxy.upstream(9001, () => undefined);
  const client = proxy.client();
  proxy.settle();
  await proxy.apply(tcpConfig({ v: 9001 }, { cluster: "v" }));
  proxy.advance(LEFT_MS);
  expect(proxy.stat("cluster.u.upstream_cx_active")).toBe(1);
  client.end();
  proxy.advance(4_000_000);
  expect(statsOf(proxy, "cluster.u.")).toBe(0);
  expect(proxy.leftovers()).toEqual([]);
});

/** The hosts of `u` as the main thread would tell of them. */
function hostsAt(proxy: SimulatedProxy, ports: readonly number[]) {
  const [first] = proxy.directory.describe()[0]?.hosts ?? [];
  if (first === undefined) throw new Error("no host");
  return ports.map((port) => ({
    ...first,
    key: `127.0.0.1:${port}|0`,
    address: { version: 4, ip: "127.0.0.1", port } as const,
    activeCell: port === 9001 ? first.activeCell : proxy.ledger.allocateCell(2 ** 31 - 1),
  }));
}

it("leaves out hosts for which the ledger has no cells, and says so", async () => {
  const { proxy } = await start();
  const cells: number[] = [];
  for (let cell = proxy.ledger.allocateCell(1); cell !== 0; cell = proxy.ledger.allocateCell(1)) cells.push(cell);
  // Enough for the breakers of another cluster and one host.
  for (const cell of cells.slice(0, 11)) proxy.ledger.freeCell(cell);
  const v = { load_assignment: assignment("v", [9001, 9002, 9003]) };
  await proxy.apply(httpConfig({ routes: [route("/", "v")], clusters: { v } }));
  expect(proxy.leftOut).toEqual(["2 of v"]);
  expect(proxy.stat("cluster.v.update_no_room")).toBe(1);
  expect([proxy.stat("cluster.v.membership_total"), proxy.runtime.clusters.get("v")?.hosts.length]).toEqual([1, 1]);
});

it("forgets a host that is gone with its last request", async () => {
  const { proxy, ends } = await start();
  const client = proxy.request(GET);
  const name = "cluster.u.127.0.0.1_9001.rq_active";
  const [gone] = hostsAt(proxy, [9001]);
  expect(proxy.runtime.updateHosts("u", hostsAt(proxy, [9002]))).toBe("");
  proxy.advance(LEFT_MS);
  expect(proxy.reader.value(name, "host")).toBe(1);
  expect(proxy.runtime.clusters.holding([gone?.activeCell ?? 0])).toHaveLength(1);
  ends[0]?.send(OK);
  proxy.settle();
  expect(client.status).toBe(200);
  proxy.advance(LEFT_MS);
  expect(proxy.runtime.clusters.holding([gone?.activeCell ?? 0])).toEqual([]);
});

/** Fills what is free. @returns what it has taken, the largest first */
function fillArena(proxy: SimulatedProxy): number[] {
  const { arena } = proxy.runtime;
  const taken: number[] = [];
  for (let bytes = 2 ** 25; bytes >= 16; ) {
    try {
      taken.push(arena.allocate(bytes));
    } catch {
      bytes /= 2;
    }
  }
  return taken;
}

it("keeps the hosts that it has when the arena has no room for new ones, and takes these as soon as there is", async () => {
  const { proxy, ends } = await start();
  const taken = fillArena(proxy);
  const many = hostsAt(proxy, [9002, ...Array.from({ length: 200 }, (_, i) => 10_001 + i)]).map((host) =>
    // One host that is well takes all requests.
    host.key.includes(":9002") ? host : ({ ...host, healthStatus: "UNHEALTHY" } as const),
  );
  expect(proxy.runtime.updateHosts("u", many)).toMatch(/^cluster 'u' keeps its old hosts: .* no \d+ bytes/);
  expect(proxy.stat("cluster.u.update_no_room")).toBe(1);
  proxy.request(GET);
  expect(ends.map(({ socket }) => socket.local.text)).toEqual(["127.0.0.1:9001"]);
  for (const address of taken) proxy.runtime.arena.release(address);
  proxy.advance(LEFT_MS);
  proxy.request(GET);
  // A host in 201 is healthy, so all of them are tried: what counts is that the new list is in force.
  expect(proxy.runtime.clusters.get("u")?.hosts).toHaveLength(201);
  expect(proxy.stat("cluster.u.update_no_room")).toBe(1);
});

it("writes new hosts over the old ones when there is no other place", async () => {
  const { proxy, ends } = await start();
  fillArena(proxy);
  expect(proxy.runtime.updateHosts("u", hostsAt(proxy, [9002]))).toBe("");
  const client = proxy.request(GET);
  expect(ends[0]?.socket.local.text).toBe("127.0.0.1:9002");
  ends[0]?.send(OK);
  proxy.settle();
  expect(client.status).toBe(200);
});

it("moves the tables of other clusters together when what is free lies in pieces between them", async () => {
  const names = Array.from({ length: 16 }, (_, i) => `u_${i}`);
  const stay = names.filter((_, i) => i % 2 === 0);
  const having = (present: readonly string[]) =>
    httpConfig({
      routes: stay.map((name) => route(`/${name}/`, name)),
      clusters: Object.fromEntries(present.map((name) => [name, 9001])),
    });
  const proxy = await SimulatedProxy.start(having(names), { networkFilters });
  const ends: FarEnd[] = [];
  await proxy.upstream(9001, (end) => void ends.push(end));
  const { arena, clusters } = proxy.runtime;
  const ask = () => {
    for (const name of stay) {
      proxy.request(`GET /${name}/ HTTP/1.1\r\nhost: a\r\n\r\n`);
      expect(ends.at(-1)?.messages, name).toHaveLength(1);
    }
  };
  ask();
  fillArena(proxy);
  // Every second table goes, and nothing else is free. So many hosts need more than one table and its two neighbours.
  const MANY = 40;
  await proxy.apply(having(stay));
  proxy.advance(LEFT_MS);
  const before = arena.used;
  const many = hostsAt(proxy, new Array<number>(MANY).fill(9001)).map((host, i) => ({
    ...host,
    key: `${i}`,
    activeCell: proxy.ledger.allocateCell(2 ** 31 - 1),
  }));
  const size = MANY * 20;
  expect(() => arena.allocate(size)).toThrow(ConfigArenaFull);
  expect(proxy.runtime.updateHosts("u_14", many)).toBe("");
  expect(arena.used).toBeGreaterThan(before);
  expect(clusters.get("u_14")?.hosts).toHaveLength(MANY);
  ask();
});

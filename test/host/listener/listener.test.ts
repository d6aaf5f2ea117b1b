// A listener whose config changes under its connections.

import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig, loopback, route, tcpConfig } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const config = (serverName: string, more: object = {}) =>
  httpConfig({
    routes: [route("/", "u")],
    clusters: { u: 9001 },
    manager: { server_name: serverName },
    listener: { address: loopback(8000), ...more },
  });

async function start(): Promise<{ proxy: SimulatedProxy; ends: FarEnd[] }> {
  const proxy = await SimulatedProxy.start(config("one"), { networkFilters });
  const ends: FarEnd[] = [];
  await proxy.upstream(9001, (end) => void ends.push(end));
  return { proxy, ends };
}

const answer = (proxy: SimulatedProxy, end: FarEnd | undefined) => {
  end?.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
  proxy.settle();
};

it("keeps its socket, and lets a request end on the chains that it began with", async () => {
  const { proxy, ends } = await start();
  const used = proxy.runtime.arena.used;
  const old = proxy.request(GET);
  expect(await proxy.apply(config("two"))).toEqual([]);
  // The connection on the old chains still counts: a drain has to wait for it.
  expect(proxy.runtime.listeners.activeConnections).toBe(1);
  expect(proxy.runtime.arena.used).toBeGreaterThan(used);
  const fresh = proxy.request(GET);
  expect(proxy.runtime.listeners.activeConnections).toBe(2);
  answer(proxy, ends[0]);
  answer(proxy, ends[1]);
  expect(old.message.fields).toContainEqual(["server", "one"]);
  expect(old.message.fields).toContainEqual(["connection", "close"]);
  expect(fresh.message.fields).toContainEqual(["server", "two"]);
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
  // What the old chains had in core memory is back.
  expect(proxy.runtime.arena.used).toBe(used);
});

it("that is gone from the config refuses connections, and ends after its last answer", async () => {
  const { proxy, ends } = await start();
  const old = proxy.request(GET);
  await proxy.apply({ static_resources: { clusters: (config("one") as Config).static_resources.clusters } });
  expect(proxy.runtime.listeners.activeConnections).toBe(1);
  answer(proxy, ends[0]);
  expect(old.message.body.toString()).toBe("hi");
  proxy.advance(4_000_000);
  expect(proxy.runtime.listeners.activeConnections).toBe(0);
  expect(proxy.leftovers()).toEqual([]);
});

it("whose address is taken says so, and the others go on", async () => {
  const { proxy } = await start();
  const { static_resources: resources } = config("one") as Config;
  const [listener] = resources.listeners;
  // The upstream listens there.
  const taken = { ...(listener as object), name: "second", address: loopback(9001) };
  const problems = await proxy.apply({ static_resources: { ...resources, listeners: [listener, taken] } });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("second");
  expect(proxy.runtime.listeners.bound.map(({ name }) => name)).toEqual(["front"]);
});

const statsOf = (proxy: SimulatedProxy, prefix: string) =>
  [...proxy.reader.counters(), ...proxy.reader.gauges(), ...proxy.reader.histograms()].filter(({ name }) =>
    name.startsWith(prefix),
  ).length;

it("that is gone takes its stats along, those of its filters too, once its last connection has ended", async () => {
  const { proxy, ends } = await start();
  proxy.request(GET);
  const prefixes = ["listener.127.0.0.1_8000.", "http.front."];
  await proxy.apply({ static_resources: { clusters: (config("one") as Config).static_resources.clusters } });
  expect(proxy.stat("listener.127.0.0.1_8000.downstream_cx_active")).toBe(1);
  expect(proxy.stat("http.front.downstream_rq_active")).toBe(1);
  answer(proxy, ends[0]);
  proxy.advance(4_000_000);
  for (const prefix of prefixes) expect(statsOf(proxy, prefix), prefix).toBe(0);
  // One that comes again begins anew.
  await proxy.apply(config("one"));
  for (const prefix of prefixes) expect(statsOf(proxy, prefix), prefix).toBeGreaterThan(10);
  expect(proxy.stat("http.front.downstream_rq_total")).toBe(0);
});

it("counts on through a change, and forgets the stats of a prefix that nobody uses any more", async () => {
  const { proxy, ends } = await start();
  proxy.request(GET);
  answer(proxy, ends[0]);
  await proxy.apply(config("two"));
  proxy.advance(10_000);
  expect(proxy.stat("http.front.downstream_rq_total")).toBe(1);
  expect(proxy.stat("listener.127.0.0.1_8000.http.front.downstream_rq_2xx")).toBe(1);
  const renamed = httpConfig({
    routes: [route("/", "u")],
    clusters: { u: 9001 },
    manager: { stat_prefix: "other" },
    listener: { address: loopback(8000) },
  });
  await proxy.apply(renamed);
  proxy.advance(4_000_000);
  expect(statsOf(proxy, "http.front.")).toBe(0);
  expect(statsOf(proxy, "listener.127.0.0.1_8000.http.front.")).toBe(0);
  expect(statsOf(proxy, "http.other.")).toBeGreaterThan(10);
  expect(proxy.stat("listener.127.0.0.1_8000.downstream_cx_total")).toBe(1);
});

/** Shorter than what a request may take. */
const DRAIN_MS = 10_000;

it("cuts raw connections of before when the drain time is over, and not a moment earlier", async () => {
  const tcp = (prefix: string) => tcpConfig({ u: 9001 }, { cluster: "u", stat_prefix: prefix });
  const proxy = await SimulatedProxy.start(tcp("one"), { networkFilters, drainTimeMs: DRAIN_MS });
  const ends: FarEnd[] = [];
  await proxy.upstream(9001, (end) => void ends.push(end));
  const old = proxy.client();
  proxy.settle();
  await proxy.apply(tcp("two"));
  const fresh = proxy.client();
  proxy.advance(DRAIN_MS - 10);
  expect([old.isClosed, proxy.stat("tcp.one.downstream_cx_total")]).toEqual([false, 1]);
  proxy.advance(20);
  expect([old.isClosed, ends[0]?.isClosed]).toEqual([true, true]);
  expect(proxy.runtime.listeners.activeConnections).toBe(1);
  // A change that came later has a drain time of its own, and so has a listener that goes.
  await proxy.apply({ static_resources: { clusters: (tcp("two") as Config).static_resources.clusters } });
  proxy.advance(DRAIN_MS - 10);
  expect(fresh.isClosed).toBe(false);
  proxy.advance(20);
  expect([fresh.isClosed, ends[1]?.isClosed]).toEqual([true, true]);
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
  expect(statsOf(proxy, "tcp.")).toBe(0);
});

it("cuts streams that do not end when the drain time is over", async () => {
  const upgrades = (serverName: string) =>
    httpConfig({
      routes: [route("/", "u")],
      clusters: { u: 9001 },
      manager: { server_name: serverName, upgrade_configs: [{ upgrade_type: "websocket" }] },
      listener: { address: loopback(8000) },
    });
  const proxy = await SimulatedProxy.start(upgrades("one"), { networkFilters, drainTimeMs: DRAIN_MS });
  const ends: FarEnd[] = [];
  await proxy.upstream(9001, (end) => void ends.push(end));
  const ask = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
  const socket = proxy.request(ask);
  ends[0]?.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  proxy.settle();
  expect(socket.status).toBe(101);
  // One that waits for its answer is cut as well.
  const slow = proxy.request(GET);
  await proxy.apply(upgrades("two"));
  proxy.advance(DRAIN_MS / 2);
  // What is under way at half time goes through.
  ends[0]?.send("ping");
  proxy.settle();
  expect(socket.reader.tunnelled.toString()).toContain("ping");
  proxy.advance(DRAIN_MS / 2 - 10);
  expect([socket.isClosed, slow.isClosed]).toEqual([false, false]);
  proxy.advance(20);
  expect([socket.isClosed, slow.isClosed, ends[0]?.isClosed, ends[1]?.isClosed]).toEqual([true, true, true, true]);
  const details = "downstream_local_disconnect(filter_chain_is_being_removed)";
  expect(proxy.ended.map((stream) => stream.details)).toContain(details);
  expect(proxy.stat("http.front.downstream_cx_destroy_local_active_rq")).toBe(2);
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

const bound = (proxy: SimulatedProxy) =>
  proxy.runtime.listeners.bound.flatMap(({ addresses }) =>
    addresses.map((address) => ("port" in address ? `${address.ip}:${address.port}` : address.path)),
  );

it("that shall move to an address that is taken stays where it is, and answers", async () => {
  const { proxy, ends } = await start();
  const problems = await proxy.apply(config("two", { address: loopback(9001) }));
  expect(problems).toEqual([expect.stringMatching(/^error adding listener 'front': cannot bind 127.0.0.1:9001/)]);
  expect(proxy.runtime.listeners.refused).toEqual(["front"]);
  expect(bound(proxy)).toEqual(["127.0.0.1:8000"]);
  const client = proxy.request(GET);
  answer(proxy, ends[0]);
  expect(client.message.fields).toContainEqual(["server", "one"]);
  // The move that works is made, and the old door is closed.
  expect(await proxy.apply(config("two", { address: loopback(8001) }))).toEqual([]);
  expect([bound(proxy), proxy.runtime.listeners.refused]).toEqual([["127.0.0.1:8001"], []]);
  const moved = proxy.request(GET);
  answer(proxy, ends[0]);
  expect(moved.message.fields).toContainEqual(["server", "two"]);
});

it("is not opened by a change that comes after listeners were told to stop", async () => {
  const { proxy } = await start();
  const direction = (traffic_direction: string, port: number) =>
    config("two", { address: loopback(port), traffic_direction });
  await proxy.runtime.listeners.stop((listener) => listener.config.traffic_direction === "INBOUND");
  expect(await proxy.apply(direction("OUTBOUND", 8001))).toEqual([]);
  expect(bound(proxy)).toEqual(["127.0.0.1:8001"]);
  expect(await proxy.apply(direction("INBOUND", 8002))).toEqual([]);
  expect(bound(proxy)).toEqual([]);
  await proxy.runtime.listeners.stop();
  expect(await proxy.apply(direction("OUTBOUND", 8003))).toEqual([]);
  expect(bound(proxy)).toEqual([]);
});

it("whose new door is its old one with other options gets it, or keeps it as it was", async () => {
  const { proxy } = await start();
  const own = (more: object) => config("one", { address: loopback(8000), enable_reuse_port: false, ...more });
  expect(await proxy.apply(own({}))).toEqual([]);
  expect(bound(proxy)).toEqual(["127.0.0.1:8000"]);
  expect(await proxy.apply(own({ tcp_backlog_size: 7 }))).toEqual([]);
  expect(bound(proxy)).toEqual(["127.0.0.1:8000"]);
  // The second address is taken: the first, which the old one had to give up for it, is its own again.
  const additional_addresses = [{ address: loopback(9001) }];
  expect(await proxy.apply(own({ additional_addresses }))).toHaveLength(1);
  expect(bound(proxy)).toEqual(["127.0.0.1:8000"]);
  const client = proxy.client();
  proxy.settle();
  expect(client.isClosed).toBe(false);
});

interface Config {
  readonly static_resources: { readonly listeners: readonly unknown[]; readonly clusters: readonly unknown[] };
}

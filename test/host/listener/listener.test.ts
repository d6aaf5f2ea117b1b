// A listener whose config changes under its connections.

import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig, loopback, route } from "../../e2e/support/config.ts";
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

interface Config {
  readonly static_resources: { readonly listeners: readonly unknown[]; readonly clusters: readonly unknown[] };
}

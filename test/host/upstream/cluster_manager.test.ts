// Clusters that change under a running worker.

import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { assignment, httpConfig, route } from "../../e2e/support/config.ts";
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

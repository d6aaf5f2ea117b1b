// Virtual clusters: which one counts a request, what it counts, and what is left of it when the table goes.

import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const routes = [{ match: { path: "/direct" }, direct_response: { status: 200 } }, route("/", "u")];

const virtualClusters = [
  { name: "apps", headers: [{ name: ":path", string_match: { prefix: "/app" } }] },
  {
    name: "puts",
    headers: [
      { name: ":method", string_match: { exact: "PUT" } },
      { name: "x-a", present_match: true },
    ],
  },
];

async function start(): Promise<{ proxy: SimulatedProxy; ask(method: string, path: string, fields?: string): void }> {
  const config = httpConfig({ routes, clusters: { u: 9001 } });
  const manager = JSON.parse(JSON.stringify(config));
  const [{ typed_config }] = manager.static_resources.listeners[0].filter_chains[0].filters;
  typed_config.route_config.virtual_hosts[0].virtual_clusters = virtualClusters;
  const proxy = await SimulatedProxy.start(manager, { networkFilters });
  await proxy.upstream(9001, (end: FarEnd) => {
    let answered = 0;
    end.whenRead = () => {
      if (!end.messages[answered]?.isComplete) return;
      answered++;
      end.send("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    };
  });
  return {
    proxy,
    ask(method, path, fields = "") {
      proxy.request(`${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n${fields}\r\n`).end();
      proxy.settle();
    },
  };
}

it("counts a request in the first one whose headers match, else in other; what does not reach the router in none", async () => {
  const { proxy, ask } = await start();
  ask("GET", "/app/1");
  ask("PUT", "/app/2", "x-a: 1\r\n");
  ask("PUT", "/x", "x-a: 1\r\n");
  ask("PUT", "/x");
  ask("GET", "/direct");
  const counted = (name: string) =>
    ["upstream_rq_total", "upstream_rq_completed", "upstream_rq_404", "upstream_rq_4xx", "upstream_rq_timeout"].map(
      (stat) => proxy.stat(`vhost.everyone.vcluster.${name}.${stat}`),
    );
  expect(counted("apps")).toEqual([2, 2, 2, 2, 0]);
  expect(counted("puts")).toEqual([1, 1, 1, 1, 0]);
  expect(counted("other")).toEqual([1, 1, 1, 1, 0]);
  expect(proxy.ended.map(({ virtualCluster }) => virtualCluster)).toEqual(["apps", "apps", "puts", "", ""]);
  proxy.advance(8_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

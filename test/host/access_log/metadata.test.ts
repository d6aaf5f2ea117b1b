// %METADATA(...)% and its older names, through a whole proxy: whose metadata is found, and how values are printed.

import { describe, expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { metadataOperators } from "../../../host/access_log/operators/metadata.ts";
import { compileKind } from "../../../host/access_log/operators/operator.ts";
import { metadataValue } from "../../../host/stream_info/metadata.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import { field } from "../../support/http_messages.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const of = (name: string) => ({ filter_metadata: { app: { name, n: 5, on: true, deep: { list: [1, "a"] } } } });

const FORMATS = [
  "ROUTE:app:name",
  "VIRTUAL_HOST:app:name",
  "CLUSTER:app:name",
  "LISTENER:app:name",
  "UPSTREAM_HOST:app:name",
  "ROUTE:app:n",
  "ROUTE:app:on",
  "ROUTE:app:deep",
  "ROUTE:app:missing",
  "DYNAMIC:app:name",
];

it("finds the metadata of each kind", async () => {
  const added = FORMATS.map((format, i) => ({ header: { key: `x-${i}`, value: `%METADATA(${format})%` } }));
  const more = [
    { header: { key: "x-cluster", value: "%CLUSTER_METADATA(app:name)%" } },
    { header: { key: "x-host", value: "%UPSTREAM_METADATA(app:name)%" } },
    { header: { key: "x-cut", value: "%METADATA(ROUTE:app:name):2%" } },
    { header: { key: "x-code", value: "%RESPONSE_CODE%" } },
  ];
  const routes = [{ ...route("/", "u"), metadata: of("route"), response_headers_to_add: [...added, ...more] }];
  const config = JSON.parse(JSON.stringify(httpConfig({ routes, clusters: { u: 9001 } })));
  const { listeners, clusters } = config.static_resources;
  listeners[0].metadata = of("listener");
  listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0].metadata = of("host");
  clusters[0].metadata = of("cluster");
  clusters[0].load_assignment.endpoints[0].lb_endpoints[0].metadata = of("endpoint");
  const proxy = await SimulatedProxy.start(config, { networkFilters });
  await proxy.upstream(9001, (end) => {
    end.whenRead = () => end.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });
  const client = proxy.request("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  expect(FORMATS.map((_, i) => field(client.message, `x-${i}`))).toEqual([
    "route",
    "host",
    "cluster",
    "listener",
    "endpoint",
    "5",
    "true",
    '{"list":[1,"a"]}',
    undefined,
    undefined,
  ]);
  const others = ["x-cluster", "x-host", "x-cut", "x-code"];
  expect(others.map((name) => field(client.message, name))).toEqual(["cluster", "endpoint", "ro", "200"]);
  client.end();
  proxy.advance(8_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

it("shows %RESPONSE_CODE% as 0 in the headers of an answer of its own", async () => {
  const direct = {
    match: { prefix: "/" },
    direct_response: { status: 200 },
    response_headers_to_add: [{ header: { key: "x-code", value: "%RESPONSE_CODE%" } }],
  };
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [direct] }), { networkFilters });
  const client = proxy.request("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  expect(field(client.message, "x-code")).toBe("0");
  expect(proxy.ended[0]?.status).toBe(200);
  client.end();
  proxy.advance(8_000_000);
});

describe("a kind", () => {
  const compile = (argument: string) =>
    compileKind(metadataOperators["METADATA"] as never, { command: "METADATA", argument, position: 3 } as never);

  it.each([
    ["NOBODY:a", "%METADATA(NOBODY)% is no kind of metadata"],
    ["LISTENER_FILTER_CHAIN:a", "%METADATA(LISTENER_FILTER_CHAIN)% is not supported yet"],
  ])("is refused: %s", (argument, reason) => {
    expect(() => compile(argument)).toThrow(reason);
  });
});

it("follows own members of objects only", () => {
  expect(metadataValue({ a: { b: 1 } }, ["a", "toString"])).toBeUndefined();
  expect(metadataValue({ a: { b: 1 } }, ["a", "b", "c"])).toBeUndefined();
  expect(metadataValue(undefined, ["a"])).toBeUndefined();
  expect(metadataValue({ a: { b: null } }, ["a", "b"])).toBeNull();
});

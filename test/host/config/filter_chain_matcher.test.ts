// What may stand in a match tree depends on what it chooses.
import { expect, it } from "vitest";
import { problemsOf } from "../../support/config_door.ts";

const NETWORK = "t/envoy.extensions.matching.common_inputs.network.v3";
const MANAGER = "t/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

function problems(name: string, input: object, action: object, matcher?: object): string[] {
  const tree = {
    matcher_tree: {
      input: { name: "i", typed_config: input },
      exact_match_map: { map: { x: { action: { name: "a", typed_config: action } } } },
    },
  };
  const typed_config = {
    "@type": MANAGER,
    stat_prefix: "a",
    route_config: { virtual_hosts: [{ name: "v", domains: ["*"], ...(matcher === undefined ? {} : { matcher }) }] },
    http_filters: [{ name: "router", typed_config: { "@type": "t/envoy.extensions.filters.http.router.v3.Router" } }],
  };
  const chain = { ...(name === "" ? {} : { name }), filters: [{ name: "http", typed_config }] };
  const listener = {
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chain_matcher: tree,
    filter_chains: [{ ...chain, filter_chain_match: { destination_port: 1 } }],
  };
  return problemsOf(JSON.stringify({ static_resources: { listeners: [listener] } }), "a.json");
}

const PORT = { "@type": `${NETWORK}.DestinationPortInput` };
const HEADER = { "@type": "t/envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name: "a" };
const CHAIN = { "@type": "t/google.protobuf.StringValue", value: "a" };
const ROUTE = { "@type": "t/envoy.config.route.v3.Route", match: { prefix: "/" }, direct_response: { status: 200 } };

it("takes inputs of connections that lead to names of chains", () => {
  expect(problems("a", PORT, CHAIN)).toEqual([]);
});

it.each<[string, Parameters<typeof problems>, string]>([
  [
    "a header of a request",
    ["a", HEADER, CHAIN],
    "HttpRequestHeaderMatchInput has no place in a tree of filter chains",
  ],
  ["a route", ["a", PORT, ROUTE], "Route has no place in a tree of filter chains"],
  ["a chain without a name", ["", PORT, CHAIN], "a name is required"],
  [
    "a connection's input in a tree of routes",
    [
      "a",
      PORT,
      CHAIN,
      {
        matcher_tree: {
          input: { name: "i", typed_config: PORT },
          exact_match_map: { map: { x: { action: { name: "a", typed_config: ROUTE } } } },
        },
      },
    ],
    "DestinationPortInput has no place in a tree of routes",
  ],
])("refuses %s", (_what, parts, reason) => {
  expect(problems(...parts).join("\n")).toContain(reason);
});

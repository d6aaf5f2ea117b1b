import { expect, it } from "vitest";
import { families } from "../../../host/config/supported.ts";
import {
  decode,
  problemsOf,
  TCP_PROXY,
  withCluster,
  withListeners,
  withManager,
  withRoute,
} from "../../support/config_door.ts";

const ADDRESS = "name: l, address: {pipe: {path: /x}}";

it.each([
  ["a field", "dynamic_resources: {}", "1:1: dynamic_resources: dynamic_resources is not supported yet"],
  [
    "a field of a message deep inside",
    withRoute("{match: {prefix: /}, route: {cluster: a, hedge_policy: {}}}"),
    "hedge_policy is not supported yet",
  ],
  ["a value", withManager("codec_type: HTTP3, route_config: {}"), "codec_type: HTTP3 is not supported yet"],
  [
    "an extension",
    withListeners(
      `{${ADDRESS}, filter_chains: [{filters: [{name: e, typed_config: {"@type": t/envoy.extensions.filters.network.echo.v3.Echo}}]}]}`,
    ),
    "envoy.extensions.filters.network.echo.v3.Echo is not supported yet",
  ],
  [
    "an extension in a place where it does not belong",
    withManager("route_config: {}", `http_filters: [${TCP_PROXY}]`),
    "TcpProxy is not supported yet",
  ],
  [
    "a runtime key that has a value",
    `${withManager('route_config: {}, access_log: [{name: f, filter: {status_code_filter: {comparison: {value: {default_value: 1, runtime_key: a.b}}}}, typed_config: {"@type": t/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}}]')}layered_runtime: {layers: [{name: x, static_layer: {a: {b: 2}}}]}`,
    "a value for a.b in the runtime is not supported yet",
  ],
  [
    "a transport socket",
    withCluster(
      'transport_socket: {name: t, typed_config: {"@type": t/envoy.extensions.transport_sockets.alts.v3.Alts, handshaker_service: a}}',
    ),
    "Alts is not supported yet",
  ],
  [
    "localities by weight, where there are several",
    withCluster(
      'load_balancing_policy: {policies: [{typed_extension_config: {name: x, typed_config: {"@type": t/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin, locality_lb_config: {locality_weighted_lb_config: {}}}}}]}, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: /a}}}}]}, {lb_endpoints: [{endpoint: {address: {pipe: {path: /b}}}}]}]}',
    ),
    "over several localities is not supported yet",
  ],
])("says of %s that it is not supported yet", (_, text, reason) => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^\d+:\d+: \S+: /);
  expect(problems[0]).toContain(reason);
});

it("takes what has no effect, and says so", () => {
  const result = decode({ fileName: "a.yaml", text: withCluster("per_connection_buffer_limit_bytes: 1024") });
  expect(result.ok && result.warnings).toMatchObject([
    {
      path: "static_resources.clusters[0].per_connection_buffer_limit_bytes",
      reason: expect.stringMatching(/^has no effect: ./),
    },
  ]);
});

it("warns of deprecated fields", () => {
  const result = decode({ fileName: "a.yaml", text: withCluster("max_requests_per_connection: 1") });
  expect(result.ok && result.warnings.map(({ reason }) => reason)).toEqual(["deprecated"]);
});

it("looks into a message that holds unsupported fields for everything else that is wrong", () => {
  const problems = problemsOf("dynamic_resources: {lds_config: {foo: 1}}\nnode: {id: 1}").join("\n");
  for (const reason of ["dynamic_resources is not supported yet", "no such field", "node.id: expected a string"]) {
    expect(problems).toContain(reason);
  }
});

it("lists each message in one family", () => {
  const names = families.flatMap((family) => Object.keys(family));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

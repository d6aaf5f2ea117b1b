// require_tls of virtual hosts: who is sent to https, and where.

import { afterAll, expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig } from "../../e2e/support/config.ts";
import { field } from "../../support/http_messages.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const routes = [{ match: { prefix: "/" }, direct_response: { status: 200 } }];
const added = [{ header: { key: "x-added", value: "yes" } }];

async function start(require_tls: string): Promise<SimulatedProxy> {
  const internal_address_config = { cidr_ranges: [{ address_prefix: "10.0.0.0", prefix_len: 8 }] };
  const config = JSON.parse(JSON.stringify(httpConfig({ routes, manager: { internal_address_config } })));
  const [{ typed_config }] = config.static_resources.listeners[0].filter_chains[0].filters;
  Object.assign(typed_config.route_config.virtual_hosts[0], { require_tls, response_headers_to_add: added });
  return SimulatedProxy.start(config, { networkFilters });
}

const started: SimulatedProxy[] = [];
afterAll(() => {
  for (const proxy of started) {
    proxy.advance(8_000_000);
    expect(proxy.leftovers()).toEqual([]);
  }
});

it.each([
  ["NONE", "", 200],
  ["ALL", "", 301],
  ["ALL", "x-forwarded-proto: https\r\n", 200],
  ["ALL", "x-forwarded-for: 10.0.0.1\r\n", 301],
  ["EXTERNAL_ONLY", "x-forwarded-for: 8.8.8.8\r\n", 301],
  ["EXTERNAL_ONLY", "x-forwarded-for: 10.0.0.1\r\n", 200],
  ["EXTERNAL_ONLY", "x-forwarded-proto: https\r\n", 200],
])("%s with %j: %d", async (requirement, fields, status) => {
  const proxy = await start(requirement);
  started.push(proxy);
  const client = proxy.request(`GET /x?y=1 HTTP/1.1\r\nhost: a.example:8080\r\n${fields}\r\n`);
  expect(client.status).toBe(status);
  expect(field(client.message, "location")).toBe(status === 301 ? "https://a.example:8080/x?y=1" : undefined);
  expect(field(client.message, "x-added")).toBe(status === 301 ? undefined : "yes");
  client.end();
});

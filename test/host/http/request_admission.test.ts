// What the connection manager refuses before it looks for a route.
import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig } from "../../e2e/support/config.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

it.each([
  ["OPTIONS * HTTP/1.1", 404, "absolute_path_rejected"],
  ["OPTIONS /x HTTP/1.1", 200, "direct_response"],
  ["GET http://a/x HTTP/1.1", 200, "direct_response"],
])("%s: %i %s", async (line, status, details) => {
  const everything = { match: { safe_regex: { regex: ".*" } }, direct_response: { status: 200 } };
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [everything] }), { networkFilters });
  expect(proxy.request(`${line}\r\nhost: a\r\n\r\n`).status).toBe(status);
  expect(proxy.ended).toEqual([expect.objectContaining({ status, details })]);
});

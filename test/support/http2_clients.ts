/** A simulated proxy with clients of HTTP/2, and an upstream that a test plays; everything is gone, and nothing is left, at the end of each test. */

import { afterEach, expect } from "vitest";
import { networkFilters } from "../../filters/registry.ts";
import { httpConfig, route } from "../e2e/support/config.ts";
import type { FarEnd } from "./far_end.ts";
import type { Settings } from "./http2_bench.ts";
import { Http2FarEnd, leaksOfPeers } from "./http2_far_end.ts";
import { GET } from "./http2_frames.ts";
import { SimulatedProxy } from "./simulated_proxy.ts";

export let proxy: SimulatedProxy;
/** Those that the proxy has connected to. */
export let upstreams: FarEnd[] = [];
const clients: Http2FarEnd[] = [];

export async function start(manager: object = {}, kernelBytes = 65_536, action: object = {}): Promise<void> {
  const direct = { match: { path: "/direct" }, direct_response: { status: 200, body: { inline_string: "here" } } };
  const routes = [direct, route("/", "u", { timeout: "0s", ...action })];
  const config = httpConfig({ routes, clusters: { u: 9001 }, manager });
  proxy = await SimulatedProxy.start(config, { networkFilters, kernelBytes });
  upstreams = [];
  await proxy.upstream(9001, (end) => {
    upstreams.push(end);
  });
}

export function client(settings: Settings = {}): Http2FarEnd {
  const end = proxy.connect(new Http2FarEnd(proxy.farOptions, settings));
  clients.push(end);
  end.flush();
  proxy.settle();
  return end;
}

/** A request for this path. */
export const at = (path: string, fields = GET) =>
  fields.map(([name, value]) => [name, name === ":path" ? path : value] as const);

/** For the file that plays with them. */
export function checkLeftoversAfterEach(): void {
  afterEach(() => {
    for (const end of clients) if (!end.isClosed) end.close();
    proxy.advance(8_000_000);
    expect(proxy.leftovers()).toEqual([]);
    expect(leaksOfPeers(clients.splice(0))).toEqual([0, 0, 0]);
  });
}

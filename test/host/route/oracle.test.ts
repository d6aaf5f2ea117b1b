// Envoy's recorded answers (../shared/oracle), asked of the route table alone: which route, which target, which location, which headers.
// What other rooms add to the exchange (server, date, x-request-id, ...) is left to the end-to-end runs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { RouteConfiguration } from "../../../host/config/types/route.ts";
import { rewriteAuthority } from "../../../host/route/rewrite.ts";
import type { RouteEntry, RouteTable } from "../../../host/route/route_entry.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import { fakeStream } from "../access_log/fake_stream.ts";
import { RouteBench } from "./support.ts";

const CASES = "../shared/oracle/cases";
const NAMES = [
  "header_append_actions",
  "header_mutation_order",
  "header_mutation_order_specific_wins",
  "redirect",
  "rewrite_host",
  "rewrite_prefix",
  "rewrite_regex",
  "route_headers",
  "route_matcher_tree",
  "route_path",
  "route_path_separated_prefix",
  "route_prefix",
  "route_query_parameters",
  "route_safe_regex",
  "route_weighted_clusters",
  "virtual_host_search_order",
];

type Request = {
  readonly name: string;
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly backend?: { readonly headers?: Readonly<Record<string, string | readonly string[]>> };
};

type Exchange = {
  readonly request: string;
  readonly got: { readonly status: number; readonly headers: readonly string[]; readonly body?: string };
  readonly upstream?: readonly { readonly to: string; readonly path: string; readonly headers: readonly string[] }[];
};

/** Names of headers that the routes of these cases change. */
const OURS =
  /^(?:host|location|x-envoy-original-(?:path|host)|x-forwarded-host|x-(?!envoy|forwarded|request)[a-z-]+): /;

/** Hostname of the endpoint of a cluster, where the case gives one. */
const HOST_NAMES: Readonly<Record<string, string>> = { named: "real.name.example" };

const bench = new RouteBench();
afterAll(() => expect(bench.core.exports.blocksLive()).toBe(0));

const isHere = existsSync(CASES);

describe("Envoy's goldens", () => {
  it.skipIf(isHere)("are read where they are", () => undefined);
  for (const name of isHere ? NAMES : []) {
    describe(name, () => {
      const [config, requests] = parseAllDocuments(readFileSync(join(CASES, `${name}.yaml`), "utf8")).map((document) =>
        document.toJS(),
      );
      const manager = config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
      const golden = JSON.parse(readFileSync(join(CASES, "golden", `${name}.json`), "utf8"));
      const exchanges = new Map((golden.exchanges as Exchange[]).map((exchange) => [exchange.request, exchange]));
      const table = bench.table(plainTypes(manager.route_config) as RouteConfiguration);
      for (const request of requests as Request[]) {
        const exchange = exchanges.get(request.name);
        // Refused before a route is looked for.
        if (exchange === undefined || exchange.got.status === 400) continue;
        it(request.name, () => expect(answer(table, request)).toEqual(expected(exchange)));
      }
    });
  }
});

if (!isHere) console.log(`skipped: the oracle's cases are not at ${CASES}`);

/** `@type` as the config door gives it: without a prefix. */
function plainTypes(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(plainTypes);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [key, key === "@type" ? value.split("/").pop() : plainTypes(value)]),
  );
}

function expected({ got, upstream }: Exchange) {
  const seen = upstream?.[0];
  return {
    status: got.status,
    body: seen === undefined ? (got.body ?? "") : "",
    headers: got.headers.filter((line) => OURS.test(line)).sort(),
    upstream: seen && {
      cluster: seen.to.split("/")[0],
      path: seen.path,
      headers: seen.headers.filter((line) => OURS.test(line)).sort(),
    },
  };
}

function answer(table: RouteTable, request: Request) {
  const head = bench.head({
    ":method": request.method ?? "GET",
    ":authority": request.authority ?? "any.example",
    ":scheme": "http",
    ":path": request.path ?? "/",
    "x-forwarded-proto": "http",
    ...lowered(request.headers),
  });
  const response = bench.head(lowered(request.backend?.headers));
  try {
    const route = table.routes[table.match(head.block, 0)];
    if (route === undefined) return { status: 404, body: "", headers: [], upstream: undefined };
    return run(route, head, response);
  } finally {
    head.release();
    response.release();
  }
}

function run(route: RouteEntry, head: HeaderMap, response: HeaderMap) {
  const info = fakeStream({ requestHeaders: head, responseHeaders: response });
  let status = 200;
  let body = "";
  if (route.redirect !== undefined) {
    status = route.redirect.status;
    expect(route.redirect.rewrite?.apply(head, true) ?? true).toBe(true);
    response.set("location", route.redirect.location(head));
  } else if (route.directResponse !== undefined) {
    status = route.directResponse.status;
    body = Buffer.from(route.directResponse.body ?? []).toString();
  } else {
    expect(route.requestMutations.apply(head, info)).toBe(true);
    expect(route.forward?.rewrite?.apply(head, true) ?? true).toBe(true);
    // What the router does when it has picked a host.
    const { autoHostRewrite = false, cluster = "", appendXForwardedHost = false } = route.forward ?? {};
    if (autoHostRewrite) rewriteAuthority(head, HOST_NAMES[cluster] ?? "", true, appendXForwardedHost);
  }
  expect(route.responseMutations.apply(response, info)).toBe(true);
  return {
    status,
    body,
    headers: lines(response),
    upstream: route.forward && { cluster: route.forward.cluster, path: head.get(":path"), headers: lines(head) },
  };
}

function lines(headers: HeaderMap): string[] {
  return [...headers.entries()]
    .map(([name, value]) => `${name === ":authority" ? "host" : name}: ${value}`)
    .filter((line) => OURS.test(line))
    .sort();
}

function lowered(headers: Request["headers"] = {}): Record<string, string | readonly string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

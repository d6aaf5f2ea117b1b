// Envoy's own router check tables (../shared/corpus/router_check), where the features are ours. Matching on dynamic metadata and
// runtime fractions, and virtual clusters, are not: what needs them is left out.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compileHeaderPredicate } from "../../../host/access_log/header_predicate.ts";
import type { HeaderMatcher, RouteConfiguration } from "../../../host/config/types/route.ts";
import { IpAddress } from "../../../host/net/address.ts";
import type { RouteTable } from "../../../host/route/route_entry.ts";
import { fakeStream } from "../access_log/fake_stream.ts";
import { RouteBench } from "./support.ts";

const FOLDER = "../shared/corpus/router_check";
const TABLES_TO_COME = ["DynamicMetadata", "Runtime"];

type Case = {
  readonly table: string;
  readonly test: string;
  readonly request: {
    readonly authority: string;
    readonly path: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly ssl: boolean;
    readonly random_value: number | null;
  };
  readonly expect: {
    readonly cluster_name?: string;
    readonly virtual_host_name?: string;
    readonly path_rewrite?: string;
    readonly host_rewrite?: string;
    readonly path_redirect?: string;
    readonly code_redirect?: number;
    readonly timeout?: string;
    readonly request_header_matches?: readonly HeaderMatcher[];
    readonly response_header_matches?: readonly HeaderMatcher[];
  };
};

const bench = new RouteBench();
const tables = new Map<string, RouteTable>();
afterAll(() => {
  for (const table of tables.values()) table.dispose();
  expect(bench.core.exports.blocksLive()).toBe(0);
  expect(bench.arena.used).toBe(0);
});

describe.skipIf(!existsSync(FOLDER))("router check", () => {
  const lines = existsSync(FOLDER) ? readFileSync(join(FOLDER, "cases.jsonl"), "utf8").trim().split("\n") : [];
  const cases = lines.map((line) => JSON.parse(line) as Case).filter(({ table }) => !TABLES_TO_COME.includes(table));
  for (const entry of cases) it(`${entry.table}: ${entry.test}`, () => check(entry));
});

if (!existsSync(FOLDER)) console.log(`skipped: the router check tables are not at ${FOLDER}`);

function tableOf(name: string): RouteTable {
  let table = tables.get(name);
  if (table === undefined) {
    const config = parse(readFileSync(join(FOLDER, `${name}.yaml`), "utf8"));
    const { typed_config } = config.static_resources.listeners[0].filter_chains[0].filters[0];
    table = bench.table(milliseconds(typed_config.route_config) as RouteConfiguration);
    tables.set(name, table);
  }
  return table;
}

/** Durations as the config door gives them. */
function milliseconds(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(milliseconds);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      if (key !== "timeout") return [key, milliseconds(value)];
      return [key, typeof value === "string" ? Number.parseFloat(value) * 1000 : value.seconds * 1000];
    }),
  );
}

function check({ table, request, expect: want }: Case): void {
  const scheme = request.ssl ? "https" : "http";
  const head = bench.head({
    ":method": request.method,
    ":authority": request.authority,
    ":scheme": scheme,
    ":path": request.path,
    "x-forwarded-proto": scheme,
    ...request.headers,
  });
  const response = bench.head({ ":status": "200" });
  try {
    const routes = tableOf(table);
    const route = routes.routes[routes.match(head.block, request.random_value ?? 0)];
    expect(route).toBeDefined();
    if (route === undefined) return;
    const info = fakeStream({
      connection: { ...fakeStream().connection, remote: new IpAddress(4, "127.0.0.1", 1) },
      requestHeaders: head,
      responseHeaders: response,
    });
    const { forward, redirect, directResponse } = route;
    redirect?.rewrite?.apply(head, true);
    // The tool asks every route that answers by itself for a location.
    const location = redirect?.location(head) ?? (directResponse && `${scheme}://${request.authority}${request.path}`);
    if (forward !== undefined) {
      route.requestMutations.apply(head, info);
      forward.rewrite?.apply(head, true);
    } else if (directResponse?.body !== undefined) {
      response.set("content-type", "text/plain");
      response.set("content-length", String(directResponse.body.length));
    }
    route.responseMutations.apply(response, info);
    const got = {
      cluster_name: forward?.cluster ?? "",
      virtual_host_name: forward && route.virtualHost.name,
      path_rewrite: forward && head.get(":path"),
      host_rewrite: forward && head.get(":authority"),
      path_redirect: location ?? "",
      code_redirect: redirect?.status ?? directResponse?.status,
      timeout: forward && `${forward.timeoutMs / 1000}s`,
    };
    for (const [key, value] of Object.entries(got)) {
      const wanted = want[key as keyof typeof got];
      if (wanted !== undefined) expect([key, value ?? ""]).toEqual([key, wanted]);
    }
    for (const [headers, matchers] of [
      [head, want.request_header_matches],
      [response, want.response_header_matches],
    ] as const) {
      for (const matcher of matchers ?? []) {
        const matches = compileHeaderPredicate(matcher)((name) => headers.getAll(name));
        expect([matcher, matches]).toEqual([matcher, true]);
      }
    }
  } finally {
    head.release();
    response.release();
  }
}

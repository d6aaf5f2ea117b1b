// What a compiled route table says, beyond what it matches.
import { afterAll, describe, expect, it } from "vitest";
import type { RouteConfiguration } from "../../../host/config/types/route.ts";
import type { RouteEntry } from "../../../host/route/route_entry.ts";
import { NO_ROUTE, NO_VIRTUAL_HOST } from "../../../host/wasm/layout.gen.ts";
import { fakeStream } from "../access_log/fake_stream.ts";
import { RouteBench } from "./support.ts";

const bench = new RouteBench();
afterAll(() => {
  expect(bench.core.exports.blocksLive()).toBe(0);
  expect(bench.arena.used).toBe(0);
});

type Routes = NonNullable<NonNullable<RouteConfiguration["virtual_hosts"]>[number]["routes"]>;

/** Compiles one virtual host with these routes and hands the entries over. */
function withRoutes(routes: Routes, use: (entries: readonly RouteEntry[]) => void, rest: object = {}): void {
  const table = bench.table({ ...rest, virtual_hosts: [{ name: "all", domains: ["*"], routes }] });
  try {
    use(table.routes);
  } finally {
    table.dispose();
  }
}

const match = { prefix: "/" };

describe("forwarding", () => {
  it("has Envoy's defaults", () => {
    withRoutes([{ match, route: { cluster: "a" } }], ([route]) => {
      expect(route).toMatchObject({ kind: "forward", name: "", virtualHost: { name: "all" }, redirect: undefined });
      expect(route?.forward).toMatchObject({
        cluster: "a",
        clusterNotFoundStatus: 503,
        timeoutMs: 15_000,
        idleTimeoutMs: -1,
        maxStreamDurationMs: -1,
        priority: "default",
        autoHostRewrite: false,
        rewrite: undefined,
      });
      expect(route?.requestMutations.empty).toBe(true);
    });
  });

  it("takes what the route sets", () => {
    const route = {
      cluster: "a",
      timeout: 0,
      idle_timeout: 5,
      priority: "HIGH",
      cluster_not_found_response_code: "NOT_FOUND",
      upgrade_configs: [{ upgrade_type: "WebSocket" }, { upgrade_type: "CONNECT", enabled: false }],
    } as const;
    withRoutes([{ match, route }], ([entry]) => {
      expect(entry?.forward).toMatchObject({
        timeoutMs: 0,
        idleTimeoutMs: 5,
        priority: "high",
        clusterNotFoundStatus: 404,
      });
      expect([...(entry?.forward?.upgrades ?? [])]).toEqual([
        ["websocket", true],
        ["connect", false],
      ]);
    });
  });

  it("drops the route timeout where max_stream_duration is set", () => {
    const route = { cluster: "a", timeout: 7, max_stream_duration: { max_stream_duration: 9 } };
    withRoutes([{ match, route }], ([entry]) => {
      expect(entry?.forward).toMatchObject({ timeoutMs: 0, maxStreamDurationMs: 9 });
    });
  });

  it("gives each weighted cluster its share, its host and its mutations", () => {
    const clusters = [
      { name: "a", weight: 0 },
      { name: "b", weight: 1, host_rewrite_literal: "b.internal" },
      { name: "c", weight: 3, request_headers_to_add: [{ header: { key: "x-c", value: "1" } }] },
    ];
    const table = bench.table({
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match, route: { weighted_clusters: { clusters } } }] }],
    });
    const chosen = [0, 1, 2, 3, 4, 7, 0xffffffff].map(
      (random) => table.routes[bench.match(table, { ":path": "/" }, random)]?.forward?.cluster,
    );
    expect(chosen).toEqual(["b", "c", "c", "c", "b", "c", "c"]);
    const head = bench.head({ ":authority": "any", ":path": "/" });
    const byName = (name: string) => table.routes.find((route) => route.forward?.cluster === name);
    byName("b")?.forward?.rewrite?.apply(head, true);
    byName("c")?.requestMutations.apply(head, fakeStream({ requestHeaders: head }));
    expect([head.get(":authority"), head.get("x-envoy-original-host"), head.get("x-c")]).toEqual([
      "b.internal",
      undefined,
      "1",
    ]);
    head.release();
    table.dispose();
  });
});

describe("weighted clusters with a header for dice", () => {
  const clusters = [
    { name: "a", weight: 20 },
    { name: "b", weight: 80 },
  ];
  const table = bench.table({
    virtual_hosts: [
      {
        name: "all",
        domains: ["*"],
        routes: [{ match, route: { weighted_clusters: { header_name: "X-Number", clusters } } }],
      },
    ],
  });
  afterAll(() => table.dispose());

  it.each([
    ["0", "a"],
    ["19", "a"],
    ["20", "b"],
    ["119", "a"],
    ["18446744073709551615", "a"],
    // What is no such number leaves it to the dice, here 50.
    ["18446744073709551616", "b"],
    ["", "b"],
    ["-1", "b"],
    ["1x", "b"],
    [["0", "0"], "b"],
    [[], "b"],
  ])("%j gives %s", (number, cluster) => {
    const index = bench.match(table, { ":path": "/", "x-number": number }, 50);
    expect(table.routes[index]?.forward?.cluster).toBe(cluster);
  });
});

describe("direct responses", () => {
  it("read their body from where it is", () => {
    bench.files.set("/f", Buffer.from("file"));
    const bodies = [{ inline_string: "é" }, { inline_bytes: "AP8=" }, { filename: "/f" }, { inline_string: "" }];
    withRoutes(
      bodies.map((body) => ({ match, direct_response: { status: 200, body } })),
      (entries) => {
        const got = entries.map((entry) => entry.directResponse?.body && Buffer.from(entry.directResponse.body));
        expect(got).toEqual([Buffer.from("é"), Buffer.from([0, 255]), Buffer.from("file"), undefined]);
      },
    );
  });

  it("are refused when the body is too long, and leave nothing behind", () => {
    const used = bench.arena.used;
    const direct_response = { status: 200, body: { inline_string: "x".repeat(11) } };
    const routes = [
      { match, route: { cluster: "a", prefix_rewrite: "/b" } },
      { match, direct_response },
    ];
    expect(() => withRoutes(routes, () => {}, { max_direct_response_body_size_bytes: 10 })).toThrow("11 bytes");
    expect(bench.arena.used).toBe(used);
  });

  it("name a location where the status asks for one", () => {
    withRoutes(
      [200, 201, 302].map((status) => ({ match, direct_response: { status } })),
      (entries) => {
        const head = bench.head({ ":scheme": "http", ":authority": "a:80", ":path": "/x?y" });
        expect(entries.map((entry) => entry.directResponse?.location?.(head))).toEqual([
          undefined,
          "http://a:80/x?y",
          "http://a:80/x?y",
        ]);
        head.release();
      },
    );
  });
});

describe("per-filter config", () => {
  const level = (value: string) => ({ f: { "@type": "t.T", value } as never });

  it("is that of the most specific level, and lists all levels", () => {
    const table = bench.table({
      typed_per_filter_config: level("table"),
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          typed_per_filter_config: level("host"),
          routes: [
            { match, route: { cluster: "a" }, typed_per_filter_config: level("route") },
            { match, route: { cluster: "a" } },
          ],
        },
      ],
    });
    expect(table.routes.map((route) => route.perFilterConfig.get("f"))).toMatchObject([
      { value: "route" },
      { value: "host" },
    ]);
    expect(table.routes[0]?.perFilterConfigs.get("f")).toMatchObject([
      { value: "table" },
      { value: "host" },
      { value: "route" },
    ]);
    table.dispose();
  });

  it("may switch a filter off on one level and on again below it", () => {
    const wrapper = (rest: object) => ({ f: { "@type": "envoy.config.route.v3.FilterConfig", ...rest } as never });
    const table = bench.table({
      typed_per_filter_config: wrapper({ disabled: true }),
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [
            { match, route: { cluster: "a" } },
            { match, route: { cluster: "a" }, typed_per_filter_config: wrapper({ config: { "@type": "t.T" } }) },
          ],
        },
      ],
    });
    expect(table.routes.map((route) => route.filterDisabled.get("f"))).toEqual([true, false]);
    expect(table.routes[1]?.perFilterConfig.get("f")).toEqual({ "@type": "t.T" });
    table.dispose();
  });
});

describe("explanations", () => {
  const table = bench.table({
    virtual_hosts: [
      {
        name: "one",
        domains: ["one.example"],
        routes: [
          { match: { path: "/x", case_sensitive: false }, route: { cluster: "a" } },
          { match: { prefix: "/", headers: [{ name: "x-a" }] }, route: { cluster: "a" } },
          { match: { prefix: "/", query_parameters: [{ name: "q" }, { name: "r" }] }, route: { cluster: "a" } },
          { match: { safe_regex: { regex: "/y/.*" }, grpc: {} }, route: { cluster: "a" } },
          { match: { path_separated_prefix: "/y" }, route: { cluster: "b" } },
          { match: { prefix: "/" }, route: { cluster: "c" } },
        ],
      },
    ],
  });
  afterAll(() => table.dispose());

  it("say of each route why it was not taken", () => {
    const head = bench.head({ ":authority": "one.example", ":path": "/y/z" });
    const { virtualHost, tried } = table.explain(head.block);
    head.release();
    expect(virtualHost).toBe("one");
    expect(tried.map(({ route, verdict }) => `${route.rule}: ${verdict}`)).toEqual([
      'path "/x" without case: path',
      'prefix "/", 1 header: headers',
      'prefix "/", 2 query parameters: query',
      'regex "/y/.*", gRPC: grpc',
      'segments "/y": match',
    ]);
  });

  it("say that there is no virtual host", () => {
    const head = bench.head({ ":authority": "two.example", ":path": "/" });
    expect(table.explain(head.block)).toEqual({ virtualHost: undefined, tried: [] });
    head.release();
    expect(bench.match(table, { ":authority": "two.example", ":path": "/" })).toBe(NO_VIRTUAL_HOST);
  });
});

describe("odd requests", () => {
  const table = bench.table({
    virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "a" } }] }],
  });
  afterAll(() => table.dispose());

  it("without a path match nothing but CONNECT routes", () => {
    expect(bench.match(table, { ":method": "CONNECT", ":authority": "a:1" })).toBe(NO_ROUTE);
    const connect = bench.table({
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: {} as never, route: { cluster: "a" } }] }],
    });
    expect(bench.match(connect, { ":method": "CONNECT", ":authority": "a:1" })).toBe(0);
    expect(bench.match(connect, { ":method": "GET", ":path": "/", ":authority": "a" })).toBe(NO_ROUTE);
    connect.dispose();
  });

  it("may be as large as a head can be", () => {
    const long = `/${"a".repeat(60_000)}`;
    expect(bench.match(table, { ":path": long, ":authority": "a" })).toBe(0);
  });
});

it("refuses domains that are there twice", () => {
  const twice = (domains: readonly string[]) => bench.table({ virtual_hosts: [{ name: "a", domains, routes: [] }] });
  expect(() => twice(["A.example", "a.example"])).toThrow("a.example");
  expect(() => twice(["*", "*"])).toThrow("single wildcard");
});

it("holds ten thousand domains and finds each", () => {
  const virtual_hosts = Array.from({ length: 100 }, (_, i) => ({
    name: `h${i}`,
    domains: Array.from({ length: 100 }, (_, k) => (k % 2 === 0 ? `${k}.h${i}.example` : `*.${k}.h${i}.example`)),
    routes: [{ match, route: { cluster: "a" } }],
  }));
  const table = bench.table({ virtual_hosts });
  for (const i of [0, 1, 42, 99]) {
    expect(bench.match(table, { ":path": "/", ":authority": `98.H${i}.example` })).toBe(i);
    expect(bench.match(table, { ":path": "/", ":authority": `x.y.97.h${i}.example` })).toBe(i);
  }
  expect(bench.match(table, { ":path": "/", ":authority": "97.h1.example" })).toBe(NO_VIRTUAL_HOST);
  table.dispose();
});

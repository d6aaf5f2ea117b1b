// The core finds the route that the model finds, for any table and any request.
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import type { StringMatcher } from "../../../host/config/types/core.ts";
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteConfiguration,
  RouteMatch,
} from "../../../host/config/types/route.ts";
import { NO_ROUTE, NO_VIRTUAL_HOST } from "../../../host/wasm/layout.gen.ts";
import { type ModelHead, modelMatch } from "./match_model.ts";
import { RouteBench } from "./support.ts";

const bench = new RouteBench();
afterAll(() => {
  expect(bench.core.exports.blocksLive()).toBe(0);
  expect(bench.arena.used).toBe(0);
});

// Small alphabets: so that rules meet requests often.
const word = fc.string({ unit: fc.constantFrom("a", "b", "B", "c"), maxLength: 3 });
const regex = fc.constantFrom("a.*", "[ab]+", "(?i)b", "a|bc", ".*c$", "", "\\w{2}", "/a(/b)?", "/[^/]*");
const text: fc.Arbitrary<StringMatcher> = fc.oneof(
  fc.record({ exact: word, ignore_case: fc.boolean() }),
  fc.record({ prefix: word, ignore_case: fc.boolean() }),
  fc.record({ suffix: word, ignore_case: fc.boolean() }),
  fc.record({ contains: word, ignore_case: fc.boolean() }),
  regex.map((regex) => ({ safe_regex: { regex } })),
);
const names = ["x-a", "X-B", "user-agent", "host", ":method"];
const header: fc.Arbitrary<HeaderMatcher> = fc
  .record(
    {
      name: fc.constantFrom(...names),
      string_match: text,
      present_match: fc.boolean(),
      range_match: fc.record({ start: fc.integer({ min: -3, max: 3 }), end: fc.integer({ min: -3, max: 4 }) }),
      invert_match: fc.boolean(),
      treat_missing_header_as_empty: fc.boolean(),
    },
    { requiredKeys: ["name"] },
  )
  .map(oneRule);
const query: fc.Arbitrary<QueryParameterMatcher> = fc.oneof(
  fc.record({ name: fc.constantFrom("q", "r"), string_match: text }),
  fc.record({ name: fc.constantFrom("q", "r"), present_match: fc.boolean() }),
);
const path = fc.array(word, { maxLength: 2 }).map((words) => `/${words.join("/")}`);
const match: fc.Arbitrary<RouteMatch> = fc
  .tuple(
    fc.oneof(
      path.map((prefix) => ({ prefix })),
      path.map((path) => ({ path })),
      path.filter((text) => !text.endsWith("/")).map((path_separated_prefix) => ({ path_separated_prefix })),
      regex.map((regex) => ({ safe_regex: { regex } })),
    ),
    fc.record({
      case_sensitive: fc.boolean(),
      headers: fc.array(header, { maxLength: 2 }),
      query_parameters: fc.array(query, { maxLength: 1 }),
    }),
  )
  .map(([rule, rest]) => ({ ...rule, ...rest }));
const name = fc.string({ unit: fc.constantFrom("a", "B", "."), minLength: 1, maxLength: 4 });
const domain = fc.oneof(
  name,
  name.map((text) => `*${text}`),
  name.map((text) => `${text}*`),
  fc.constant("*"),
);
const config: fc.Arbitrary<RouteConfiguration> = fc
  .record({
    hosts: fc.array(fc.tuple(fc.array(domain, { minLength: 1, maxLength: 3 }), fc.array(match, { maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    }),
    ignore_port_in_host_matching: fc.boolean(),
    ignore_path_parameters_in_path_matching: fc.boolean(),
  })
  .map(({ hosts, ...flags }) => {
    const taken = new Set<string>();
    const isNew = (domain: string) => !taken.has(domain.toLowerCase()) && taken.add(domain.toLowerCase()) !== undefined;
    return {
      ...flags,
      virtual_hosts: hosts.map(([domains, matches], i) => ({
        name: `h${i}`,
        domains: domains.filter(isNew),
        routes: matches.map((match) => ({ match, route: { cluster: "c" } })),
      })),
    };
  });
const value = fc.oneof(word, fc.integer({ min: -4, max: 5 }).map(String), fc.constant(" 2 "), fc.constant("1x"));
const values = fc.array(value, { maxLength: 2 });
const head: fc.Arbitrary<ModelHead> = fc.record({
  ":method": fc.constantFrom("a", "GET").map((text) => [text]),
  ":authority": fc.tuple(name, fc.constantFrom("", ":80", ":")).map(([name, port]) => [name + port]),
  ":path": fc
    .tuple(
      path,
      fc.constantFrom("", ";p", "#f"),
      fc.array(fc.constantFrom("q=a", "q", "r=b", "q=", "x"), { maxLength: 3 }),
    )
    .map(([path, tail, query]) => [path + tail + (query.length > 0 ? `?${query.join("&")}` : "")]),
  "x-a": values,
  "x-b": values,
  "user-agent": fc.array(word, { maxLength: 1 }),
});

it("agrees with the model", () => {
  fc.assert(
    fc.property(config, fc.array(head, { minLength: 1, maxLength: 4 }), (config, heads) => {
      const table = bench.table(config);
      try {
        for (const head of heads) {
          const index = bench.match(table, head);
          expect(described(config, index)).toBe(modelMatch(config, head));
        }
      } finally {
        table.dispose();
      }
    }),
    { numRuns: 800 },
  );
});

/** One of the rules that came out of the dice, as the config door would let pass. */
function oneRule({ name, string_match, present_match, range_match, ...flags }: HeaderMatcher): HeaderMatcher {
  if (string_match !== undefined) return { name, string_match, ...flags };
  if (range_match !== undefined) return { name, range_match, ...flags };
  return present_match === undefined ? { name, ...flags } : { name, present_match, ...flags };
}

function described(config: RouteConfiguration, index: number): string {
  if (index === NO_VIRTUAL_HOST) return "no host";
  if (index === NO_ROUTE) return "no route";
  let first = 0;
  for (const host of config.virtual_hosts ?? []) {
    const count = host.routes?.length ?? 0;
    if (index < first + count) return `${host.name}/${index - first}`;
    first += count;
  }
  return `index ${index}`;
}

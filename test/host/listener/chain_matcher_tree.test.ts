// Match trees over connections: inputs, predicates, maps, ranges, domains, and what happens where one leads nowhere.
import { expect, it } from "vitest";
import type { ConnectionMatcher } from "../../../host/config/types/listener.ts";
import { ChainMatcherTree } from "../../../host/listener/chain_matcher_tree.ts";
import { type Address, IpAddress, PipeAddress } from "../../../host/net/address.ts";
import { ConnectionFacts } from "../../../host/stream_info/connection_facts.ts";

const local = new IpAddress(4, "10.0.0.1", 443);
const remote = new IpAddress(4, "192.0.2.9", 4711);
const CHAINS = new Map(["a", "b", "c"].map((name) => [name, name]));

const input = (name: string) => ({
  name,
  typed_config: { "@type": `envoy.extensions.matching.common_inputs.network.v3.${name}` },
});
const to = (value: string) => ({
  action: { name: "chain", typed_config: { "@type": "google.protobuf.StringValue", value } },
});
const exact = (name: string, map: object) => ({ matcher_tree: { input: input(name), exact_match_map: { map } } });

interface Connection {
  facts?: Partial<ConnectionFacts>;
  remote?: Address;
  local?: Address;
}

function chosen(tree: object, { facts = {}, ...ends }: Connection = {}): string | null {
  const matcher = new ChainMatcherTree(tree as ConnectionMatcher, CHAINS, "fallback");
  return matcher.match({ local, remote, ...ends }, Object.assign(new ConnectionFacts(), facts));
}

it.each<[string, string, Connection]>([
  ["DestinationIPInput", "10.0.0.1", {}],
  ["DestinationPortInput", "443", {}],
  ["DestinationPortInput", "8443", { facts: { local: new IpAddress(4, "10.0.0.1", 8443) } }],
  ["SourceIPInput", "203.0.113.7", { facts: { remote: new IpAddress(4, "203.0.113.7", 1) } }],
  ["SourcePortInput", "4711", {}],
  ["DirectSourceIPInput", "192.0.2.9", { facts: { remote: new IpAddress(4, "203.0.113.7", 1) } }],
  ["SourceTypeInput", "local", { remote: new IpAddress(6, "::1", 1) }],
  ["ServerNameInput", "a.example", { facts: { serverName: "a.example" } }],
  ["TransportProtocolInput", "tls", { facts: { transportProtocol: "tls" } }],
  ["TransportProtocolInput", "raw_buffer", {}],
  ["ApplicationProtocolInput", "'h2','http/1.1'", { facts: { applicationProtocols: ["h2", "http/1.1"] } }],
])("%s is %s", (name, value, connection) => {
  expect(chosen(exact(name, { [value]: to("a") }), connection)).toBe("a");
  expect(chosen(exact(name, { [`${value}x`]: to("a") }), connection)).toBe("fallback");
});

it("knows nothing of what is not known", () => {
  const any = { single_predicate: { input: input("ServerNameInput"), value_match: { prefix: "" } } };
  expect(chosen({ matcher_list: { matchers: [{ predicate: any, on_match: to("a") }] } })).toBe("fallback");
  expect(chosen(exact("DestinationPortInput", { 0: to("a") }), { local: new PipeAddress("/a") })).toBe("fallback");
});

it("closes what is to go to a chain that there is not", () => {
  expect(chosen(exact("DestinationPortInput", { 443: to("nowhere") }))).toBeNull();
});

const port = (value: string) => ({
  single_predicate: { input: input("DestinationPortInput"), value_match: { exact: value } },
});
const name = (prefix: string) => ({ single_predicate: { input: input("ServerNameInput"), value_match: { prefix } } });

it("takes the first of a list that holds", () => {
  const rows = (...predicates: object[]) => ({
    matcher_list: { matchers: predicates.map((predicate, i) => ({ predicate, on_match: to("abc"[i] as string) })) },
  });
  const named = { facts: { serverName: "a.example" } };
  expect(chosen(rows(port("1"), port("443"), name("a")), named)).toBe("b");
  expect(
    chosen(rows({ and_matcher: { predicate: [port("443"), name("b")] } }, { not_matcher: name("b") }), named),
  ).toBe("b");
  expect(chosen(rows({ or_matcher: { predicate: [port("1"), name("a")] } }), named)).toBe("a");
});

it("goes on where an outcome leads nowhere, and to what is said of that last", () => {
  const nowhere = { matcher: exact("SourcePortInput", { 1: to("a") }) };
  const list = {
    matchers: [
      { predicate: port("443"), on_match: nowhere },
      { predicate: port("443"), on_match: to("b") },
    ],
  };
  expect(chosen({ matcher_list: list })).toBe("b");
  expect(chosen({ ...exact("DestinationPortInput", { 443: nowhere }), on_no_match: to("c") })).toBe("c");
  const prefixes = { "10.": to("a"), "10.0": nowhere, "1": to("c") };
  expect(chosen({ matcher_tree: { input: input("DestinationIPInput"), prefix_match_map: { map: prefixes } } })).toBe(
    "a",
  );
});

it("takes the longest range, and no wider one behind an exclusive one", () => {
  const nowhere = { matcher: exact("SourcePortInput", { 1: to("a") }) };
  const tree = (exclusive: boolean) => ({
    matcher_tree: {
      input: input("SourceIPInput"),
      custom_match: {
        name: "ip",
        typed_config: {
          "@type": "xds.type.matcher.v3.IPMatcher",
          range_matchers: [
            { ranges: [{ address_prefix: "192.0.0.0", prefix_len: 8 }], on_match: to("a") },
            { ranges: [{ address_prefix: "192.0.2.0", prefix_len: 24 }], on_match: nowhere, exclusive },
            { ranges: [{ address_prefix: "2001:db8::", prefix_len: 32 }], on_match: to("c") },
          ],
        },
      },
    },
  });
  expect(chosen(tree(false))).toBe("a");
  expect(chosen(tree(true))).toBe("fallback");
  expect(chosen(tree(true), { remote: new IpAddress(4, "192.1.1.1", 1) })).toBe("a");
  expect(chosen(tree(true), { remote: new IpAddress(6, "2001:db8::1", 1) })).toBe("c");
});

it("takes the name itself, then what is nearest above it", () => {
  const tree = {
    matcher_tree: {
      input: input("ServerNameInput"),
      custom_match: {
        name: "names",
        typed_config: {
          "@type": "xds.type.matcher.v3.ServerNameMatcher",
          domain_matchers: [
            { domains: ["a.b.example"], on_match: to("a") },
            { domains: ["*.b.example", "*.example"], on_match: to("b") },
            { domains: ["*"], on_match: to("c") },
          ],
        },
      },
    },
  };
  const at = (serverName: string) => chosen(tree, { facts: { serverName } });
  expect([at("a.b.example"), at("c.b.example"), at("c.example"), at("other.test"), at("")]).toEqual([
    "a",
    "b",
    "b",
    "c",
    "fallback",
  ]);
});

// Envoy's order of criteria: each narrows, the most specific wins, and nothing is tried again.
import { expect, it } from "vitest";
import type { FilterChainMatch } from "../../../host/config/types/listener.ts";
import { FilterChainMatcher } from "../../../host/listener/filter_chain_match.ts";
import { IpAddress } from "../../../host/net/address.ts";

const local = new IpAddress(4, "10.0.0.1", 443);

function chosen(matches: Readonly<Record<string, FilterChainMatch>>, name: string | null, protocols: string[] = []) {
  const chains = Object.entries(matches).map(([chain, filter_chain_match]) => ({
    config: { filter_chain_match },
    chain,
  }));
  const hello = name === null ? null : { serverName: name, protocols };
  return new FilterChainMatcher(chains, null).match(local, hello);
}

const names = {
  exact: { server_names: ["a.b.example"] },
  near: { server_names: ["*.b.example"] },
  far: { server_names: ["*.example"] },
  any: {},
};

it.each([
  ["a.b.example", "exact"],
  ["c.b.example", "near"],
  ["c.c.b.example", "near"],
  ["b.example", "far"],
  ["example", "any"],
  ["other.test", "any"],
  ["", "any"],
])("server name %j takes %s", (name, chain) => {
  expect(chosen(names, name)).toBe(chain);
});

it("takes plain connections for what they are", () => {
  const chains = { tls: { transport_protocol: "tls" }, raw: { transport_protocol: "raw_buffer" } };
  expect(chosen(chains, null)).toBe("raw");
  expect(chosen(chains, "a")).toBe("tls");
  expect(chosen({ tls: { transport_protocol: "tls" } }, null)).toBeNull();
  expect(chosen({ any: {}, raw: { transport_protocol: "raw_buffer" } }, "a")).toBe("any");
});

it("takes the first protocol that the client offers and a chain names", () => {
  const chains = { h2: { application_protocols: ["h2"] }, h1: { application_protocols: ["http/1.1", "x"] }, any: {} };
  expect(chosen(chains, "", ["http/1.1", "h2"])).toBe("h1");
  expect(chosen(chains, "", ["y", "h2", "x"])).toBe("h2");
  expect(chosen(chains, "", ["y"])).toBe("any");
});

it("does not go back to a less specific name when the protocol does not fit", () => {
  const chains = { exact: { server_names: ["a.example"], application_protocols: ["x"] }, any: {} };
  expect(chosen(chains, "a.example", ["y"])).toBeNull();
  expect(chosen(chains, "a.example", ["x"])).toBe("exact");
});

it("looks at port and address before names", () => {
  const chains = {
    port: { destination_port: 443, server_names: ["other.example"] },
    near: { prefix_ranges: [{ address_prefix: "10.0.0.0", prefix_len: 24 }] },
    name: { server_names: ["a.example"] },
  };
  expect(chosen(chains, "a.example")).toBeNull();
  expect(chosen({ near: chains.near, name: chains.name }, "a.example")).toBe("near");
});

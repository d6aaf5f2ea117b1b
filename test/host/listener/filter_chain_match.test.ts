// Envoy's order of criteria: each narrows, the most specific wins, and nothing is tried again.
import { expect, it } from "vitest";
import type { FilterChainMatch } from "../../../host/config/types/listener.ts";
import { FilterChainMatcher } from "../../../host/listener/filter_chain_match.ts";
import { type Address, IpAddress, PipeAddress } from "../../../host/net/address.ts";
import { ConnectionFacts } from "../../../host/stream_info/connection_facts.ts";

const socket = { local: new IpAddress(4, "10.0.0.1", 443), remote: new IpAddress(4, "192.0.2.9", 4711) };

type Matches = Readonly<Record<string, FilterChainMatch>>;

function matcherOf(matches: Matches): FilterChainMatcher<string> {
  const chains = Object.entries(matches).map(([chain, filter_chain_match]) => ({
    config: { filter_chain_match },
    chain,
  }));
  return new FilterChainMatcher(chains, null);
}

function chosen(matches: Matches, name: string | null, protocols: string[] = []) {
  const facts = new ConnectionFacts();
  if (name !== null) {
    facts.transportProtocol = "tls";
    facts.serverName = name;
    facts.applicationProtocols = protocols;
  }
  return matcherOf(matches).match(socket, facts);
}

/** For a plain connection between these addresses. */
function between(matches: Matches, remote: Address, local: Address = socket.local, facts = new ConnectionFacts()) {
  return matcherOf(matches).match({ remote, local }, facts);
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

const range = (address_prefix: string, prefix_len: number) => ({ address_prefix, prefix_len });

it("takes the longest range that the source is in, and then its port", () => {
  const chains = {
    wide: { source_prefix_ranges: [range("192.0.0.0", 8)] },
    near: { source_prefix_ranges: [range("192.0.2.0", 24), range("10.0.0.0", 8)] },
    port: { source_prefix_ranges: [range("192.0.2.0", 24)], source_ports: [4711, 4712] },
    any: {},
  };
  expect(between(chains, new IpAddress(4, "192.0.2.9", 4712))).toBe("port");
  expect(between(chains, new IpAddress(4, "192.0.2.9", 1))).toBe("near");
  expect(between(chains, new IpAddress(4, "192.0.3.9", 4711))).toBe("wide");
  expect(between(chains, new IpAddress(4, "198.51.100.1", 4711))).toBe("any");
  expect(between(chains, new IpAddress(6, "2001:db8::1", 4711))).toBe("any");
  // Nothing is tried again: the near range has no chain for this port.
  const { port, any } = chains;
  expect(between({ port, any }, new IpAddress(4, "192.0.2.9", 1))).toBeNull();
});

it("tells neighbours from strangers, before it looks at their addresses", () => {
  const chains: Matches = {
    own: { source_type: "SAME_IP_OR_LOOPBACK" },
    far: { source_type: "EXTERNAL", source_prefix_ranges: [range("0.0.0.0", 0)] },
    any: { source_prefix_ranges: [range("127.0.0.0", 8)] },
  };
  expect(between(chains, new IpAddress(4, "127.0.0.9", 1))).toBe("own");
  expect(between(chains, new IpAddress(6, "::1", 1))).toBe("own");
  expect(between(chains, new IpAddress(4, "10.0.0.1", 1))).toBe("own");
  expect(between(chains, new PipeAddress(""), new PipeAddress("/run/a.sock"))).toBe("own");
  expect(between(chains, new IpAddress(4, "10.0.0.2", 1))).toBe("far");
  expect(between(chains, new IpAddress(6, "2001:db8::1", 1))).toBeNull();
});

it("knows the peer of the socket from the client that a PROXY header names", () => {
  const facts = new ConnectionFacts();
  facts.remote = new IpAddress(4, "203.0.113.7", 99);
  facts.local = new IpAddress(4, "203.0.113.8", 8443);
  const peer = new IpAddress(4, "192.0.2.9", 4711);
  const chains = {
    direct: { direct_source_prefix_ranges: [range("192.0.2.0", 24)] },
    source: { source_prefix_ranges: [range("203.0.113.0", 24)] },
  };
  expect(between(chains, peer, socket.local, facts)).toBe("direct");
  expect(between({ source: chains.source }, peer, socket.local, facts)).toBe("source");
  expect(between({ source: chains.source }, peer)).toBeNull();
  const ports = { named: { destination_port: 8443 }, socket: { destination_port: 443 } };
  expect(between(ports, peer, socket.local, facts)).toBe("named");
  expect(between(ports, peer)).toBe("socket");
});

it("takes the widest range for as good as none, and no address for one of them", () => {
  expect(between({ all: { prefix_ranges: [range("0.0.0.0", 0)] } }, socket.remote, new PipeAddress("/a"))).toBe("all");
  expect(between({ some: { prefix_ranges: [range("10.0.0.0", 8)] } }, socket.remote, new PipeAddress("/a"))).toBeNull();
  expect(between({ port: { destination_port: 443 } }, socket.remote, new PipeAddress("/a"))).toBeNull();
});

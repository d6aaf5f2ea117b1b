/** Listeners: an address each and none twice, at least one filter chain, no two chains for the same connections. */
import { isIP } from "node:net";
import type { Address, CidrRange } from "../types/core.ts";
import type { FilterChain, FilterChainMatch, Listener, NetworkFilter } from "../types/listener.ts";
import { listenAddressReason } from "./address.ts";
import { type At, rule } from "./rule.ts";

export const listenerRules = [
  rule<{ listeners?: readonly Listener[] }>("envoy.config.bootstrap.v3.Bootstrap.StaticResources", checkListeners),
  rule<Listener>("envoy.config.listener.v3.Listener", checkListener),
  rule<FilterChain>("envoy.config.listener.v3.FilterChain", checkFilters),
  rule<FilterChainMatch>("envoy.config.listener.v3.FilterChainMatch", checkServerNames),
  rule<NetworkFilter>("envoy.config.listener.v3.ListenerFilter", (filter, at) => {
    if (filter.typed_config === undefined)
      at.fail("a listener filter is found by the type of its typed_config, and has none");
  }),
  rule<NetworkFilter>("envoy.config.listener.v3.Filter", (filter, at) => {
    if (filter.typed_config === undefined) at.fail("a filter is found by the type of its typed_config, and has none");
  }),
];

function checkListeners({ listeners = [] }: { listeners?: readonly Listener[] }, at: At): void {
  const names = new Set<string>();
  const taken = new Map<string, string>();
  for (const [index, listener] of listeners.entries()) {
    const place = at.element("listeners", listeners, index);
    if (listener.name !== undefined) {
      // Envoy takes a second listener of a name for an update of the first.
      if (names.has(listener.name)) place.failField("name", `a second listener ${listener.name} is not supported yet`);
      names.add(listener.name);
    }
    for (const address of new Set(addressesOf(listener).map(addressText))) {
      const other = taken.get(address);
      // Port 0 is another port each time, unless nothing is bound and the number is only a name.
      const differs = /^ip .* 0$/.test(address) && listener.bind_to_port !== false;
      if (other !== undefined && !differs) place.failField("address", `listener ${other} has the same address`);
      taken.set(address, listener.name ?? `#${index}`);
    }
  }
}

function checkListener(listener: Listener, at: At): void {
  const reason = listenAddressReason(listener.address);
  if (reason !== undefined) at.failField("address", reason);
  for (const [index, { address }] of (listener.additional_addresses ?? []).entries()) {
    const wrong = listenAddressReason(address);
    if (wrong !== undefined) at.element("additional_addresses", listener.additional_addresses ?? [], index).fail(wrong);
  }
  const chains = listener.filter_chains ?? [];
  if (chains.length === 0 && listener.default_filter_chain === undefined) at.fail("no filter chains specified");
  // With a matcher their own matches say nothing.
  if (listener.filter_chain_matcher !== undefined) return;
  const matches = new Map<string, number>();
  for (const [index, chain] of chains.entries()) {
    const place = at.element("filter_chains", chains, index);
    for (const key of matchKeys(chain.filter_chain_match ?? {})) {
      const other = matches.get(key);
      if (other !== undefined) {
        place.fail(
          other === index ? "names one range twice" : `matches the same connections as filter_chains[${other}]`,
        );
        break;
      }
      matches.set(key, index);
    }
  }
}

/** Both filters that we have end the chain. */
function checkFilters(chain: FilterChain, at: At): void {
  const filters = chain.filters ?? [];
  for (const [index, filter] of filters.entries()) {
    if (index === filters.length - 1) continue;
    at.element("filters", filters, index).fail(`${filter.name} is a terminal filter and must be the last of its chain`);
  }
}

function addressesOf(listener: Listener): Address[] {
  const more = listener.additional_addresses?.map(({ address }) => address) ?? [];
  return [listener.address, ...more].filter((address) => address !== undefined);
}

function addressText({ socket_address: socket, pipe }: Address): string {
  if (pipe !== undefined) return `pipe ${pipe.path}`;
  return `ip ${canonicalIp(socket?.address ?? "")} ${socket?.port_value ?? 0}`;
}

function canonicalIp(text: string): string {
  if (isIP(text) !== 6 || text.includes("%")) return text;
  return new URL(`http://[${text}]`).hostname;
}

/** One key for each way in which a match can be met; two chains that share a key are duplicates. */
function matchKeys(match: FilterChainMatch): string[] {
  const criteria: readonly (readonly (string | number)[])[] = [
    [match.destination_port ?? ""],
    (match.prefix_ranges ?? []).map(networkText),
    (match.server_names ?? []).map((name) => name.toLowerCase()),
    [match.transport_protocol ?? ""],
    match.application_protocols ?? [],
    (match.direct_source_prefix_ranges ?? []).map(networkText),
    [match.source_type ?? "ANY"],
    (match.source_prefix_ranges ?? []).map(networkText),
    match.source_ports ?? [],
  ];
  return criteria.reduce<string[]>(
    (keys, values) => keys.flatMap((key) => (values.length === 0 ? [""] : values).map((value) => `${key} ${value}`)),
    [""],
  );
}

/** Envoy takes a whole first label for a wildcard, and nothing less. */
function checkServerNames(match: FilterChainMatch, at: At): void {
  const wrong = (match.server_names ?? []).find((name) => name.replace(/^\*\./, "").includes("*"));
  if (wrong !== undefined)
    at.failField("server_names", `partial wildcards are not supported in server_names: ${wrong}`);
}

/** A range with the bits beyond its length cleared, so that equal networks are equal texts. */
function networkText({ address_prefix: address, prefix_len: length = 0 }: CidrRange): string {
  const isV4 = isIP(address) === 4;
  const groups = isV4 ? address.split(".").map(Number) : ipv6Groups(canonicalIp(address).slice(1, -1));
  const width = isV4 ? 8 : 16;
  const kept = groups.map((group, index) => {
    const bits = Math.min(width, Math.max(0, length - index * width));
    return group & ~((1 << (width - bits)) - 1);
  });
  return `${kept.join(isV4 ? "." : ":")}/${length}`;
}

/** The eight groups of a canonical IPv6 address. */
function ipv6Groups(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const parse = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [front, back] = [parse(head), parse(tail ?? "")];
  return [...front, ...new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0), ...back];
}

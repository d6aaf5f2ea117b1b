/**
 * Which filter chain a connection takes (config.listener.v3.FilterChainMatch). Envoy's order of criteria; each level narrows,
 * the most specific one that is set wins, and what a later level refuses is not tried again with a less specific one:
 * destination port, destination address by longest prefix, server name, transport protocol, application protocol.
 */

import type { FilterChain } from "../config/types/listener.ts";
import type { Address } from "../net/address.ts";
import { type CidrRange, cidrRange } from "../net/cidr.ts";
import type { ClientHello } from "./client_hello.ts";

interface Candidate<C> {
  readonly chain: C;
  readonly port: number;
  readonly ranges: readonly CidrRange[];
  /** Exact names, and `*.example` for all below it. */
  readonly names: readonly string[];
  /** `tls`, `raw_buffer`; empty: any. */
  readonly transport: string;
  readonly protocols: readonly string[];
}

export class FilterChainMatcher<C> {
  private readonly candidates: readonly Candidate<C>[];
  private readonly fallback: C | null;
  /** The first chain asks for nothing: there can be no other without criteria, and with one chain none is better. */
  private readonly takesAll: boolean;

  /** @param chains in the order of the config @param fallback `default_filter_chain` */
  constructor(chains: readonly { readonly config: FilterChain; readonly chain: C }[], fallback: C | null) {
    this.candidates = chains.map(({ config, chain }) => {
      const match = config.filter_chain_match;
      return {
        chain,
        port: match?.destination_port ?? 0,
        ranges: (match?.prefix_ranges ?? []).flatMap(
          (range) => cidrRange(range.address_prefix, range.prefix_len ?? 0) ?? [],
        ),
        names: match?.server_names ?? [],
        transport: match?.transport_protocol ?? "",
        protocols: match?.application_protocols ?? [],
      };
    });
    this.fallback = fallback;
    const [only, other] = this.candidates;
    this.takesAll = other === undefined && (only === undefined || asksForNothing(only));
  }

  /**
   * The chain for a connection that arrived at this address, or null: it is closed.
   * @param hello what the TLS inspector found; null: no TLS, or nobody looked
   */
  match(local: Address, hello: ClientHello | null = null): C | null {
    if (this.takesAll) return this.candidates[0]?.chain ?? this.fallback;
    const arrived = byAddress(this.candidates, local);
    const named = byName(arrived, hello?.serverName ?? "");
    const spoken = mostSpecific(
      named,
      ({ transport }) => transport === (hello === null ? "raw_buffer" : "tls"),
      ({ transport }) => transport === "",
    );
    return byProtocol(spoken, hello?.protocols ?? [])[0]?.chain ?? this.fallback;
  }
}

function asksForNothing<C>({ port, ranges, names, transport, protocols }: Candidate<C>): boolean {
  return port === 0 && ranges.length === 0 && names.length === 0 && transport === "" && protocols.length === 0;
}

function byAddress<C>(candidates: readonly Candidate<C>[], local: Address): readonly Candidate<C>[] {
  if (candidates.every(({ port, ranges }) => port === 0 && ranges.length === 0)) return candidates;
  const port = local.kind === "ip" ? local.port : 0;
  const hasPort = candidates.some((candidate) => candidate.port !== 0 && candidate.port === port);
  let best: Candidate<C>[] = [];
  let bestRank = -1;
  for (const candidate of candidates) {
    if (candidate.port !== (hasPort ? port : 0)) continue;
    const bits = candidate.ranges.length === 0 ? 0 : longest(candidate.ranges, local);
    if (bits === null) continue;
    // An address range, be it /0, is more specific than none.
    const rank = candidate.ranges.length === 0 ? 0 : bits + 1;
    if (rank > bestRank) {
      best = [];
      bestRank = rank;
    }
    if (rank === bestRank) best.push(candidate);
  }
  return best;
}

function byName<C>(candidates: readonly Candidate<C>[], name: string): readonly Candidate<C>[] {
  if (name !== "") {
    const exact = candidates.filter(({ names }) => names.includes(name));
    if (exact.length > 0) return exact;
    for (let dot = name.indexOf(".", 1); dot > 0; dot = name.indexOf(".", dot + 1)) {
      const wildcard = `*${name.slice(dot)}`;
      const found = candidates.filter(({ names }) => names.includes(wildcard));
      if (found.length > 0) return found;
    }
  }
  return candidates.filter(({ names }) => names.length === 0);
}

function byProtocol<C>(candidates: readonly Candidate<C>[], offered: readonly string[]): readonly Candidate<C>[] {
  for (const protocol of offered) {
    const found = candidates.filter(({ protocols }) => protocols.includes(protocol));
    if (found.length > 0) return found;
  }
  return candidates.filter(({ protocols }) => protocols.length === 0);
}

function mostSpecific<T>(all: readonly T[], specific: (one: T) => boolean, general: (one: T) => boolean): readonly T[] {
  const found = all.filter(specific);
  return found.length > 0 ? found : all.filter(general);
}

function longest(ranges: readonly CidrRange[], local: Address): number | null {
  let best: number | null = null;
  for (const range of ranges) {
    if (local.kind === "ip" && range.contains(local) && (best === null || range.prefixLength > best))
      best = range.prefixLength;
  }
  return best;
}

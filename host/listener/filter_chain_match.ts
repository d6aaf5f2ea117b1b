/**
 * Which filter chain a connection takes (config.listener.v3.FilterChainMatch). Envoy's order of criteria; each level
 * narrows, and the most specific one that is set wins: destination port, then destination address by longest prefix.
 */

import type { FilterChain } from "../config/types/listener.ts";
import type { Address } from "../net/address.ts";
import { type CidrRange, cidrRange } from "../net/cidr.ts";

interface Candidate<C> {
  readonly chain: C;
  readonly port: number;
  readonly ranges: readonly CidrRange[];
}

export class FilterChainMatcher<C> {
  private readonly candidates: readonly Candidate<C>[];
  private readonly fallback: C | null;

  /** @param chains in the order of the config @param fallback `default_filter_chain` */
  constructor(chains: readonly { readonly config: FilterChain; readonly chain: C }[], fallback: C | null) {
    this.candidates = chains.map(({ config, chain }) => ({
      chain,
      port: config.filter_chain_match?.destination_port ?? 0,
      ranges: (config.filter_chain_match?.prefix_ranges ?? []).flatMap(
        (range) => cidrRange(range.address_prefix, range.prefix_len ?? 0) ?? [],
      ),
    }));
    this.fallback = fallback;
  }

  /** The chain for a connection that arrived at this address, or null: it is closed. */
  match(local: Address): C | null {
    if (this.candidates.length === 1) {
      const only = this.candidates[0] as Candidate<C>;
      if (only.port === 0 && only.ranges.length === 0) return only.chain;
    }
    const port = local.kind === "ip" ? local.port : 0;
    const hasPort = this.candidates.some((candidate) => candidate.port !== 0 && candidate.port === port);
    let best: C | null = null;
    let bestBits = -1;
    for (const candidate of this.candidates) {
      if (candidate.port !== (hasPort ? port : 0)) continue;
      const bits = candidate.ranges.length === 0 ? 0 : longest(candidate.ranges, local);
      if (bits === null) continue;
      // An address range, be it /0, is more specific than none.
      const rank = candidate.ranges.length === 0 ? 0 : bits + 1;
      if (rank > bestBits) {
        best = candidate.chain;
        bestBits = rank;
      }
    }
    return best ?? this.fallback;
  }
}

function longest(ranges: readonly CidrRange[], local: Address): number | null {
  let best: number | null = null;
  for (const range of ranges) {
    if (local.kind === "ip" && range.contains(local) && (best === null || range.prefixLength > best))
      best = range.prefixLength;
  }
  return best;
}

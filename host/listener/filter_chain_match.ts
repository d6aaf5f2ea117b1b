/**
 * Which filter chain a connection takes (config.listener.v3.FilterChainMatch). Envoy's order of criteria; each level narrows,
 * the most specific one that is set wins, and what a later level refuses is not tried again with a less specific one:
 *
 *   destination port > destination address by longest prefix > server name > transport protocol > application protocol
 *     > address of the socket's peer by longest prefix > kind of source > source address by longest prefix > source port
 */

import type { CidrRange as CidrConfig } from "../config/types/core.ts";
import type { FilterChain, FilterChainMatch } from "../config/types/listener.ts";
import { type Address, IpAddress } from "../net/address.ts";
import { type CidrRange, cidrRange } from "../net/cidr.ts";
import type { Socket } from "../net/socket.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";

interface Candidate<C> {
  readonly chain: C;
  readonly port: number;
  readonly ranges: readonly CidrRange[];
  /** Exact names, and `*.example` for all below it. */
  readonly names: readonly string[];
  /** `tls`, `raw_buffer`; empty: any. */
  readonly transport: string;
  readonly protocols: readonly string[];
  readonly directSources: readonly CidrRange[];
  readonly sourceType: NonNullable<FilterChainMatch["source_type"]>;
  readonly sources: readonly CidrRange[];
  readonly sourcePorts: readonly number[];
}

/** What a socket says of itself. */
export type MatchedSocket = Pick<Socket, "local" | "remote">;

/** What is no IP address is in no range but the widest. */
const NO_IP = new IpAddress(4, "255.255.255.255", 0);

export class FilterChainMatcher<C> {
  private readonly candidates: readonly Candidate<C>[];
  private readonly fallback: C | null;
  /** The first chain asks for nothing: there can be no other without criteria, and with one chain none is better. */
  private readonly takesAll: boolean;

  /** @param chains in the order of the config @param fallback `default_filter_chain` */
  constructor(chains: readonly { readonly config: FilterChain; readonly chain: C }[], fallback: C | null) {
    this.candidates = chains.map(({ config, chain }) => {
      const match = config.filter_chain_match ?? {};
      return {
        chain,
        port: match.destination_port ?? 0,
        ranges: rangesOf(match.prefix_ranges),
        names: (match.server_names ?? []).map((name) => name.toLowerCase()),
        transport: match.transport_protocol ?? "",
        protocols: match.application_protocols ?? [],
        directSources: rangesOf(match.direct_source_prefix_ranges),
        sourceType: match.source_type ?? "ANY",
        sources: rangesOf(match.source_prefix_ranges),
        sourcePorts: match.source_ports ?? [],
      };
    });
    this.fallback = fallback;
    const [only, other] = chains;
    this.takesAll = other === undefined && (only === undefined || asksForNothing(only.config.filter_chain_match));
  }

  /** The chain for a connection, or null: it is closed. */
  match(socket: MatchedSocket, facts: Readonly<ConnectionFacts>): C | null {
    if (this.takesAll) return this.candidates[0]?.chain ?? this.fallback;
    const local = facts.local ?? socket.local;
    const remote = facts.remote ?? socket.remote;
    const port = local.kind === "ip" ? local.port : 0;
    const transport = facts.transportProtocol || "raw_buffer";
    let left = mostSpecific(
      this.candidates,
      (one) => one.port !== 0 && one.port === port,
      (one) => one.port === 0,
    );
    left = byRange(left, ({ ranges }) => ranges, local);
    left = byName(left, facts.serverName);
    left = mostSpecific(
      left,
      (one) => one.transport === transport,
      (one) => one.transport === "",
    );
    left = byProtocol(left, facts.applicationProtocols);
    left = byRange(left, ({ directSources }) => directSources, socket.remote);
    left = bySourceType(left, remote, local);
    left = byRange(left, ({ sources }) => sources, remote);
    left = bySourcePort(left, remote);
    return left[0]?.chain ?? this.fallback;
  }
}

function asksForNothing(match: FilterChainMatch = {}): boolean {
  return Object.values(match).every((asked) => asked === undefined || (Array.isArray(asked) && asked.length === 0));
}

function rangesOf(ranges: readonly CidrConfig[] = []): readonly CidrRange[] {
  return ranges.flatMap((range) => cidrRange(range.address_prefix, range.prefix_len ?? 0) ?? []);
}

/** Without ranges is as good as the widest range. */
function byRange<C>(
  candidates: readonly Candidate<C>[],
  rangesOf: (candidate: Candidate<C>) => readonly CidrRange[],
  address: Address,
): readonly Candidate<C>[] {
  if (candidates.every((candidate) => rangesOf(candidate).length === 0)) return candidates;
  const ip = address.kind === "ip" ? address : NO_IP;
  let best: Candidate<C>[] = [];
  let bestBits = 0;
  for (const candidate of candidates) {
    const ranges = rangesOf(candidate);
    const bits = ranges.length === 0 ? 0 : longest(ranges, ip);
    if (bits < bestBits) continue;
    if (bits > bestBits) best = [];
    bestBits = bits;
    best.push(candidate);
  }
  return best;
}

/** Below 0: none contains it. */
function longest(ranges: readonly CidrRange[], ip: IpAddress): number {
  let best = -1;
  for (const range of ranges) if (range.contains(ip)) best = Math.max(best, range.prefixLength);
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

function bySourceType<C>(
  candidates: readonly Candidate<C>[],
  remote: Address,
  local: Address,
): readonly Candidate<C>[] {
  if (candidates.every(({ sourceType }) => sourceType === "ANY")) return candidates;
  const kind = isSameIpOrLoopback(remote, local) ? "SAME_IP_OR_LOOPBACK" : "EXTERNAL";
  return mostSpecific(
    candidates,
    ({ sourceType }) => sourceType === kind,
    ({ sourceType }) => sourceType === "ANY",
  );
}

export function isSameIpOrLoopback(remote: Address, local: Address): boolean {
  if (remote.kind === "pipe") return true;
  if (remote.ip === "::1" || (remote.version === 4 && remote.ip.startsWith("127."))) return true;
  return local.kind === "ip" && local.ip === remote.ip;
}

function bySourcePort<C>(candidates: readonly Candidate<C>[], remote: Address): readonly Candidate<C>[] {
  const port = remote.kind === "ip" ? remote.port : 0;
  return mostSpecific(
    candidates,
    ({ sourcePorts }) => sourcePorts.includes(port),
    ({ sourcePorts }) => sourcePorts.length === 0,
  );
}

function mostSpecific<T>(all: readonly T[], specific: (one: T) => boolean, general: (one: T) => boolean): readonly T[] {
  const found = all.filter(specific);
  return found.length > 0 ? found : all.filter(general);
}

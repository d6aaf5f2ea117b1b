/**
 * `filter_chain_matcher`: which filter chain a connection takes, by a match tree (xds.type.matcher.v3.Matcher) over what is known of it.
 * An outcome that leads nowhere is as good as none: what stands behind it is tried, and `on_no_match` last.
 */

import { compileStringPredicate } from "../config/string_predicate.ts";
import type { CidrRange as CidrConfig } from "../config/types/core.ts";
import type { ChainAction, ConnectionMatcher, DomainMatcher, RangeMatcher } from "../config/types/listener.ts";
import type { OnMatch, Predicate } from "../config/types/matcher.ts";
import { type Address, ipAddress } from "../net/address.ts";
import { cidrRange } from "../net/cidr.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";
import { isSameIpOrLoopback, type MatchedSocket } from "./filter_chain_match.ts";

/** What is known of a connection, as the inputs ask for it. */
interface Known {
  readonly local: Address;
  readonly remote: Address;
  readonly directRemote: Address;
  readonly facts: Readonly<ConnectionFacts>;
}

/** Empty: it is not known. */
type Input = (known: Known) => string;
/** The name of a chain; null: nothing matches. */
type Node = (known: Known) => string | null;
type Tree = ConnectionMatcher;

const NETWORK = "envoy.extensions.matching.common_inputs.network.v3.";
const INPUTS: Readonly<Record<string, Input>> = {
  [`${NETWORK}DestinationIPInput`]: ({ local }) => ipOf(local),
  [`${NETWORK}DestinationPortInput`]: ({ local }) => portOf(local),
  [`${NETWORK}SourceIPInput`]: ({ remote }) => ipOf(remote),
  [`${NETWORK}SourcePortInput`]: ({ remote }) => portOf(remote),
  [`${NETWORK}DirectSourceIPInput`]: ({ directRemote }) => ipOf(directRemote),
  [`${NETWORK}SourceTypeInput`]: ({ remote, local }) => (isSameIpOrLoopback(remote, local) ? "local" : ""),
  [`${NETWORK}ServerNameInput`]: ({ facts }) => facts.serverName,
  [`${NETWORK}TransportProtocolInput`]: ({ facts }) => facts.transportProtocol || "raw_buffer",
  [`${NETWORK}ApplicationProtocolInput`]: ({ facts }) =>
    facts.applicationProtocols.map((protocol) => `'${protocol}'`).join(","),
};

export class ChainMatcherTree<C> {
  private readonly root: Node;
  private readonly chains: ReadonlyMap<string, C>;
  private readonly fallback: C | null;

  /** @param chains by name @param fallback `default_filter_chain` */
  constructor(tree: ConnectionMatcher, chains: ReadonlyMap<string, C>, fallback: C | null) {
    this.root = nodeOf(tree);
    this.chains = chains;
    this.fallback = fallback;
  }

  /** The chain for a connection, or null: it is closed. So is one for a chain that there is not. */
  match({ local, remote }: MatchedSocket, facts: Readonly<ConnectionFacts>): C | null {
    const known = { local: facts.local ?? local, remote: facts.remote ?? remote, directRemote: remote, facts };
    const name = this.root(known);
    return name === null ? this.fallback : (this.chains.get(name) ?? null);
  }
}

function ipOf(address: Address): string {
  return address.kind === "ip" ? address.ip : "";
}

function portOf(address: Address): string {
  return address.kind === "ip" ? String(address.port) : "";
}

/** The config door lets no other input through. */
function inputOf(type: string | undefined): Input {
  return INPUTS[type ?? ""] ?? (() => "");
}

function nodeOf({ matcher_list: list, matcher_tree: tree, on_no_match: otherwise }: ConnectionMatcher): Node {
  const found = tree !== undefined ? treeOf(tree) : listOf(list?.matchers ?? []);
  const last = otherwise === undefined ? () => null : outcomeOf(otherwise);
  return (known) => found(known) ?? last(known);
}

function outcomeOf({ matcher, action }: OnMatch<ChainAction>): Node {
  if (matcher !== undefined) return nodeOf(matcher);
  const name = action?.typed_config?.value ?? "";
  return () => name;
}

function listOf(matchers: NonNullable<Tree["matcher_list"]>["matchers"]): Node {
  const rows = matchers.map(({ predicate, on_match }) => ({
    holds: predicateOf(predicate),
    outcome: outcomeOf(on_match),
  }));
  return (known) => {
    for (const { holds, outcome } of rows) {
      const name = holds(known) ? outcome(known) : null;
      if (name !== null) return name;
    }
    return null;
  };
}

function predicateOf({ single_predicate, or_matcher, and_matcher, not_matcher }: Predicate): (known: Known) => boolean {
  if (single_predicate !== undefined) {
    const input = inputOf(single_predicate.input.typed_config?.["@type"]);
    const matches = compileStringPredicate(single_predicate.value_match ?? {});
    return (known) => {
      const value = input(known);
      return value !== "" && matches(value);
    };
  }
  if (not_matcher !== undefined) {
    const inner = predicateOf(not_matcher);
    return (known) => !inner(known);
  }
  const inner = (or_matcher ?? and_matcher)?.predicate.map(predicateOf) ?? [];
  return or_matcher !== undefined
    ? (known) => inner.some((one) => one(known))
    : (known) => inner.every((one) => one(known));
}

function treeOf(tree: NonNullable<Tree["matcher_tree"]>): Node {
  const input = inputOf(tree.input.typed_config?.["@type"]);
  const custom = tree.custom_match?.typed_config;
  if (custom !== undefined && "range_matchers" in custom) return byRange(input, custom.range_matchers ?? []);
  if (custom !== undefined && "domain_matchers" in custom) return byDomain(input, custom.domain_matchers ?? []);
  const entries = Object.entries((tree.exact_match_map ?? tree.prefix_match_map)?.map ?? {});
  const outcomes = new Map(entries.map(([key, onMatch]) => [key, outcomeOf(onMatch)]));
  if (tree.exact_match_map !== undefined) return (known) => outcomes.get(input(known))?.(known) ?? null;
  const longestFirst = [...outcomes].sort(([a], [b]) => b.length - a.length);
  return (known) => {
    const value = input(known);
    return value === "" ? null : first(longestFirst, known, (prefix) => value.startsWith(prefix));
  };
}

/** The outcome of the first row that has one. */
function first<K>(rows: readonly (readonly [K, Node])[], known: Known, fits: (key: K) => boolean): string | null {
  for (const [key, outcome] of rows) {
    const name = fits(key) ? outcome(known) : null;
    if (name !== null) return name;
  }
  return null;
}

/** The longest range first; an exclusive one is the last that is tried. */
function byRange(input: Input, matchers: readonly RangeMatcher[]): Node {
  const rows = matchers
    .flatMap(({ ranges = [], on_match, exclusive = false }) => {
      const outcome = on_match === undefined ? () => null : outcomeOf(on_match);
      return ranges.flatMap((range) => {
        const compiled = compiledRange(range);
        return compiled === null ? [] : [{ range: compiled, outcome, exclusive }];
      });
    })
    .sort((a, b) => b.range.prefixLength - a.range.prefixLength);
  return (known) => {
    const ip = ipAddress(input(known), 0);
    if (ip === null) return null;
    for (const { range, outcome, exclusive } of rows) {
      if (!range.contains(ip)) continue;
      const name = outcome(known);
      if (name !== null || exclusive) return name;
    }
    return null;
  };
}

function compiledRange({ address_prefix: prefix, prefix_len: length = 0 }: CidrConfig) {
  return cidrRange(prefix, length);
}

/** The name itself, then `*.` and what is below it, the nearest first, then `*`. */
function byDomain(input: Input, matchers: readonly DomainMatcher[]): Node {
  const outcomes = new Map(
    matchers.flatMap(({ domains = [], on_match }) =>
      domains.map((domain) => [domain.toLowerCase(), on_match === undefined ? () => null : outcomeOf(on_match)]),
    ) as [string, Node][],
  );
  return (known) => {
    const name = input(known);
    if (name === "") return null;
    const candidates = [name];
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1))
      candidates.push(`*${name.slice(dot)}`);
    candidates.push("*");
    for (const candidate of candidates) {
      const chain = outcomes.get(candidate)?.(known) ?? null;
      if (chain !== null) return chain;
    }
    return null;
  };
}

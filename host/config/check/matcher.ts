/** Match trees: what a tree may look at and lead to depends on where it stands. */

import type { Any } from "../types/core.ts";
import type { FilterChain, Listener } from "../types/listener.ts";
import { type At, rule } from "./rule.ts";

const HEADER_INPUT = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput";
const CHAIN_NAME = "google.protobuf.StringValue";

export const matcherRules = [
  rule<{ matcher?: object }>("envoy.config.route.v3.VirtualHost", ({ matcher }, at) => {
    for (const { kind, type } of partsOf(matcher)) {
      const fits = kind === "input" ? type === HEADER_INPUT : kind === "action" && type !== CHAIN_NAME;
      if (!fits) at.failField("matcher", `${type} has no place in a tree of routes`);
    }
  }),
  rule<Listener>("envoy.config.listener.v3.Listener", (listener, at) => {
    const { filter_chain_matcher: matcher } = listener;
    if (matcher === undefined) return;
    for (const { kind, type } of partsOf(matcher)) {
      const fits = kind === "input" ? type !== HEADER_INPUT : kind === "custom" || type === CHAIN_NAME;
      if (!fits) at.failField("filter_chain_matcher", `${type} has no place in a tree of filter chains`);
    }
    checkNames(listener.filter_chains ?? [], at);
  }),
];

/** Chains are found by name. */
function checkNames(chains: readonly FilterChain[], at: At): void {
  const names = new Set<string>();
  for (const [index, { name = "" }] of chains.entries()) {
    const place = at.element("filter_chains", chains, index);
    if (name === "") place.fail("a name is required where chains are chosen by a matcher");
    if (name !== "" && names.has(name)) place.fail(`a second chain ${name}, where chains are chosen by name`);
    names.add(name);
  }
}

interface Part {
  readonly kind: "input" | "action" | "custom";
  readonly type: string;
}

const KINDS: Readonly<Record<string, Part["kind"]>> = { input: "input", action: "action", custom_match: "custom" };

/** The extensions of a tree, wherever they stand in it; what is below an action is not the tree's. */
function* partsOf(node: unknown): Iterable<Part> {
  if (typeof node !== "object" || node === null) return;
  for (const [field, value] of Object.entries(node)) {
    const kind = KINDS[field];
    if (kind !== undefined) {
      const config = (value as { readonly typed_config?: Any }).typed_config;
      yield { kind, type: config?.["@type"] ?? "" };
      if (kind !== "action") yield* partsOf(config);
    } else {
      yield* partsOf(value);
    }
  }
}

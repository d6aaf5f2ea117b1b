/** xds.type.matcher.v3: match trees as far as we read them. `A` is what stands at their leaves. */
import type { Any, StringMatcher, TypedExtension } from "./core.ts";

/** At most one of `matcher_list` and `matcher_tree` is set. */
export interface Matcher<A extends Any, C extends Any = Any> {
  readonly matcher_list?: { readonly matchers: readonly FieldMatcher<A>[] };
  readonly matcher_tree?: MatcherTree<A, C>;
  readonly on_no_match?: OnMatch<A>;
}

export interface FieldMatcher<A extends Any> {
  readonly predicate: Predicate;
  readonly on_match: OnMatch<A>;
}

/** Exactly one is set. */
export interface Predicate {
  readonly single_predicate?: { readonly input: TypedExtension<HeaderInput>; readonly value_match?: StringMatcher };
  readonly or_matcher?: { readonly predicate: readonly Predicate[] };
  readonly and_matcher?: { readonly predicate: readonly Predicate[] };
  readonly not_matcher?: Predicate;
}

/** Exactly one of the maps is set. */
export interface MatcherTree<A extends Any, C extends Any = Any> {
  readonly input: TypedExtension<HeaderInput>;
  readonly exact_match_map?: MatchMap<A>;
  readonly prefix_match_map?: MatchMap<A>;
  readonly custom_match?: TypedExtension<C>;
}

export interface MatchMap<A extends Any> {
  readonly map: { readonly [key: string]: OnMatch<A> };
}

/** Exactly one is set. */
export interface OnMatch<A extends Any> {
  readonly matcher?: Matcher<A>;
  readonly action?: TypedExtension<A>;
}

/** envoy.type.matcher.v3.HttpRequestHeaderMatchInput. */
export interface HeaderInput extends Any {
  readonly "@type": "envoy.type.matcher.v3.HttpRequestHeaderMatchInput";
  readonly header_name: string;
}

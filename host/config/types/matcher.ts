/** xds.type.matcher.v3: match trees as far as we read them. */
import type { Any, StringMatcher, TypedExtension } from "./core.ts";
import type { Route } from "./route.ts";

/** At most one of `matcher_list` and `matcher_tree` is set. */
export interface Matcher {
  readonly matcher_list?: { readonly matchers: readonly FieldMatcher[] };
  readonly matcher_tree?: MatcherTree;
  readonly on_no_match?: OnMatch;
}

export interface FieldMatcher {
  readonly predicate: Predicate;
  readonly on_match: OnMatch;
}

/** Exactly one is set. */
export interface Predicate {
  readonly single_predicate?: { readonly input: TypedExtension<HeaderInput>; readonly value_match?: StringMatcher };
  readonly or_matcher?: { readonly predicate: readonly Predicate[] };
  readonly and_matcher?: { readonly predicate: readonly Predicate[] };
  readonly not_matcher?: Predicate;
}

/** Exactly one of the maps is set. */
export interface MatcherTree {
  readonly input: TypedExtension<HeaderInput>;
  readonly exact_match_map?: MatchMap;
  readonly prefix_match_map?: MatchMap;
}

export interface MatchMap {
  readonly map: { readonly [key: string]: OnMatch };
}

/** Exactly one is set. */
export interface OnMatch {
  readonly matcher?: Matcher;
  readonly action?: TypedExtension<RouteMatchAction | RouteList>;
}

/** envoy.type.matcher.v3.HttpRequestHeaderMatchInput. */
export interface HeaderInput extends Any {
  readonly "@type": "envoy.type.matcher.v3.HttpRequestHeaderMatchInput";
  readonly header_name: string;
}

export interface RouteMatchAction extends Any, Route {
  readonly "@type": "envoy.config.route.v3.Route";
}

export interface RouteList extends Any {
  readonly "@type": "envoy.config.route.v3.RouteList";
  readonly routes?: readonly Route[];
}

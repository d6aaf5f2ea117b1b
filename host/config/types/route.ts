/** envoy.config.route.v3: route tables as far as we read them. */
import type {
  Any,
  DataSource,
  DurationMs,
  HeaderValueOption,
  Metadata,
  RegexMatchAndSubstitute,
  RegexMatcher,
  StringMatcher,
} from "./core.ts";
import type { Matcher } from "./matcher.ts";

/** The four lists that a route table, a virtual host, a route and a weighted cluster have alike. */
export interface HeaderMutations {
  readonly request_headers_to_add?: readonly HeaderValueOption[];
  readonly request_headers_to_remove?: readonly string[];
  readonly response_headers_to_add?: readonly HeaderValueOption[];
  readonly response_headers_to_remove?: readonly string[];
}

/** Per-route config by the filter's name in the chain. */
export type TypedPerFilterConfig = { readonly [filterName: string]: Any };

export interface RouteConfiguration extends HeaderMutations {
  readonly name?: string;
  readonly virtual_hosts?: readonly VirtualHost[];
  /** Absent: true for a table in the listener. */
  readonly validate_clusters?: boolean;
  readonly most_specific_header_mutations_wins?: boolean;
  readonly internal_only_headers?: readonly string[];
  readonly ignore_port_in_host_matching?: boolean;
  readonly ignore_path_parameters_in_path_matching?: boolean;
  readonly max_direct_response_body_size_bytes?: number;
  readonly typed_per_filter_config?: TypedPerFilterConfig;
}

export interface VirtualHost extends HeaderMutations {
  readonly name: string;
  readonly domains: readonly string[];
  /** Not both: a list, or a tree that leads to routes. */
  readonly routes?: readonly Route[];
  readonly matcher?: Matcher<RouteLeaf>;
  readonly metadata?: Metadata;
  readonly require_tls?: "NONE" | "EXTERNAL_ONLY" | "ALL";
  readonly virtual_clusters?: readonly VirtualCluster[];
  readonly include_request_attempt_count?: boolean;
  readonly include_attempt_count_in_response?: boolean;
  readonly include_is_timeout_retry_header?: boolean;
  /** Of routes that have none of their own. */
  readonly retry_policy?: RetryPolicy;
  readonly per_request_buffer_limit_bytes?: number;
  readonly request_body_buffer_limit?: number | bigint;
  readonly typed_per_filter_config?: TypedPerFilterConfig;
}

export interface VirtualCluster {
  readonly name: string;
  /** All must match. */
  readonly headers?: readonly HeaderMatcher[];
}

/** Exactly one of the actions is set. */
export interface Route extends HeaderMutations {
  readonly metadata?: Metadata;
  readonly name?: string;
  readonly match: RouteMatch;
  readonly route?: RouteAction;
  readonly redirect?: RedirectAction;
  readonly direct_response?: DirectResponseAction;
  readonly per_request_buffer_limit_bytes?: number;
  readonly request_body_buffer_limit?: number | bigint;
  readonly typed_per_filter_config?: TypedPerFilterConfig;
  readonly stat_prefix?: string;
}

/** Exactly one of the path rules is set. */
export interface RouteMatch {
  readonly prefix?: string;
  readonly path?: string;
  readonly path_separated_prefix?: string;
  readonly connect_matcher?: object;
  readonly safe_regex?: RegexMatcher;
  /** Absent: true. */
  readonly case_sensitive?: boolean;
  readonly headers?: readonly HeaderMatcher[];
  readonly query_parameters?: readonly QueryParameterMatcher[];
  readonly grpc?: object;
}

export interface RetryPolicy {
  readonly retry_on?: string;
  /** Absent: 1. */
  readonly num_retries?: number;
  readonly per_try_timeout?: DurationMs;
  readonly per_try_idle_timeout?: DurationMs;
  readonly retry_host_predicate?: readonly { readonly name: string; readonly typed_config: Any }[];
  readonly host_selection_retry_max_attempts?: number;
  readonly retriable_status_codes?: readonly number[];
  readonly retry_back_off?: { readonly base_interval: DurationMs; readonly max_interval?: DurationMs };
  readonly rate_limited_retry_back_off?: {
    readonly reset_headers: readonly { readonly name: string; readonly format?: "SECONDS" | "UNIX_TIMESTAMP" }[];
    readonly max_interval?: DurationMs;
  };
  readonly retriable_headers?: readonly HeaderMatcher[];
  readonly retriable_request_headers?: readonly HeaderMatcher[];
}

/** At most one rule is set; none means present. The four `*_match` of strings are deprecated spellings of `string_match`. */
export interface HeaderMatcher {
  readonly name: string;
  readonly exact_match?: string;
  readonly safe_regex_match?: RegexMatcher;
  readonly range_match?: { readonly start?: number | bigint; readonly end?: number | bigint };
  readonly present_match?: boolean;
  readonly prefix_match?: string;
  readonly suffix_match?: string;
  readonly contains_match?: string;
  readonly string_match?: StringMatcher;
  readonly invert_match?: boolean;
  readonly treat_missing_header_as_empty?: boolean;
}

export interface QueryParameterMatcher {
  readonly name: string;
  readonly string_match?: StringMatcher;
  readonly present_match?: boolean;
}

/** Exactly one of `cluster` and `weighted_clusters` is set. */
export interface RouteAction {
  readonly cluster?: string;
  readonly weighted_clusters?: WeightedCluster;
  readonly cluster_not_found_response_code?: "SERVICE_UNAVAILABLE" | "NOT_FOUND" | "INTERNAL_SERVER_ERROR";
  readonly prefix_rewrite?: string;
  readonly regex_rewrite?: RegexMatchAndSubstitute;
  readonly host_rewrite_literal?: string;
  readonly auto_host_rewrite?: boolean;
  readonly host_rewrite_header?: string;
  readonly host_rewrite_path_regex?: RegexMatchAndSubstitute;
  readonly append_x_forwarded_host?: boolean;
  /** Absent: 15 s; 0: none. */
  readonly timeout?: DurationMs;
  readonly idle_timeout?: DurationMs;
  readonly max_grpc_timeout?: DurationMs;
  readonly grpc_timeout_offset?: DurationMs;
  readonly priority?: "DEFAULT" | "HIGH";
  readonly retry_policy?: RetryPolicy;
  readonly max_stream_duration?: {
    readonly max_stream_duration?: DurationMs;
    readonly grpc_timeout_header_max?: DurationMs;
    readonly grpc_timeout_header_offset?: DurationMs;
  };
  readonly upgrade_configs?: readonly {
    readonly upgrade_type: string;
    readonly enabled?: boolean;
    /** CONNECT alone: it ends here. */
    readonly connect_config?: object;
  }[];
}

export interface WeightedCluster {
  readonly clusters: readonly ClusterWeight[];
  /** A request header whose number chooses, instead of the dice. */
  readonly header_name?: string;
}

export interface ClusterWeight extends HeaderMutations {
  readonly name?: string;
  readonly weight?: number;
  readonly host_rewrite_literal?: string;
  readonly typed_per_filter_config?: TypedPerFilterConfig;
}

export interface RedirectAction {
  readonly https_redirect?: boolean;
  readonly scheme_redirect?: string;
  readonly host_redirect?: string;
  readonly port_redirect?: number;
  readonly path_redirect?: string;
  readonly prefix_rewrite?: string;
  readonly regex_rewrite?: RegexMatchAndSubstitute;
  /** Absent: MOVED_PERMANENTLY. */
  readonly response_code?: "MOVED_PERMANENTLY" | "FOUND" | "SEE_OTHER" | "TEMPORARY_REDIRECT" | "PERMANENT_REDIRECT";
  readonly strip_query?: boolean;
}

export interface DirectResponseAction {
  readonly status: number;
  readonly body?: DataSource;
}

/** What stands at the leaves of a virtual host's match tree. */
export type RouteLeaf = RouteMatchAction | RouteList;

export interface RouteMatchAction extends Any, Route {
  readonly "@type": "envoy.config.route.v3.Route";
}

export interface RouteList extends Any {
  readonly "@type": "envoy.config.route.v3.RouteList";
  readonly routes?: readonly Route[];
}

/** Routes, match trees, and what filters are told per route. */

import type { MessageSupport } from "./message_support.ts";
import { METADATA } from "./reasons.ts";

const ABSENT_FILTER = "speaks to a filter that is not in the chain";

const HEADER_MUTATIONS = [
  "request_headers_to_add",
  "request_headers_to_remove",
  "response_headers_to_add",
  "response_headers_to_remove",
] as const;

export const routeMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.route.v3.RouteConfiguration": {
    read: [
      "typed_per_filter_config",
      "name",
      "virtual_hosts",
      ...HEADER_MUTATIONS,
      "validate_clusters",
      "most_specific_header_mutations_wins",
      "ignore_port_in_host_matching",
      "ignore_path_parameters_in_path_matching",
      "internal_only_headers",
      "max_direct_response_body_size_bytes",
    ],
    inert: { metadata: METADATA },
  },
  "envoy.config.route.v3.VirtualHost": {
    read: [
      "metadata",
      "name",
      "domains",
      "routes",
      "matcher",
      "require_tls",
      "virtual_clusters",
      "typed_per_filter_config",
      ...HEADER_MUTATIONS,
      "include_request_attempt_count",
      "include_attempt_count_in_response",
    ],
  },
  "envoy.config.route.v3.VirtualCluster": { read: ["headers", "name"] },
  "envoy.config.route.v3.Route": {
    read: [
      "metadata",
      "name",
      "match",
      "route",
      "redirect",
      "direct_response",
      "typed_per_filter_config",
      ...HEADER_MUTATIONS,
    ],
    inert: {
      decorator: "names a span, and there is no tracing yet",
    },
  },
  // Per-route config of a filter that no chain can have yet: what a config without the filter says of it changes nothing.
  "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute": {
    read: [],
    inert: { disabled: ABSENT_FILTER, check_settings: ABSENT_FILTER },
  },
  "envoy.config.route.v3.RouteList": { read: ["routes"] },
  "xds.type.matcher.v3.Matcher": { read: ["matcher_list", "matcher_tree", "on_no_match"] },
  "xds.type.matcher.v3.Matcher.OnMatch": { read: ["matcher", "action"] },
  "xds.type.matcher.v3.Matcher.MatcherList": { read: ["matchers"] },
  "xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher": { read: ["predicate", "on_match"] },
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate": {
    read: ["single_predicate", "or_matcher", "and_matcher", "not_matcher"],
  },
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate": { read: ["input", "value_match"] },
  "xds.type.matcher.v3.Matcher.MatcherList.Predicate.PredicateList": { read: ["predicate"] },
  "xds.type.matcher.v3.Matcher.MatcherTree": { read: ["input", "exact_match_map", "prefix_match_map"] },
  "xds.type.matcher.v3.Matcher.MatcherTree.MatchMap": { read: ["map"] },
  "xds.type.matcher.v3.StringMatcher": {
    read: ["exact", "prefix", "suffix", "contains", "safe_regex", "ignore_case"],
  },
  "xds.type.matcher.v3.RegexMatcher": { read: ["regex"], inert: { google_re2: "RE2 is the only engine" } },
  "xds.core.v3.TypedExtensionConfig": { read: ["name", "typed_config"] },
  "envoy.type.matcher.v3.HttpRequestHeaderMatchInput": { read: ["header_name"] },
  "envoy.config.route.v3.RouteMatch": {
    read: [
      "prefix",
      "path",
      "path_separated_prefix",
      "connect_matcher",
      "safe_regex",
      "case_sensitive",
      "headers",
      "query_parameters",
      "grpc",
    ],
  },
  "envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions": { read: [] },
  "envoy.config.route.v3.HeaderMatcher": {
    read: [
      "name",
      "exact_match",
      "safe_regex_match",
      "range_match",
      "present_match",
      "prefix_match",
      "suffix_match",
      "contains_match",
      "string_match",
      "invert_match",
      "treat_missing_header_as_empty",
    ],
  },
  "envoy.config.route.v3.QueryParameterMatcher": { read: ["name", "string_match", "present_match"] },
  "envoy.config.route.v3.RouteAction": {
    read: [
      "cluster",
      "weighted_clusters",
      "cluster_not_found_response_code",
      "prefix_rewrite",
      "regex_rewrite",
      "host_rewrite_literal",
      "auto_host_rewrite",
      "host_rewrite_header",
      "host_rewrite_path_regex",
      "append_x_forwarded_host",
      "timeout",
      "idle_timeout",
      "max_stream_duration",
      "max_grpc_timeout",
      "grpc_timeout_offset",
      "priority",
      "upgrade_configs",
    ],
  },
  "envoy.config.route.v3.RouteAction.MaxStreamDuration": {
    read: ["max_stream_duration", "grpc_timeout_header_max", "grpc_timeout_header_offset"],
  },
  "envoy.config.route.v3.RouteAction.UpgradeConfig": { read: ["upgrade_type", "enabled", "connect_config"] },
  "envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig": { read: [] },
  "envoy.config.route.v3.RouteMatch.ConnectMatcher": { read: [] },
  "envoy.config.route.v3.WeightedCluster": {
    read: ["clusters", "header_name"],
    inert: {
      total_weight: "Envoy takes the sum of the weights whatever this says",
      runtime_key_prefix: "weights in the runtime are read by Envoy only when a layer has them",
    },
  },
  "envoy.config.route.v3.WeightedCluster.ClusterWeight": {
    read: ["name", "weight", "typed_per_filter_config", ...HEADER_MUTATIONS, "host_rewrite_literal"],
  },
  "envoy.config.route.v3.RedirectAction": {
    read: [
      "https_redirect",
      "scheme_redirect",
      "host_redirect",
      "port_redirect",
      "path_redirect",
      "prefix_rewrite",
      "regex_rewrite",
      "response_code",
      "strip_query",
    ],
  },
  "envoy.config.route.v3.DirectResponseAction": { read: ["status", "body"] },
};

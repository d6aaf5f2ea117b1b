/** envoy.extensions.filters.http.cors.v3: nothing for the filter itself, a policy for each virtual host or route. */

import { RE2JS } from "re2js";
import type { RuntimeFractionalPercent, StringMatcher } from "../../../host/config/types/core.ts";

/** What a browser of another origin may do; what a level leaves open (undefined), the one above it says. */
export interface CorsPolicy {
  readonly allowsOrigin?: (origin: string) => boolean;
  /** Field values. */
  readonly allowMethods?: string;
  readonly allowHeaders?: string;
  readonly exposeHeaders?: string;
  readonly maxAge?: string;
  readonly allowCredentials?: boolean;
  readonly allowPrivateNetworkAccess?: boolean;
  /** A preflight from an origin that is not allowed goes on to the upstream. */
  readonly forwardsOtherPreflights?: boolean;
  /** Of 2^32 random values those below it have the policy in force, or counted alone. */
  readonly enabledBelow: number;
  readonly shadowBelow: number;
}

/** The levels of a route as one policy: the most specific word on each field. @param levels least specific first */
export function mergePolicies(levels: readonly CorsPolicy[]): CorsPolicy | undefined {
  return levels.length < 2 ? levels[0] : Object.assign({}, ...levels);
}

interface CorsPolicyConfig {
  readonly allow_origin_string_match?: readonly StringMatcher[];
  readonly allow_methods?: string;
  readonly allow_headers?: string;
  readonly expose_headers?: string;
  readonly max_age?: string;
  readonly allow_credentials?: boolean;
  readonly allow_private_network_access?: boolean;
  readonly forward_not_matching_preflights?: boolean;
  readonly filter_enabled?: RuntimeFractionalPercent;
  readonly shadow_enabled?: RuntimeFractionalPercent;
}

const DENOMINATORS = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const;

/** Of 2^32 random values those below it are in. */
function threshold(fraction: RuntimeFractionalPercent | undefined, absent: number): number {
  const percent = fraction?.default_value;
  if (fraction === undefined) return absent;
  return ((percent?.numerator ?? 0) / DENOMINATORS[percent?.denominator ?? "HUNDRED"]) * 2 ** 32;
}

export function decodeCorsPolicy(config: object): CorsPolicy {
  const policy = config as CorsPolicyConfig;
  const matchers = (policy.allow_origin_string_match ?? []).map(compileMatcher);
  return {
    ...(matchers.length === 0 ? {} : { allowsOrigin: (origin) => matchers.some((matches) => matches(origin)) }),
    ...text("allowMethods", policy.allow_methods),
    ...text("allowHeaders", policy.allow_headers),
    ...text("exposeHeaders", policy.expose_headers),
    ...text("maxAge", policy.max_age),
    ...flag("allowCredentials", policy.allow_credentials),
    ...flag("allowPrivateNetworkAccess", policy.allow_private_network_access),
    ...flag("forwardsOtherPreflights", policy.forward_not_matching_preflights),
    enabledBelow: threshold(policy.filter_enabled, 2 ** 32),
    shadowBelow: threshold(policy.shadow_enabled, 0),
  };
}

function text(name: keyof CorsPolicy, value: string | undefined): object {
  return value === undefined || value === "" ? {} : { [name]: value };
}

function flag(name: keyof CorsPolicy, value: boolean | undefined): object {
  return value === undefined ? {} : { [name]: value };
}

function compileMatcher(matcher: StringMatcher): (text: string) => boolean {
  if (matcher.safe_regex !== undefined) {
    const regex = RE2JS.compile(matcher.safe_regex.regex);
    return (text) => regex.matches(text);
  }
  const fold = matcher.ignore_case === true ? (text: string) => text.toLowerCase() : (text: string) => text;
  const { prefix, suffix, contains } = matcher;
  if (prefix !== undefined) return (text) => fold(text).startsWith(fold(prefix));
  if (suffix !== undefined) return (text) => fold(text).endsWith(fold(suffix));
  if (contains !== undefined) return (text) => fold(text).includes(fold(contains));
  const exact = matcher.exact ?? "";
  return exact === "*" ? () => true : (text) => fold(text) === fold(exact);
}

/**
 * `config.route.v3.HeaderMatcher` over a HeaderMap in JavaScript, for places that are not hot: log filters, tests. Routes are
 * matched in the core (`assembly/route/header_match.ts`), by the same rules.
 */

import { compileStringPredicate } from "../config/string_predicate.ts";
import type { HeaderMatcher } from "../config/types/route.ts";

/** The values of a name, in order; none: the header is missing. */
export type HeaderLookup = (name: string) => readonly string[];

/** Throws what re2js throws for a pattern that is no RE2 syntax. */
export function compileHeaderPredicate(matcher: HeaderMatcher): (lookup: HeaderLookup) => boolean {
  const lower = matcher.name.toLowerCase();
  const name = lower === "host" ? ":authority" : lower;
  const inverted = matcher.invert_match === true;
  const missingIsEmpty = matcher.treat_missing_header_as_empty === true;
  const matches = compileRule(matcher);
  if (matches === undefined) {
    const wanted = matcher.present_match !== false;
    return (lookup) => ((missingIsEmpty || lookup(name).length > 0) === wanted) !== inverted;
  }
  return (lookup) => {
    let values = lookup(name);
    if (values.length === 0) {
      if (!missingIsEmpty) return false;
      values = [""];
    }
    return values.some(matches) !== inverted;
  };
}

/** Undefined: only presence counts. */
function compileRule(matcher: HeaderMatcher): ((value: string) => boolean) | undefined {
  const { exact_match, prefix_match, suffix_match, contains_match, safe_regex_match, range_match } = matcher;
  if (matcher.string_match !== undefined) return compileStringPredicate(matcher.string_match);
  if (exact_match !== undefined && exact_match !== "") return compileStringPredicate({ exact: exact_match });
  if (prefix_match !== undefined) return compileStringPredicate({ prefix: prefix_match });
  if (suffix_match !== undefined) return compileStringPredicate({ suffix: suffix_match });
  if (contains_match !== undefined) return compileStringPredicate({ contains: contains_match });
  if (safe_regex_match !== undefined) return compileStringPredicate({ safe_regex: safe_regex_match });
  if (range_match !== undefined) {
    const start = BigInt(range_match.start ?? 0);
    const end = BigInt(range_match.end ?? 0);
    return (value) => {
      const number = wholeNumber(value);
      return number !== undefined && number >= start && number < end;
    };
  }
  return undefined;
}

/** A decimal number of 64 bits with white space around it, or undefined. */
function wholeNumber(value: string): bigint | undefined {
  const digits = /^[ \t-\r]*([+-]?)(\d+)[ \t-\r]*$/.exec(value);
  if (digits === null) return undefined;
  const number = BigInt(digits[2] ?? "") * (digits[1] === "-" ? -1n : 1n);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

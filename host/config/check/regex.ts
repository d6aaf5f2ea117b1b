/** Regular expressions are RE2's: the syntax that has linear time, and nothing else. */
import { RE2JS } from "re2js";
import { quote } from "../source/node.ts";
import type { RegexMatcher } from "../types/core.ts";
import { rule } from "./check.ts";

/** What is wrong with a pattern, if anything. */
export function regexReason(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return `${quote(pattern)} is no RE2 regex: ${(error as Error).message}`;
  }
}

export const regexRules = [
  rule<RegexMatcher>("envoy.type.matcher.v3.RegexMatcher", (matcher, at) => {
    const reason = regexReason(matcher.regex);
    if (reason !== undefined) at.failField("regex", reason);
  }),
];

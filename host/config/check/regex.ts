/** Regular expressions are RE2's: the syntax that has linear time, and nothing else. */
import { RE2JS } from "re2js";
import { quote } from "../source/node.ts";
import type { RegexMatcher, StringMatcher } from "../types/core.ts";
import { PROGRAM_SIZE_MAX, programSize } from "./regex_size.ts";
import { rule } from "./rule.ts";

/** `\x{100}` and beyond: Envoy's RE2 reads patterns and texts as Latin-1. */
const WIDE_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\x\{0*([0-9a-fA-F]{3,})\}/;

/** What is wrong with a pattern, if anything. */
export function regexReason(pattern: string): string | undefined {
  const wide = WIDE_ESCAPE.exec(pattern)?.[1];
  if (wide !== undefined) return `${quote(pattern)} is no RE2 regex: \\x{${wide}} is more than a byte`;
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(Buffer.from(pattern, "utf8").toString("latin1"));
  } catch (error) {
    const reason = (error as Error).message;
    // Two things that RE2 takes and re2js does not.
    const known = /duplicate capture group name|invalid escape sequence: `\\C`/.test(reason);
    return `${quote(pattern)} ${known ? "is not supported yet" : "is no RE2 regex"}: ${reason}`;
  }
  const size = programSize(regex, pattern);
  if (size <= PROGRAM_SIZE_MAX) return undefined;
  return `${quote(pattern)} makes a program of ${size} instructions, more than Envoy's ${PROGRAM_SIZE_MAX}`;
}

export const regexRules = [
  ...["envoy.type.matcher.v3.RegexMatcher", "xds.type.matcher.v3.RegexMatcher"].map((type) =>
    rule<RegexMatcher>(type, (matcher, at) => {
      const reason = regexReason(matcher.regex);
      if (reason !== undefined) at.failField("regex", reason);
    }),
  ),
  rule<StringMatcher>("envoy.type.matcher.v3.StringMatcher", (matcher, at) => {
    if (matcher.safe_regex !== undefined && matcher.ignore_case === true) {
      at.failField("ignore_case", "ignore_case has no effect on safe_regex; write (?i) into the regex");
    }
  }),
];

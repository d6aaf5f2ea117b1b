/** `type.matcher.v3.StringMatcher` in JavaScript, for places that are not hot: log filters, names of certificates. */

import { RE2JS } from "re2js";
import { utf8AsLatin1 } from "../wasm/text.ts";
import type { StringMatcher } from "./types/core.ts";

/** A predicate over latin1 text. Throws what re2js throws for a pattern that is no RE2 syntax. */
export function compileStringPredicate(matcher: StringMatcher): (value: string) => boolean {
  if (matcher.safe_regex !== undefined) {
    // Pattern and value are read byte by byte, as by Envoy's RE2.
    const pattern = RE2JS.compile(utf8AsLatin1(matcher.safe_regex.regex));
    return (value) => pattern.matches(value);
  }
  const fold = matcher.ignore_case === true ? lowerAscii : (text: string) => text;
  const text = fold(utf8AsLatin1(matcher.prefix ?? matcher.suffix ?? matcher.contains ?? matcher.exact ?? ""));
  if (matcher.prefix !== undefined) return (value) => fold(value).startsWith(text);
  if (matcher.suffix !== undefined) return (value) => fold(value).endsWith(text);
  if (matcher.contains !== undefined) return (value) => fold(value).includes(text);
  return (value) => fold(value) === text;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

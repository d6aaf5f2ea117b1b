/**
 * RegexMatchAndSubstitute: replaces every match of an RE2 pattern in a text, as RE2::GlobalReplace does. Runs in JavaScript:
 * it needs captures, which would make the core's matcher a larger thing, and runs once per rewritten request.
 */

import type { RE2JS } from "re2js";
import type { RegexMatchAndSubstitute } from "../../config/types/core.ts";
import { utf8AsLatin1 } from "../../wasm/text.ts";
import { compileRe2 } from "./byte_program.ts";

/** Replaces in a latin1 text (one character for each byte). */
export type Substitute = (text: string) => string;

/** Throws an Error with the reason when the pattern is no RE2 syntax or the substitution asks for a group that it has not. */
export function compileSubstitution(config: RegexMatchAndSubstitute): Substitute {
  const pattern = compileRe2(config.pattern.regex);
  const parts = parseSubstitution(config.substitution ?? "", pattern.groupCount());
  return (text) => replaceAll(pattern, parts, text);
}

/** Literals in latin1, and numbers of groups. */
function parseSubstitution(substitution: string, groups: number): (string | number)[] {
  const parts: (string | number)[] = [];
  const text = utf8AsLatin1(substitution);
  let literal = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character !== "\\") {
      literal += character;
      continue;
    }
    const escaped = text[++i] ?? "";
    if (escaped === "\\") {
      literal += "\\";
    } else if (escaped >= "0" && escaped <= "9") {
      const group = Number(escaped);
      if (group > groups) throw new Error(`substitution asks for group ${group}, the pattern has ${groups}`);
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(group);
    } else {
      throw new Error("substitution has a backslash that is followed neither by a digit nor by a backslash");
    }
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

function replaceAll(pattern: RE2JS, parts: readonly (string | number)[], text: string): string {
  const matcher = pattern.matcher(text);
  let result = "";
  let end = 0;
  let lastMatchEnd = -1;
  while (matcher.find()) {
    const start = matcher.start();
    // An empty match right behind a match is none.
    if (start === matcher.end() && start === lastMatchEnd) continue;
    result += text.slice(end, start);
    for (const part of parts) {
      if (typeof part === "string") result += part;
      else if (matcher.start(part) >= 0) result += text.slice(matcher.start(part), matcher.end(part));
    }
    end = matcher.end();
    lastMatchEnd = end;
  }
  return result + text.slice(end);
}

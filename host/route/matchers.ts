/** StringMatcher, HeaderMatcher and QueryParameterMatcher of the config -> records of the match program. */

import type { StringMatcher } from "../config/types/core.ts";
import type { HeaderMatcher, QueryParameterMatcher } from "../config/types/route.ts";
import {
  HEADER_MATCH_ABSENT,
  HEADER_MATCH_INVERT,
  HEADER_MATCH_JOINED,
  HEADER_MATCH_MISSING_IS_EMPTY,
  HEADER_MATCH_PRESENT,
  HEADER_MATCH_RANGE,
  HEADER_MATCH_TEXT,
  HEADER_MATCHER_BYTES,
  HEADER_MATCHER_ID,
  HEADER_MATCHER_KIND,
  HEADER_MATCHER_NAME,
  HEADER_MATCHER_NAME_LENGTH,
  HEADER_MATCHER_RULE,
  HEADER_NAME_BYTES,
  HEADER_NAME_LENGTH,
  HEADER_NAME_TEXT,
  MATCHERS_COUNT,
  MATCHERS_FIRST,
  QUERY_MATCH_ABSENT,
  QUERY_MATCH_PRESENT,
  QUERY_MATCH_TEXT,
  QUERY_MATCHER_BYTES,
  QUERY_MATCHER_KIND,
  QUERY_MATCHER_NAME,
  QUERY_MATCHER_NAME_LENGTH,
  QUERY_MATCHER_RULE,
  TEXT_CONTAINS,
  TEXT_EXACT,
  TEXT_IGNORE_CASE,
  TEXT_KIND,
  TEXT_LENGTH,
  TEXT_OFFSET,
  TEXT_PREFIX,
  TEXT_REGEX,
  TEXT_SUFFIX,
} from "../wasm/layout.gen.ts";
import { isJoined } from "./joined_headers.ts";
import { lowerAscii, type ProgramWriter, utf8 } from "./program_writer.ts";
import { writeRegex } from "./regex_writer.ts";

/** Known id of a header name in lower case, or 0. */
export type NameId = (name: string) => number;

/** Writes a list of header matchers; all of them must match. @returns its offset, 0 for none */
export function writeHeaderList(
  writer: ProgramWriter,
  matchers: readonly HeaderMatcher[] | undefined,
  nameId: NameId,
): number {
  if (matchers === undefined || matchers.length === 0) return 0;
  const list = writer.reserve(MATCHERS_FIRST + matchers.length * HEADER_MATCHER_BYTES);
  writer.u32(list + MATCHERS_COUNT, matchers.length);
  matchers.forEach((matcher, i) => {
    writeHeaderMatcher(writer, list + MATCHERS_FIRST + i * HEADER_MATCHER_BYTES, matcher, nameId);
  });
  return list;
}

function writeHeaderMatcher(writer: ProgramWriter, at: number, matcher: HeaderMatcher, nameId: NameId): void {
  const name = nameInHead(matcher.name);
  const bytes = utf8(name);
  writer.u32(at + HEADER_MATCHER_NAME, writer.text(bytes));
  writer.u32(at + HEADER_MATCHER_NAME_LENGTH, bytes.length);
  let kind = HEADER_MATCH_TEXT;
  const text = textRule(matcher);
  if (matcher.range_match !== undefined) {
    kind = HEADER_MATCH_RANGE;
    writer.i64(at + HEADER_MATCHER_RULE, BigInt(matcher.range_match.start ?? 0));
    writer.i64(at + HEADER_MATCHER_RULE + 8, BigInt(matcher.range_match.end ?? 0));
  } else if (text !== undefined) {
    writeText(writer, at + HEADER_MATCHER_RULE, text);
  } else {
    kind = HEADER_MATCH_PRESENT;
    if (matcher.present_match === false) kind |= HEADER_MATCH_ABSENT;
  }
  if (matcher.invert_match === true) kind |= HEADER_MATCH_INVERT;
  if (isJoined(name, "request")) kind |= HEADER_MATCH_JOINED;
  if (matcher.treat_missing_header_as_empty === true) kind |= HEADER_MATCH_MISSING_IS_EMPTY;
  writer.u32(at + HEADER_MATCHER_ID, nameId(name));
  writer.u32(at + HEADER_MATCHER_KIND, kind);
}

/** The rule of a header matcher that looks at the value; the deprecated spellings are string matchers too. */
function textRule(matcher: HeaderMatcher): StringMatcher | undefined {
  if (matcher.string_match !== undefined) return matcher.string_match;
  // An empty `exact_match` asks for presence alone.
  if (matcher.exact_match !== undefined && matcher.exact_match !== "") return { exact: matcher.exact_match };
  if (matcher.prefix_match !== undefined) return { prefix: matcher.prefix_match };
  if (matcher.suffix_match !== undefined) return { suffix: matcher.suffix_match };
  if (matcher.contains_match !== undefined) return { contains: matcher.contains_match };
  if (matcher.safe_regex_match !== undefined) return { safe_regex: matcher.safe_regex_match };
  return undefined;
}

/** Writes the name of a header. @returns its offset */
export function writeHeaderName(writer: ProgramWriter, name: string): number {
  const record = writer.reserve(HEADER_NAME_BYTES);
  const bytes = utf8(nameInHead(name));
  writer.u32(record + HEADER_NAME_TEXT, writer.text(bytes));
  writer.u32(record + HEADER_NAME_LENGTH, bytes.length);
  return record;
}

/** In lower case; HTTP/1's Host is `:authority` in a head. */
function nameInHead(name: string): string {
  const lower = lowerAscii(name);
  return lower === "host" ? ":authority" : lower;
}

/** Writes a list of query parameter matchers; all of them must match. @returns its offset, 0 for none */
export function writeQueryList(writer: ProgramWriter, matchers: readonly QueryParameterMatcher[] | undefined): number {
  if (matchers === undefined || matchers.length === 0) return 0;
  const list = writer.reserve(MATCHERS_FIRST + matchers.length * QUERY_MATCHER_BYTES);
  writer.u32(list + MATCHERS_COUNT, matchers.length);
  matchers.forEach((matcher, i) => {
    const at = list + MATCHERS_FIRST + i * QUERY_MATCHER_BYTES;
    const name = utf8(matcher.name);
    writer.u32(at + QUERY_MATCHER_NAME, writer.text(name));
    writer.u32(at + QUERY_MATCHER_NAME_LENGTH, name.length);
    if (matcher.string_match !== undefined) {
      writer.u32(at + QUERY_MATCHER_KIND, QUERY_MATCH_TEXT);
      writeText(writer, at + QUERY_MATCHER_RULE, matcher.string_match);
    } else {
      writer.u32(at + QUERY_MATCHER_KIND, matcher.present_match === false ? QUERY_MATCH_ABSENT : QUERY_MATCH_PRESENT);
    }
  });
  return list;
}

/** Writes a text matcher of TEXT_MATCHER_BYTES to an offset. */
export function writeText(writer: ProgramWriter, at: number, matcher: StringMatcher): void {
  if (matcher.safe_regex !== undefined) {
    // `ignore_case` has no effect on a regular expression, as in Envoy.
    writer.u32(at + TEXT_KIND, TEXT_REGEX);
    writer.u32(at + TEXT_OFFSET, writeRegex(writer, matcher.safe_regex.regex));
    return;
  }
  let kind = TEXT_EXACT;
  if (matcher.prefix !== undefined) kind = TEXT_PREFIX;
  else if (matcher.suffix !== undefined) kind = TEXT_SUFFIX;
  else if (matcher.contains !== undefined) kind = TEXT_CONTAINS;
  const text = matcher.prefix ?? matcher.suffix ?? matcher.contains ?? matcher.exact ?? "";
  const ignoreCase = matcher.ignore_case === true;
  const bytes = utf8(ignoreCase ? lowerAscii(text) : text);
  writer.u32(at + TEXT_KIND, ignoreCase ? kind | TEXT_IGNORE_CASE : kind);
  writer.u32(at + TEXT_OFFSET, writer.text(bytes));
  writer.u32(at + TEXT_LENGTH, bytes.length);
}

// Envoy's QueryParameterMatcher. Parameters are taken as they stand, without decoding; of several with one name the first counts; one without `=`
// has an empty value. What follows a `#` is part of the last value, as in Envoy.

import {
  MATCHERS_COUNT,
  MATCHERS_FIRST,
  QUERY_MATCH_ABSENT,
  QUERY_MATCH_PRESENT,
  QUERY_MATCHER_BYTES,
  QUERY_MATCHER_KIND,
  QUERY_MATCHER_NAME,
  QUERY_MATCHER_NAME_LENGTH,
  QUERY_MATCHER_RULE,
} from "./program";
import { textEquals, textMatches } from "./text";

/** Whether all matchers of the list at offset `list` match the query of the path (`/a?b=c`). */
export function queryMatches(program: u32, list: u32, path: usize, length: u32): bool {
  let start: u32 = 0;
  while (start < length && load<u8>(path + start) != 0x3f) start++;
  if (start < length) start++;
  const count = load<u32>(program + list + MATCHERS_COUNT);
  let matcher = program + list + MATCHERS_FIRST;
  for (let i: u32 = 0; i < count; i++) {
    if (!parameterMatches(program, matcher, path + start, length - start)) return false;
    matcher += QUERY_MATCHER_BYTES;
  }
  return true;
}

function parameterMatches(program: u32, matcher: u32, query: usize, length: u32): bool {
  const kind = load<u32>(matcher + QUERY_MATCHER_KIND);
  const name: usize = program + load<u32>(matcher + QUERY_MATCHER_NAME);
  const nameLength = load<u32>(matcher + QUERY_MATCHER_NAME_LENGTH);
  let at: u32 = 0;
  while (at < length) {
    let end = at;
    let equals: i32 = -1;
    for (; end < length; end++) {
      const byte = load<u8>(query + end);
      if (byte == 0x26) break;
      if (byte == 0x3d && equals < 0) equals = end;
    }
    const nameEnd: u32 = equals < 0 ? end : equals;
    if (nameEnd - at == nameLength && textEquals(name, query + at, nameLength, false)) {
      if (kind == QUERY_MATCH_PRESENT) return true;
      if (kind == QUERY_MATCH_ABSENT) return false;
      const value: u32 = equals < 0 ? end : equals + 1;
      return textMatches(program, matcher + QUERY_MATCHER_RULE, query + value, end - value);
    }
    at = end + 1;
  }
  return kind == QUERY_MATCH_ABSENT;
}

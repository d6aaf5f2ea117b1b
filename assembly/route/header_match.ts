// Envoy's HeaderMatcher. Several fields of one name count as one value joined with commas. A header that is missing matches no rule, inverted or not, save
// `present_match`; with `treat_missing_header_as_empty` it counts as an empty value.

import { JOIN_START } from "../abi/limits";
import { headerJoin, headerJoinId } from "../header/read";
import { RESULT } from "../memory/arena";
import {
  HEADER_MATCH_ABSENT,
  HEADER_MATCH_INVERT,
  HEADER_MATCH_KIND_MASK,
  HEADER_MATCH_MISSING_IS_EMPTY,
  HEADER_MATCH_PRESENT,
  HEADER_MATCH_RANGE,
  HEADER_MATCHER_BYTES,
  HEADER_MATCHER_ID,
  HEADER_MATCHER_KIND,
  HEADER_MATCHER_NAME,
  HEADER_MATCHER_NAME_LENGTH,
  HEADER_MATCHER_RULE,
  MATCHERS_COUNT,
  MATCHERS_FIRST,
} from "./program";
import { textMatches } from "./text";

/** Whether all matchers of the list at offset `list` match; an empty list does. */
export function headersMatch(program: u32, list: u32, block: u32): bool {
  const count = load<u32>(program + list + MATCHERS_COUNT);
  let matcher = program + list + MATCHERS_FIRST;
  for (let i: u32 = 0; i < count; i++) {
    if (!headerMatches(program, matcher, block)) return false;
    matcher += HEADER_MATCHER_BYTES;
  }
  return true;
}

function headerMatches(program: u32, matcher: u32, block: u32): bool {
  const rule = load<u32>(matcher + HEADER_MATCHER_KIND);
  const kind = rule & HEADER_MATCH_KIND_MASK;
  const inverted = (rule & HEADER_MATCH_INVERT) != 0;
  const id = load<u32>(matcher + HEADER_MATCHER_ID);
  const found =
    id != 0
      ? headerJoinId(block, id)
      : headerJoin(
          block,
          program + load<u32>(matcher + HEADER_MATCHER_NAME),
          load<u32>(matcher + HEADER_MATCHER_NAME_LENGTH),
        );
  const exists = found != 0 || (rule & HEADER_MATCH_MISSING_IS_EMPTY) != 0;
  if (kind == HEADER_MATCH_PRESENT) return (exists != ((rule & HEADER_MATCH_ABSENT) != 0)) != inverted;
  if (!exists) return false;
  const text: usize = found != 0 ? load<u32>(RESULT) : JOIN_START;
  const length: u32 = found != 0 ? load<u32>(RESULT, 4) : 0;
  const at = matcher + HEADER_MATCHER_RULE;
  const matched = kind == HEADER_MATCH_RANGE ? inRange(at, text, length) : textMatches(program, at, text, length);
  return matched != inverted;
}

/** start <= value < end, for a value that is a whole decimal number of 64 bits, white space around it allowed. */
function inRange(range: u32, text: usize, length: u32): bool {
  let i: u32 = 0;
  let end = length;
  while (i < end && isSpace(load<u8>(text + i))) i++;
  while (end > i && isSpace(load<u8>(text + end - 1))) end--;
  let negative = false;
  if (i < end) {
    const sign = load<u8>(text + i);
    negative = sign == 0x2d;
    if (negative || sign == 0x2b) i++;
  }
  if (i == end) return false;
  // Built up negatively: the lowest i64 has no positive twin.
  let value: i64 = 0;
  for (; i < end; i++) {
    const digit: i64 = <i64>load<u8>(text + i) - 0x30;
    if (digit < 0 || digit > 9) return false;
    if (value < (i64.MIN_VALUE + digit) / 10) return false;
    value = value * 10 - digit;
  }
  if (!negative) {
    if (value == i64.MIN_VALUE) return false;
    value = -value;
  }
  return value >= load<i64>(range) && value < load<i64>(range, 8);
}

function isSpace(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

// Envoy's HeaderMatcher. Several fields of one name are looked at one by one, and one that matches is enough (Envoy since 1.39); those that Envoy keeps as one
// field are joined with commas. A header that is missing matches no rule, inverted or not, save `present_match`; with
// `treat_missing_header_as_empty` it counts as an empty value.

import { JOIN_START } from "../abi/limits";
import { fieldAt, fieldValue } from "../header/block";

import { headerFindIdNext, headerFindNext, headerJoin, headerJoinId } from "../header/read";
import { RESULT } from "../memory/arena";
import {
  HEADER_MATCH_ABSENT,
  HEADER_MATCH_INVERT,
  HEADER_MATCH_JOINED,
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
  const inverted = (rule & HEADER_MATCH_INVERT) != 0;
  let at = find(program, matcher, block, 0);
  const exists = at >= 0 || (rule & HEADER_MATCH_MISSING_IS_EMPTY) != 0;
  if ((rule & HEADER_MATCH_KIND_MASK) == HEADER_MATCH_PRESENT) {
    return (exists != ((rule & HEADER_MATCH_ABSENT) != 0)) != inverted;
  }
  if (at < 0) return exists && valueMatches(program, matcher, rule, JOIN_START, 0) != inverted;
  if ((rule & HEADER_MATCH_JOINED) != 0) {
    join(program, matcher, block);
    return valueMatches(program, matcher, rule, load<u32>(RESULT), load<u32>(RESULT, 4)) != inverted;
  }
  while (at >= 0) {
    const field = fieldAt(block, at);
    if (valueMatches(program, matcher, rule, fieldValue(block, field), field.valueLength)) return !inverted;
    at = find(program, matcher, block, at + 1);
  }
  return inverted;
}

/** Index of the first field of the matcher's name at or after `from`, or -1. */
function find(program: u32, matcher: u32, block: u32, from: u32): i32 {
  const id = load<u32>(matcher + HEADER_MATCHER_ID);
  if (id != 0) return headerFindIdNext(block, id, from);
  const name = program + load<u32>(matcher + HEADER_MATCHER_NAME);
  return headerFindNext(block, name, load<u32>(matcher + HEADER_MATCHER_NAME_LENGTH), from);
}

/** Leaves the joined value in the result words. */
function join(program: u32, matcher: u32, block: u32): void {
  const id = load<u32>(matcher + HEADER_MATCHER_ID);
  const name = program + load<u32>(matcher + HEADER_MATCHER_NAME);
  if (id != 0) headerJoinId(block, id);
  else headerJoin(block, name, load<u32>(matcher + HEADER_MATCHER_NAME_LENGTH));
}

function valueMatches(program: u32, matcher: u32, rule: u32, text: usize, length: u32): bool {
  const at = matcher + HEADER_MATCHER_RULE;
  return (rule & HEADER_MATCH_KIND_MASK) == HEADER_MATCH_RANGE
    ? inRange(at, text, length)
    : textMatches(program, at, text, length);
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

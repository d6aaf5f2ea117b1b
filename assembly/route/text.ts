// Envoy's StringMatcher: exact, prefix, suffix, contains, regular expression; the first four without regard to case if asked. Texts that
// ignore case are stored in lower case, and only ASCII letters fold, as in Envoy.

import { equalIgnoringCase, lowerByte } from "../bytes/ascii";
import { equalBytes } from "../bytes/copy";
import {
  TEXT_CONTAINS,
  TEXT_EXACT,
  TEXT_IGNORE_CASE,
  TEXT_KIND,
  TEXT_KIND_MASK,
  TEXT_LENGTH,
  TEXT_OFFSET,
  TEXT_PREFIX,
  TEXT_REGEX,
  TEXT_SUFFIX,
} from "./program";
import { regexMatch } from "./regex";

/** Whether the text matcher at `matcher` matches. */
export function textMatches(program: u32, matcher: u32, text: usize, length: u32): bool {
  const kind = load<u32>(matcher + TEXT_KIND);
  const want: usize = program + load<u32>(matcher + TEXT_OFFSET);
  const wantLength = load<u32>(matcher + TEXT_LENGTH);
  const ignoreCase = (kind & TEXT_IGNORE_CASE) != 0;
  switch (kind & TEXT_KIND_MASK) {
    case TEXT_EXACT:
      return length == wantLength && textEquals(want, text, length, ignoreCase);
    case TEXT_PREFIX:
      return length >= wantLength && textEquals(want, text, wantLength, ignoreCase);
    case TEXT_SUFFIX:
      return length >= wantLength && textEquals(want, text + length - wantLength, wantLength, ignoreCase);
    case TEXT_CONTAINS:
      return textContains(want, wantLength, text, length, ignoreCase);
    case TEXT_REGEX:
      return regexMatch(<u32>want, text, length);
    default:
      assert(false);
      return false;
  }
}

/** Whether `length` bytes are equal. */
export function textEquals(want: usize, text: usize, length: u32, ignoreCase: bool): bool {
  return ignoreCase ? equalIgnoringCase(want, text, length) : equalBytes(want, text, length);
}

/** Looks for the first byte, then compares. Config and heads are bounded, so the product is: it is not a way to burn time. */
function textContains(want: usize, wantLength: u32, text: usize, length: u32, ignoreCase: bool): bool {
  if (wantLength == 0) return true;
  if (length < wantLength) return false;
  const first: u32 = load<u8>(want);
  const last = length - wantLength;
  for (let i: u32 = 0; i <= last; i++) {
    const byte: u32 = load<u8>(text + i);
    if ((ignoreCase ? lowerByte(byte) : byte) != first) continue;
    if (textEquals(want, text + i, wantLength, ignoreCase)) return true;
  }
  return false;
}

// Envoy's StringMatcher: exact, prefix, suffix, contains, regular expression; the first four without regard to case if asked. Texts that
// ignore case are stored in lower case, and only ASCII letters fold, as in Envoy.

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

/** Whether `length` bytes are equal; `want` is in lower case when case is ignored. */
export function textEquals(want: usize, text: usize, length: u32, ignoreCase: bool): bool {
  let i: u32 = 0;
  if (!ignoreCase) {
    for (; i + 8 <= length; i += 8) if (load<u64>(want + i) != load<u64>(text + i)) return false;
    for (; i < length; i++) if (load<u8>(want + i) != load<u8>(text + i)) return false;
    return true;
  }
  for (; i < length; i++) if (load<u8>(want + i) != lower(load<u8>(text + i))) return false;
  return true;
}

/** Looks for the first byte, then compares. Config and heads are bounded, so the product is: it is not a way to burn time. */
function textContains(want: usize, wantLength: u32, text: usize, length: u32, ignoreCase: bool): bool {
  if (wantLength == 0) return true;
  if (length < wantLength) return false;
  const first = load<u8>(want);
  const last = length - wantLength;
  for (let i: u32 = 0; i <= last; i++) {
    const byte = load<u8>(text + i);
    if ((ignoreCase ? lower(byte) : byte) != first) continue;
    if (textEquals(want, text + i, wantLength, ignoreCase)) return true;
  }
  return false;
}

/** An ASCII letter in lower case; other bytes as they are. */
export function lower(byte: u8): u8 {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

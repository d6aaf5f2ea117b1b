// ASCII letters, RFC 9110 5.1: names of fields do not care about case. Other bytes, also those from 0x80 on, stay as they are.

/** Turns A-Z into a-z in place. */
export function lowerInPlace(from: usize, length: u32): void {
  let at = from;
  const end = from + length;
  if (ASC_FEATURE_SIMD) {
    for (; at + 16 <= end; at += 16) v128.store(at, lowerVector(v128.load(at)));
  }
  for (; at + 8 <= end; at += 8) store<u64>(at, lowerWord(load<u64>(at)));
  for (; at < end; at++) store<u8>(at, lowerByte(load<u8>(at)));
}

/** Whether two runs of `length` bytes are the same but for the case of letters. */
export function equalIgnoringCase(a: usize, b: usize, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (lowerWord(load<u64>(a + i)) != lowerWord(load<u64>(b + i))) return false;
  for (; i < length; i++) if (lowerByte(load<u8>(a + i)) != lowerByte(load<u8>(b + i))) return false;
  return true;
}

/** One byte, A-Z as a-z. */
export function lowerByte(byte: u32): u32 {
  return isUpper(byte) ? byte | 0x20 : byte;
}

function isUpper(byte: u32): bool {
  return byte - 0x41 < 26;
}

/** Eight bytes at once. Bit 7 of each byte tells, after two additions that cannot carry over, whether it is at least `A` and above `Z`. */
function lowerWord(word: u64): u64 {
  const low = word & 0x7f7f7f7f7f7f7f7f;
  const fromA = low + 0x3f3f3f3f3f3f3f3f;
  const pastZ = low + 0x2525252525252525;
  const upper = fromA & ~pastZ & ~word & 0x8080808080808080;
  return word | (upper >> 2);
}

function lowerVector(x: v128): v128 {
  const upper = i8x16.lt_u(i8x16.sub(x, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(x, v128.and(upper, i8x16.splat(0x20)));
}

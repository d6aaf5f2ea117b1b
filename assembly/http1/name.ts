// Field names: found and turned to lower case in one pass, sixteen bytes a step. Names are most of what a head makes us look at byte by byte.

import { lowerByte } from "../bytes/ascii";
import { findNonTokenScalar } from "../bytes/scan";

/**
 * Turns the token at `from` to lower case where it stands; the address of the first byte behind it that is no part of a token, or `end`.
 * What lies behind the token is left as it is.
 */
export function lowerToken(from: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return lowerTokenVector(from, end);
  return lowerTokenScalar(from, end);
}

export function lowerTokenScalar(from: usize, end: usize): usize {
  const stop = findNonTokenScalar(from, end);
  for (let at = from; at < stop; at++) store<u8>(at, lowerByte(load<u8>(at)));
  return stop;
}

/** Loads and stores up to 15 bytes past `end`, which stay what they were. */
export function lowerTokenVector(from: usize, end: usize): usize {
  // Bits as in bytes/scan findNonMember: one for each high nibble that makes a tchar with this low nibble.
  // biome-ignore format: sixteen lanes
  const low = i8x16(-24, -4, -8, -4, -4, -4, -4, -4, -8, -8, -12, 84, -48, 84, -12, 112);
  // biome-ignore format: sixteen lanes
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  // biome-ignore format: sixteen lanes
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  let at = from;
  while (true) {
    const x = v128.load(at);
    const allowed = i8x16.swizzle(low, v128.and(x, i8x16.splat(15)));
    const wanted = i8x16.swizzle(bits, i8x16.shr_u(x, 4));
    const stops = i8x16.bitmask(i8x16.eq(v128.and(allowed, wanted), i8x16.splat(0)));
    const upper = i8x16.lt_u(i8x16.sub(x, i8x16.splat(0x41)), i8x16.splat(26));
    const length: u32 = min(ctz(stops | 0x10000), <u32>(end - at));
    const inside = i8x16.lt_u(lanes, i8x16.splat(<i8>length));
    v128.store(at, v128.or(x, v128.and(v128.and(upper, inside), i8x16.splat(0x20))));
    if (length < 16) return at + length;
    at += 16;
    if (at >= end) return end;
  }
}

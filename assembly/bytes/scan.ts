// Finding where a run of bytes stops being what it may be. Each search has a vector form (16 bytes a step) and a scalar twin that defines it;
// one suite runs both. All return the address of the first byte that stops the run, or `end`.
//
// The vector forms load up to 15 bytes past `end` (abi/limits SCAN_PADDING); what lies there does not matter.

const CLASS_TOKEN: u8 = 1;
const CLASS_VALUE: u8 = 2;
const CLASS_TARGET: u8 = 4;

/**
 * RFC 9110 5.6.2: `tchar`. The first byte in [from, end) that is no part of a token: for a field name, its colon.
 */
export function findNonToken(from: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return findNonTokenVector(from, end);
  return findNonTokenScalar(from, end);
}

/**
 * RFC 9110 5.5: field-vchar, SP and HTAB. The first control byte (below 0x20 but HTAB, or 0x7f): the CR of a well-formed line, or what
 * must not be there. Bytes from 0x80 on are obs-text, and allowed.
 */
export function findNonValue(from: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return findNonValueVector(from, end);
  return findNonValueScalar(from, end);
}

/** The first byte that cannot be part of a request target: SP, controls, 0x7f. Bytes from 0x80 on pass; what they mean the caller says. */
export function findNonTarget(from: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return findNonTargetVector(from, end);
  return findNonTargetScalar(from, end);
}

/** The first byte that cannot be part of an authority (RFC 3986 3.2: unreserved, percent, sub-delims, `:`, `@`, brackets). */
export function findNonAuthority(from: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return findNonAuthorityVector(from, end);
  return findNonAuthorityScalar(from, end);
}

/** The first `byte`. */
export function findByte(from: usize, end: usize, byte: u32): usize {
  if (ASC_FEATURE_SIMD) return findByteVector(from, end, byte);
  return findByteScalar(from, end, byte);
}

export function findNonTokenVector(from: usize, end: usize): usize {
  // biome-ignore format: sixteen lanes
  return findNonMember(from, end, i8x16(-24, -4, -8, -4, -4, -4, -4, -4, -8, -8, -12, 84, -48, 84, -12, 112));
}

/** `members` has a bit for each high nibble 0..7, looked up by the low nibble: a byte is a member when the bit of its high nibble is set there. */
function findNonMember(from: usize, end: usize, members: v128): usize {
  // biome-ignore format: sixteen lanes
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const nibble = i8x16.splat(15);
  const zero = i8x16.splat(0);
  for (let at = from; at < end; at += 16) {
    const x = v128.load(at);
    const allowed = i8x16.swizzle(members, v128.and(x, nibble));
    const wanted = i8x16.swizzle(bits, i8x16.shr_u(x, 4));
    const stops = i8x16.bitmask(i8x16.eq(v128.and(allowed, wanted), zero));
    if (stops != 0) return min(at + ctz(stops), end);
  }
  return end;
}

export function findNonTokenScalar(from: usize, end: usize): usize {
  return findNonClass(from, end, CLASS_TOKEN);
}

export function findNonValueVector(from: usize, end: usize): usize {
  const space = i8x16.splat(0x20);
  const tab = i8x16.splat(9);
  const del = i8x16.splat(0x7f);
  for (let at = from; at < end; at += 16) {
    const x = v128.load(at);
    const control = v128.andnot(i8x16.lt_u(x, space), i8x16.eq(x, tab));
    const stops = i8x16.bitmask(v128.or(control, i8x16.eq(x, del)));
    if (stops != 0) return min(at + ctz(stops), end);
  }
  return end;
}

export function findNonValueScalar(from: usize, end: usize): usize {
  return findNonClass(from, end, CLASS_VALUE);
}

export function findNonTargetVector(from: usize, end: usize): usize {
  const space = i8x16.splat(0x20);
  const del = i8x16.splat(0x7f);
  for (let at = from; at < end; at += 16) {
    const x = v128.load(at);
    const stops = i8x16.bitmask(v128.or(i8x16.le_u(x, space), i8x16.eq(x, del)));
    if (stops != 0) return min(at + ctz(stops), end);
  }
  return end;
}

export function findNonTargetScalar(from: usize, end: usize): usize {
  return findNonClass(from, end, CLASS_TARGET);
}

export function findNonAuthorityVector(from: usize, end: usize): usize {
  // biome-ignore format: sixteen lanes
  return findNonMember(from, end, i8x16(-72, -4, -8, -8, -4, -4, -4, -4, -4, -4, -4, 124, 84, 124, -44, 112));
}

export function findNonAuthorityScalar(from: usize, end: usize): usize {
  let at = from;
  while (at < end && isAuthorityByte(load<u8>(at))) at++;
  return at;
}

export function findByteVector(from: usize, end: usize, byte: u32): usize {
  const wanted = i8x16.splat(<i8>byte);
  for (let at = from; at < end; at += 16) {
    const stops = i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (stops != 0) return min(at + ctz(stops), end);
  }
  return end;
}

export function findByteScalar(from: usize, end: usize, byte: u32): usize {
  let at = from;
  while (at < end && load<u8>(at) != byte) at++;
  return at;
}

/** Whether one byte may be part of a token. */
export function isToken(byte: u32): bool {
  return (load<u8>(CLASSES + byte) & CLASS_TOKEN) != 0;
}

function isAuthorityByte(byte: u32): bool {
  const set: u64 = byte < 64 ? AUTHORITY_LOW : byte < 128 ? AUTHORITY_HIGH : 0;
  return ((set >> (byte & 63)) & 1) != 0;
}

/** `!$%&'()*+,-.0-9:;=` and `@A-Z[]_a-z~`, a bit each. */
const AUTHORITY_LOW: u64 = 0x2fff_7ff2_0000_0000;
const AUTHORITY_HIGH: u64 = 0x47ff_fffe_afff_ffff;

function findNonClass(from: usize, end: usize, wanted: u8): usize {
  let at = from;
  while (at < end && (load<u8>(CLASSES + <usize>load<u8>(at)) & wanted) != 0) at++;
  return at;
}

/** The classes of each byte: token 1, value 2, target 4. */
// biome-ignore format: sixteen a row, as in an ASCII table
const CLASSES: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  2, 7, 6, 7, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6,
  6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 7, 6, 7, 0,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
  6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
]);

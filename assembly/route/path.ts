// Where a path ends and its query, fragment or parameters begin. The request's path is looked at so once, before any route is tried.

/** Offset of the first `?` or `#` (or `;`, where path parameters are ignored), or `length`. */
export function endOfPath(path: usize, length: u32, ignoreParameters: bool): u32 {
  if (ASC_FEATURE_SIMD) return endOfPathVector(path, length, ignoreParameters);
  return endOfPathScalar(path, length, ignoreParameters);
}

/** Sixteen bytes a step; may read up to fifteen behind the end. */
export function endOfPathVector(path: usize, length: u32, ignoreParameters: bool): u32 {
  const semicolon = i8x16.splat(ignoreParameters ? 0x3b : 0x3f);
  for (let i: u32 = 0; i < length; i += 16) {
    const bytes = v128.load(path + i);
    const query = v128.or(i8x16.eq(bytes, i8x16.splat(0x3f)), i8x16.eq(bytes, i8x16.splat(0x23)));
    const ends = i8x16.bitmask(v128.or(query, i8x16.eq(bytes, semicolon)));
    if (ends != 0) return min(i + <u32>ctz(ends), length);
  }
  return length;
}

export function endOfPathScalar(path: usize, length: u32, ignoreParameters: bool): u32 {
  let i: u32 = 0;
  for (; i < length; i++) {
    const byte = load<u8>(path + i);
    if (byte == 0x3f || byte == 0x23 || (byte == 0x3b && ignoreParameters)) break;
  }
  return i;
}

// IP addresses as text, RFC 3986 3.2.2 and RFC 5952. Strict: what `inet_pton` refuses is no address (no leading zeros, no scope, no port).
// An address is 16 bytes in network order, of which IPv4 uses the first four.

import { hexDigit, writeDecimal, writeHex } from "./digits";

export const IP_NONE: u32 = 0;
export const IP_V4: u32 = 4;
export const IP_V6: u32 = 6;
/** Bytes of an address. */
export const IP_BYTES: u32 = 16;
/** Bytes of the longest text of one. */
export const IP_TEXT_MAX: u32 = 45;

const DOT: u32 = 0x2e;
const COLON: u32 = 0x3a;

/** Reads an address into 16 bytes at `to`; IP_V4, IP_V6 or IP_NONE (then `to` holds rubbish). */
export function parseIp(from: usize, length: u32, to: usize): u32 {
  if (length < 2 || length > IP_TEXT_MAX) return IP_NONE;
  store<u64>(to, 0);
  store<u64>(to, 0, 8);
  if (parseV4(from, length, to)) return IP_V4;
  return parseV6(from, length, to) ? IP_V6 : IP_NONE;
}

/** Writes an address as text; its length, at most IP_TEXT_MAX. */
export function writeIp(to: usize, family: u32, bytes: usize): u32 {
  return family == IP_V4 ? writeV4(to, bytes) : writeV6(to, bytes);
}

/** Whether an address is exactly the loopback address of its family: 127.0.0.1 or ::1. */
export function isLoopback(family: u32, bytes: usize): bool {
  if (family == IP_V4) return load<u32>(bytes) == 0x01_00_00_7f;
  return family == IP_V6 && load<u64>(bytes) == 0 && load<u64>(bytes, 8) == 0x01_00_00_00_00_00_00_00;
}

/** Whether the first `prefixBits` of two addresses of one family are the same. */
export function samePrefix(a: usize, b: usize, prefixBits: u32): bool {
  const whole = prefixBits >> 3;
  for (let i: u32 = 0; i < whole; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  const rest = prefixBits & 7;
  return rest == 0 || ((load<u8>(a + whole) ^ load<u8>(b + whole)) & (0xff << (8 - rest))) == 0;
}

function parseV4(from: usize, length: u32, to: usize): bool {
  let at = from;
  const end = from + length;
  for (let part: u32 = 0; part < 4; part++) {
    if (part > 0) {
      if (at >= end || load<u8>(at) != DOT) return false;
      at++;
    }
    let value: u32 = 0;
    let digits: u32 = 0;
    while (at < end) {
      const digit: u32 = <u32>load<u8>(at) - 0x30;
      if (digit > 9) break;
      if (digits > 0 && value == 0) return false;
      value = value * 10 + digit;
      if (value > 255) return false;
      digits++;
      at++;
    }
    if (digits == 0) return false;
    store<u8>(to + part, value);
  }
  return at == end;
}

function parseV6(from: usize, length: u32, to: usize): bool {
  let at = from;
  const end = from + length;
  let count: u32 = 0;
  let gap: i32 = -1;
  if (load<u8>(at) == COLON) {
    if (load<u8>(at, 1) != COLON) return false;
    gap = 0;
    at += 2;
  }
  while (at < end) {
    const start = at;
    let value: u32 = 0;
    while (at < end && hexDigit(load<u8>(at)) < 16) {
      if (at - start == 4) return false;
      value = (value << 4) | hexDigit(load<u8>(at));
      at++;
    }
    if (at < end && load<u8>(at) == DOT) {
      if (count > 12 || !parseV4(start, <u32>(end - start), to + count)) return false;
      count += 4;
      break;
    }
    if (at == start || count == IP_BYTES) return false;
    store<u16>(to + count, bswap<u16>(<u16>value));
    count += 2;
    if (at == end) break;
    if (load<u8>(at) != COLON || ++at == end) return false;
    if (load<u8>(at) != COLON) continue;
    if (gap >= 0) return false;
    gap = count;
    at++;
  }
  if (gap < 0) return count == IP_BYTES;
  if (count == IP_BYTES) return false;
  const behind = count - gap;
  memory.copy(to + IP_BYTES - behind, to + gap, behind);
  memory.fill(to + gap, 0, IP_BYTES - count);
  return true;
}

function writeV4(to: usize, bytes: usize): u32 {
  let length: u32 = 0;
  for (let part: u32 = 0; part < 4; part++) {
    if (part > 0) store<u8>(to + length++, DOT);
    length += writeDecimal(to + length, load<u8>(bytes + part));
  }
  return length;
}

/** The longest run of at least two zero groups, the first among equals, becomes `::`. */
function writeV6(to: usize, bytes: usize): u32 {
  let gapAt: u32 = 8;
  let gapLength: u32 = 1;
  for (let i: u32 = 0; i < 8; i++) {
    let run: u32 = 0;
    while (i + run < 8 && load<u16>(bytes + (i + run) * 2) == 0) run++;
    if (run <= gapLength) continue;
    gapAt = i;
    gapLength = run;
  }
  const mapped = gapAt == 0 && gapLength == 5 && load<u16>(bytes, 10) == 0xffff;
  const compatible = gapAt == 0 && gapLength == 6;
  let length: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (i == gapAt) {
      store<u8>(to + length++, COLON);
      i += gapLength - 1;
      if (i == 7) store<u8>(to + length++, COLON);
      continue;
    }
    if (i > 0) store<u8>(to + length++, COLON);
    if (i == 6 && (mapped || compatible)) return length + writeV4(to + length, bytes + 12);
    length += writeHex(to + length, bswap<u16>(load<u16>(bytes + i * 2)));
  }
  return length;
}

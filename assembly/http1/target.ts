// The request target, RFC 9112 3.2: origin form, absolute form, authority form (CONNECT), asterisk form (OPTIONS).

import { H1_TARGET, H1_TARGET_URL, OK } from "../abi/result";
import { findNonAuthority } from "../bytes/scan";
import { METHOD_CONNECT, METHOD_OPTIONS } from "../header/method";

const AT: u32 = 0x40;
const COLON: u32 = 0x3a;
const FRAGMENT: u32 = 0x23;
const QUERY: u32 = 0x3f;
const SLASH: u32 = 0x2f;
const STAR: u32 = 0x2a;

export const SCHEME_OF_CONNECTION: u32 = 0;
export const SCHEME_HTTP: u32 = 1;
export const SCHEME_HTTPS: u32 = 2;

// --- what the target says, valid after `readTarget` returned OK
/** Path with query. Empty: none (CONNECT), or `/` is meant (absolute form without a path). */
export let pathStart: usize = 0;
export let pathEnd: usize = 0;
/** Authority without user information; empty unless the target names one. */
export let authorityStart: usize = 0;
export let authorityEnd: usize = 0;
/** SCHEME_... */
export let scheme: u32 = 0;
/** There is a `#`, which no request has (RFC 9112 3.2.1); it is refused once the head is read. */
export let hasFragment: bool = false;

/** Reads the target [from, end), which is not empty and holds neither spaces nor controls. */
export function readTarget(from: usize, end: usize, method: u32): u32 {
  scheme = SCHEME_OF_CONNECTION;
  pathStart = from;
  pathEnd = end;
  authorityStart = end;
  authorityEnd = end;
  if (!checkBytes(from, end)) return H1_TARGET;
  const first: u32 = load<u8>(from);
  if (method == METHOD_CONNECT) {
    pathStart = end;
    authorityStart = from;
    return isAuthority(from, end) && hasPort(from, end) ? OK : H1_TARGET_URL;
  }
  if (first == SLASH) return OK;
  if (first == STAR) return method == METHOD_OPTIONS && end - from == 1 ? OK : H1_TARGET_URL;
  return readAbsolute(from, end);
}

/** CONNECT names a port: there is no default to fall back on (RFC 9110 9.3.6). */
function hasPort(from: usize, end: usize): bool {
  let at = end;
  while (at > from && <u32>load<u8>(at - 1) - 0x30 < 10) at--;
  return at < end && at - 1 > from && load<u8>(at - 1) == COLON;
}

/** A URL: `http` or `https`, `://`, authority, path and query. User information is dropped (RFC 9110 4.2.4). */
function readAbsolute(from: usize, end: usize): u32 {
  let at = from;
  while (at < end && (<u32>load<u8>(at) | 0x20) - 0x61 < 26) at++;
  const length = <u32>(at - from);
  if (length == 0 || end - at < 3 || load<u8>(at) != COLON || load<u8>(at, 1) != SLASH || load<u8>(at, 2) != SLASH) {
    return H1_TARGET;
  }
  scheme = schemeOf(from, length);
  if (scheme == SCHEME_OF_CONNECTION) return H1_TARGET_URL;
  at += 3;
  authorityStart = at;
  while (at < end && load<u8>(at) != SLASH && load<u8>(at) != QUERY) at++;
  authorityEnd = at;
  pathStart = at;
  for (let i = at; i > authorityStart; i--) {
    if (load<u8>(i - 1) != AT) continue;
    if (!isAuthority(authorityStart, i)) return H1_TARGET;
    authorityStart = i;
    break;
  }
  if (!isAuthority(authorityStart, authorityEnd)) return H1_TARGET;
  return isHostAndPort(authorityStart, authorityEnd) ? OK : H1_TARGET_URL;
}

function schemeOf(from: usize, length: u32): u32 {
  // "http" and "https" as they lie in memory, the letters in lower case.
  if (length < 4 || (load<u32>(from) | 0x20202020) != 0x70_74_74_68) return SCHEME_OF_CONNECTION;
  if (length == 4) return SCHEME_HTTP;
  return length == 5 && (load<u8>(from, 4) | 0x20) == 0x73 ? SCHEME_HTTPS : SCHEME_OF_CONNECTION;
}

/** Whether all bytes are ASCII; looks for a fragment on the way. */
function checkBytes(from: usize, end: usize): bool {
  hasFragment = false;
  let at = from;
  if (ASC_FEATURE_SIMD) {
    const fragment = i8x16.splat(<i8>FRAGMENT);
    const zero = i8x16.splat(0);
    for (; at + 16 <= end; at += 16) {
      const x = v128.load(at);
      if (v128.any_true(v128.or(i8x16.eq(x, fragment), i8x16.lt_s(x, zero)))) break;
    }
  }
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte >= 0x80) return false;
    if (byte == FRAGMENT) hasFragment = true;
  }
  return true;
}

/** Whether every byte may stand in an authority. May be empty. */
export function isAuthority(from: usize, end: usize): bool {
  return findNonAuthority(from, end) == end;
}

/** Whether an authority has a host, in brackets or without, and perhaps a port up to 65535. */
function isHostAndPort(from: usize, end: usize): bool {
  let at = from;
  if (at == end) return false;
  if (load<u8>(at) == 0x5b) {
    at++;
    while (at < end && isAddressByte(load<u8>(at))) at++;
    if (at - from < 3 || at == end || load<u8>(at) != 0x5d) return false;
    at++;
  } else {
    while (at < end && load<u8>(at) != COLON) {
      const byte: u32 = load<u8>(at);
      if (byte == 0x5b || byte == 0x5d) return false;
      at++;
    }
    if (at == from) return false;
  }
  if (at == end) return true;
  if (load<u8>(at) != COLON) return false;
  let port: u32 = 0;
  for (at++; at < end; at++) {
    const digit: u32 = load<u8>(at) - 0x30;
    if (digit > 9) return false;
    port = port * 10 + digit;
    if (port > 65535) return false;
  }
  return true;
}

/** A byte of an IPv6 address, with an IPv4 tail or not. */
function isAddressByte(byte: u32): bool {
  return byte - 0x30 <= 10 || (byte | 0x20) - 0x61 < 6 || byte == 0x2e;
}

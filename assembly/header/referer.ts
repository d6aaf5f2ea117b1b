// Envoy forwards a Referer only if it reads as a URL or as a relative reference: it ends up in logs and reports, where anything else misleads. What
// counts was read off Envoy 1.40: stricter than RFC 3986 in the authority (no user, no `_`), and without a fragment, as RFC 9110 10.1.3 asks.

import { IP_V6, parseIp } from "../bytes/ip";
import { CLIENT_ADDRESS } from "../memory/arena";
import { fieldAt, fieldValue } from "./block";
import { HEADER_REFERER } from "./names";
import { headerFindId } from "./read";

const COLON: u32 = 0x3a;
const HASH: u32 = 0x23;

/** Whether the head has a Referer that must not go on. */
export function hasBadReferer(block: u32): bool {
  const at = headerFindId(block, HEADER_REFERER);
  if (at < 0) return false;
  const field = fieldAt(block, at);
  const from = fieldValue(block, field);
  const end = from + field.valueLength;
  return !isPlain(from, end) || !isReference(from, end);
}

/** Visible ASCII alone, and a `#` only as the last byte. */
function isPlain(from: usize, end: usize): bool {
  for (let at = from; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte <= 0x20 || byte >= 0x7f) return false;
    if (byte == HASH && (at + 1 < end || at == from)) return false;
  }
  return true;
}

/** `scheme://host[:port]` and what follows, or a reference whose first segment has no colon. */
function isReference(from: usize, end: usize): bool {
  let at = from;
  while (at < end && load<u8>(at) != COLON && !endsAuthority(load<u8>(at))) at++;
  if (at == end || load<u8>(at) != COLON) return true;
  if (!isScheme(from, at) || at + 3 > end || load<u16>(at + 1) != 0x2f2f) return false;
  const host = at + 3;
  at = host;
  while (at < end && !endsAuthority(load<u8>(at))) at++;
  return isAuthority(host, at);
}

function isScheme(from: usize, end: usize): bool {
  if (from == end || !isLetter(load<u8>(from))) return false;
  for (let at = from; at < end; at++) if (!isSchemeByte(load<u8>(at))) return false;
  return true;
}

/** A name, or an IPv6 address in brackets, and perhaps a port below 65,536. */
function isAuthority(from: usize, end: usize): bool {
  if (from == end) return false;
  let at = from;
  if (load<u8>(at) == 0x5b) {
    while (at < end && load<u8>(at) != 0x5d) at++;
    if (at == end || parseIp(from + 1, <u32>(at - from - 1), CLIENT_ADDRESS) != IP_V6) return false;
    at++;
  } else {
    while (at < end && isHostByte(load<u8>(at))) at++;
    if (at == from) return false;
  }
  if (at == end) return true;
  if (load<u8>(at++) != COLON || at == end) return false;
  let port: u32 = 0;
  for (; at < end; at++) {
    const digit: u32 = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return false;
    port = port * 10 + digit;
    if (port > 65535) return false;
  }
  return true;
}

/** `/`, `?` or `#`. */
function endsAuthority(byte: u32): bool {
  return byte == 0x2f || byte == 0x3f || byte == HASH;
}

function isLetter(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26;
}

/** Letters, digits, `.`, `-`. */
function isHostByte(byte: u32): bool {
  return isLetter(byte) || byte - 0x30 < 10 || byte == 0x2e || byte == 0x2d;
}

/** Letters, digits, `+`, `.`, `-`. */
function isSchemeByte(byte: u32): bool {
  return isHostByte(byte) || byte == 0x2b;
}

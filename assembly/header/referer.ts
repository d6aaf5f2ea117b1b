// Envoy forwards a Referer only if it is one absolute URL with a host: it ends up in logs and reports, where anything else misleads.

import { fieldAt, fieldValue } from "./block";
import { HEADER_REFERER } from "./names";
import { headerFindId, headerFindIdNext } from "./read";

/** Whether the head has a Referer that must not go on. */
export function hasBadReferer(block: u32): bool {
  const at = headerFindId(block, HEADER_REFERER);
  if (at < 0) return false;
  if (headerFindIdNext(block, HEADER_REFERER, at + 1) >= 0) return true;
  const field = fieldAt(block, at);
  const from = fieldValue(block, field);
  return !isAbsoluteUrl(from, from + field.valueLength);
}

/** scheme "://" [userinfo "@"] host [":" port] [path] [query] [fragment], the scheme of letters alone. */
function isAbsoluteUrl(from: usize, end: usize): bool {
  let at = from;
  while (at < end && isLetter(load<u8>(at))) at++;
  if (at == from || at + 3 >= end) return false;
  if (load<u8>(at) != 0x3a || load<u16>(at + 1) != 0x2f2f) return false;
  at += 3;
  const authority = at;
  let host = at;
  while (at < end && !endsAuthority(load<u8>(at))) {
    if (load<u8>(at) == 0x40) host = at + 1;
    at++;
  }
  if (host == at || (host != authority && host - 1 == authority)) return false;
  return isHost(host, at) && hasNoSpace(at, end);
}

/** A name, or an IPv6 address in brackets, and perhaps a port below 65,536. */
function isHost(from: usize, end: usize): bool {
  let at = from;
  if (load<u8>(at) == 0x5b) {
    while (at < end && load<u8>(at) != 0x5d) at++;
    if (at == end || at == from + 1) return false;
    at++;
  } else {
    while (at < end && isHostByte(load<u8>(at))) at++;
    if (at == from) return false;
  }
  if (at == end) return true;
  if (load<u8>(at++) != 0x3a || at == end) return false;
  let port: u32 = 0;
  for (; at < end; at++) {
    const digit: u32 = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return false;
    port = port * 10 + digit;
    if (port > 65535) return false;
  }
  return true;
}

function hasNoSpace(from: usize, end: usize): bool {
  for (let at = from; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte <= 0x20 || byte == 0x7f) return false;
  }
  return true;
}

/** `/`, `?` or `#`. */
function endsAuthority(byte: u32): bool {
  return byte == 0x2f || byte == 0x3f || byte == 0x23;
}

function isLetter(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26;
}

/** Letters, digits, `.`, `-`, `_`. */
function isHostByte(byte: u32): bool {
  return isLetter(byte) || byte - 0x30 < 10 || byte == 0x2e || byte == 0x2d || byte == 0x5f;
}

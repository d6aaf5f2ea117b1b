// Which virtual host a request belongs to, in Envoy's order: exact domain, longest `*suffix`, longest `prefix*`, `*`. Hosts compare without regard
// to case. A `*` stands for at least one byte. Exact domains and each length of wildcard cost one look-up in a hash table,
// so ten thousand domains cost no more than ten.

import { JOIN_BYTES, JOIN_START } from "../abi/limits";
import { lowerInPlace } from "../bytes/ascii";
import { fieldAt, fieldValue } from "../header/block";
import { HEADER_AUTHORITY } from "../header/names";
import { headerFindId } from "../header/read";
import {
  DOMAIN_HASH,
  DOMAIN_LENGTH,
  DOMAIN_SLOT_BYTES,
  DOMAIN_TEXT,
  DOMAIN_VIRTUAL_HOST,
  DOMAINS_LENGTH_COUNT,
  DOMAINS_LENGTHS,
  DOMAINS_MASK,
  DOMAINS_SLOTS,
  ROUTES_DEFAULT,
  ROUTES_EXACT,
  ROUTES_FLAGS,
  ROUTES_IGNORE_PORT,
  ROUTES_PREFIX,
  ROUTES_SUFFIX,
} from "./program";
import { textEquals } from "./text";

/** Offset of the virtual host, or 0. */
export function findVirtualHost(program: u32, block: u32): u32 {
  const exact = load<u32>(program + ROUTES_EXACT);
  const suffix = load<u32>(program + ROUTES_SUFFIX);
  const prefix = load<u32>(program + ROUTES_PREFIX);
  const fallback = load<u32>(program + ROUTES_DEFAULT);
  if ((exact | suffix | prefix) == 0) return fallback;

  const found = headerFindId(block, HEADER_AUTHORITY);
  if (found < 0) return 0;
  const field = fieldAt(block, found);
  const value = fieldValue(block, field);
  let length = field.valueLength;
  if ((load<u32>(program + ROUTES_FLAGS) & ROUTES_IGNORE_PORT) != 0) length = lengthWithoutPort(value, length);
  assert(length <= JOIN_BYTES);
  memory.copy(JOIN_START, value, length);
  lowerInPlace(JOIN_START, length);

  if (exact != 0) {
    const host = lookUp(program, exact, JOIN_START, length);
    if (host != 0) return host;
  }
  if (suffix != 0) {
    const host = longest(program, suffix, length, true);
    if (host != 0) return host;
  }
  if (prefix != 0) {
    const host = longest(program, prefix, length, false);
    if (host != 0) return host;
  }
  return fallback;
}

/** The wildcard with the longest text that the host ends (or begins) with. */
function longest(program: u32, table: u32, length: u32, atEnd: bool): u32 {
  const count = load<u32>(program + table + DOMAINS_LENGTH_COUNT);
  const lengths = program + load<u32>(program + table + DOMAINS_LENGTHS);
  for (let i: u32 = 0; i < count; i++) {
    const wanted = load<u32>(lengths + i * 4);
    if (wanted >= length) continue;
    const host = lookUp(program, table, atEnd ? JOIN_START + length - wanted : JOIN_START, wanted);
    if (host != 0) return host;
  }
  return 0;
}

/** What a table of texts has for one of them, or 0. */
export function lookUp(program: u32, table: u32, text: usize, length: u32): u32 {
  const mask = load<u32>(program + table + DOMAINS_MASK);
  const slots = program + load<u32>(program + table + DOMAINS_SLOTS);
  const hash = domainHash(text, length);
  let at = hash & mask;
  while (true) {
    const slot = slots + at * DOMAIN_SLOT_BYTES;
    const host = load<u32>(slot + DOMAIN_VIRTUAL_HOST);
    if (host == 0) return 0;
    if (
      load<u32>(slot + DOMAIN_HASH) == hash &&
      load<u32>(slot + DOMAIN_LENGTH) == length &&
      textEquals(program + load<u32>(slot + DOMAIN_TEXT), text, length, false)
    ) {
      return host;
    }
    at = (at + 1) & mask;
  }
}

/**
 * Eight bytes a step. The host asks for it when it builds a table; who writes the config alone chooses what is in the table, so it needs no secret.
 */
export function domainHash(text: usize, length: u32): u32 {
  let hash: u64 = (<u64>length + 1) * 0x9e37_79b9_7f4a_7c15;
  if (length >= 8) {
    for (let i: u32 = 0; i + 8 < length; i += 8) hash = mix(hash ^ load<u64>(text + i));
    hash = mix(hash ^ load<u64>(text + length - 8));
  } else if (length >= 4) {
    hash = mix(hash ^ (<u64>load<u32>(text) | ((<u64>load<u32>(text + length - 4)) << 32)));
  } else if (length > 0) {
    const middle = (<u64>load<u8>(text + (length >> 1))) << 8;
    hash = mix(hash ^ (<u64>load<u8>(text) | middle | ((<u64>load<u8>(text + length - 1)) << 16)));
  }
  return <u32>(hash >> 32);
}

function mix(word: u64): u64 {
  const product = word * 0xbf58_476d_1ce4_e5b9;
  return product ^ (product >> 29);
}

/** Length of a host without its `:port`; colons within `[...]` belong to an IPv6 address. */
function lengthWithoutPort(text: usize, length: u32): u32 {
  for (let i = length; i > 0; i--) {
    const byte = load<u8>(text + i - 1);
    if (byte == 0x3a) return i - 1;
    if (byte == 0x5d) return length;
  }
  return length;
}

// Who the client is, when proxies stand between: the entry of x-forwarded-for that the trusted hop before us wrote.

import { parseIp, samePrefix, writeIp } from "../bytes/ip";
import { CLIENT_ADDRESS, CLIENT_TEXT } from "../memory/arena";
import { fieldAt, fieldValue } from "./block";
import { FORWARD_INTERNAL_UNIX_SOCKETS, FORWARD_RANGE_BYTES, ForwardParams } from "./forward_params";
import { HEADER_X_FORWARDED_FOR } from "./names";
import { headerFindId } from "./read";

/** The entry read last was the only one. */
export let isOnlyEntry: bool = false;
/** Length of CLIENT_TEXT: the address of the entry read last, in its canonical form. */
export let clientTextLength: u32 = 0;

/**
 * Reads the entry that is `skip` places before the last one into CLIENT_ADDRESS and CLIENT_TEXT. Its family; 0: there is no such entry, or
 * it is no address. The field must have been joined to one.
 */
export function readForwardedFor(block: u32, skip: u32): u32 {
  isOnlyEntry = false;
  const at = headerFindId(block, HEADER_X_FORWARDED_FOR);
  if (at < 0) return 0;
  const field = fieldAt(block, at);
  const start = fieldValue(block, field);
  let end = start + field.valueLength;
  for (let i: u32 = 0; i < skip; i++) {
    end = lastComma(start, end);
    if (end == 0) return 0;
  }
  const comma = lastComma(start, end);
  let from = comma == 0 ? start : comma + 1;
  while (from < end && isSpace(load<u8>(from))) from++;
  while (end > from && isSpace(load<u8>(end - 1))) end--;
  const family = parseIp(from, <u32>(end - from), CLIENT_ADDRESS);
  if (family == 0) return 0;
  isOnlyEntry = comma == 0 && skip == 0;
  clientTextLength = writeIp(CLIENT_TEXT, family, CLIENT_ADDRESS);
  return family;
}

/** Whether an address is in one of the ranges of internal_address_config. Family 0 is a unix socket. */
export function isInternal(params: ForwardParams, family: u32, address: usize): bool {
  if (family == 0) return (params.flags & FORWARD_INTERNAL_UNIX_SOCKETS) != 0;
  let range: usize = params.internalRanges;
  for (let i: u32 = 0; i < params.internalRangeCount; i++) {
    if (load<u32>(range) == family && samePrefix(address, range + 8, load<u32>(range, 4))) return true;
    range += FORWARD_RANGE_BYTES;
  }
  return false;
}

/** Address of the last comma in [start, end), or 0. */
function lastComma(start: usize, end: usize): usize {
  for (let at = end; at > start; at--) if (load<u8>(at - 1) == 0x2c) return at - 1;
  return 0;
}

function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 9;
}

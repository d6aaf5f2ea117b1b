// Lists of tokens in one value, RFC 9110 5.6.1: parted by commas, white space around them, empty members allowed.
//
//   for (let found = listFirst(from, end); found; found = listNext(end)) { ... memberStart, memberLength ... }
//
// One walk at a time: a second one forgets the first.

import { equalIgnoringCase } from "../bytes/ascii";

/** Address and length of the member found last. */
export let memberStart: usize = 0;
export let memberLength: u32 = 0;
let next: usize = 0;

/** Finds the first member that is not empty. */
export function listFirst(from: usize, end: usize): bool {
  next = from;
  return listNext(end);
}

/** Finds the next member that is not empty. */
export function listNext(end: usize): bool {
  while (next < end) {
    let at = next;
    while (next < end && load<u8>(next) != 0x2c) next++;
    let stop = next;
    next++;
    while (at < stop && isSpace(load<u8>(at))) at++;
    while (stop > at && isSpace(load<u8>(stop - 1))) stop--;
    if (at == stop) continue;
    memberStart = at;
    memberLength = <u32>(stop - at);
    return true;
  }
  return false;
}

/** Whether a token is a member, whatever its case. */
export function listHas(from: usize, length: u32, token: usize, tokenLength: u32): bool {
  const end = from + length;
  for (let found = listFirst(from, end); found; found = listNext(end)) {
    if (memberLength == tokenLength && equalIgnoringCase(memberStart, token, tokenLength)) return true;
  }
  return false;
}

function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 9;
}

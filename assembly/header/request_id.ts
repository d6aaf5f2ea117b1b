// x-request-id: a UUID of version 4 (RFC 9562 5.4) from the core's generator. Its version digit is where Envoy keeps the trace decision:
// 4 means that the request is not traced.

import { random32 } from "../bytes/random";

/** Bytes of a UUID's text. */
export const UUID_BYTES: u32 = 36;

/** Writes a new UUID: `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`, y one of 8, 9, a, b. */
export function writeUuid(to: usize): void {
  const second = hexDigits(random32());
  const third = hexDigits((random32() & 0xffff_fff3) | 8);
  store<u64>(to, hexDigits(random32()));
  store<u8>(to, 0x2d, 8);
  store<u32>(to, <u32>second, 9);
  store<u8>(to, 0x2d, 13);
  store<u32>(to, (<u32>(second >> 32) & 0xffff_ff00) | 0x34, 14);
  store<u8>(to, 0x2d, 18);
  store<u32>(to, <u32>third, 19);
  store<u8>(to, 0x2d, 23);
  store<u32>(to, <u32>(third >> 32), 24);
  store<u64>(to, hexDigits(random32()), 28);
}

/** Eight hexadecimal digits at once, the lowest nibble first: the order of random digits does not matter. */
function hexDigits(bits: u32): u64 {
  let spread: u64 = bits;
  spread = (spread | (spread << 16)) & 0x0000_ffff_0000_ffff;
  spread = (spread | (spread << 8)) & 0x00ff_00ff_00ff_00ff;
  spread = (spread | (spread << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
  // A nibble of ten or more carries into bit 4 when six is added; letters lie 0x27 above where digits end.
  const letters = ((spread + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
  return spread + 0x3030_3030_3030_3030 + letters * 0x27;
}

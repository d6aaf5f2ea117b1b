// x-request-id: a UUID of version 4 (RFC 9562 5.4) from the core's generator. Its version digit is where Envoy keeps the trace decision:
// 4 means that the request is not traced.

import { hexCharacter } from "../bytes/digits";
import { random64 } from "../bytes/random";

/** Bytes of a UUID's text. */
export const UUID_BYTES: u32 = 36;

/** Writes a new UUID. */
export function writeUuid(to: usize): void {
  const high = (random64() & 0xffff_ffff_ffff_0fff) | 0x4000;
  const low = (random64() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
  let at = to;
  for (let digit: u32 = 0; digit < 32; digit++) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) store<u8>(at++, 0x2d);
    const half = digit < 16 ? high : low;
    store<u8>(at++, hexCharacter(<u32>(half >> ((15 - (digit & 15)) * 4)) & 15));
  }
}

// HPACK without frames, on the tables of a connection: for the suites that check it alone, and for tools. No proxied byte comes this way.

import { decodeSection, section, tooLarge, tooMany } from "../hpack/decoder";
import { encoderResize, encodeSection, sectionBound } from "../hpack/encoder";
import { ENCODE_NO_ROOM } from "../http1/encoder";
import { RESULT } from "../memory/arena";
import { decoderOf, encoderOf, encoderTableOf, http2At } from "./connection";

/**
 * Decodes a whole field section. A result code; result word 0 is the block (0: beyond a limit), 1 and 2 tell whether by size or number, 3 the size of the
 * dynamic table and 4 its entries.
 */
export function hpackDecode(handle: u32, from: usize, length: u32, maxBytes: u32, maxFields: u32, tableMax: u32): u32 {
  const table = decoderOf(http2At(handle));
  const fault = decodeSection(table, from, from + length, maxBytes, maxFields, tableMax, false);
  store<u32>(RESULT, section);
  store<u32>(RESULT, tooLarge, 4);
  store<u32>(RESULT, tooMany, 8);
  store<u32>(RESULT, table.size, 12);
  store<u32>(RESULT, table.count, 16);
  return fault;
}

/** Encodes the fields of a block at `out`; the length, or ENCODE_NO_ROOM. Result words 3 and 4 as above. */
export function hpackEncode(handle: u32, block: u32, out: usize, room: u32): i32 {
  if (sectionBound(block) > room) return ENCODE_NO_ROOM;
  const it = http2At(handle);
  const table = encoderTableOf(it);
  const length = encodeSection(encoderOf(it), table, block, out);
  store<u32>(RESULT, table.size, 12);
  store<u32>(RESULT, table.count, 16);
  return <i32>length;
}

/** The peer allows another size of table. */
export function hpackResize(handle: u32, allowed: u32): void {
  encoderResize(encoderOf(http2At(handle)), allowed);
}

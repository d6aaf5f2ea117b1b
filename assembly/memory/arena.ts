// The control region by address: the small structs that live as long as the core. Larger regions are constants of abi/limits.

import { BLOCK_CLASSES, CONTROL_BYTES, CONTROL_START } from "../abi/limits";
import { SLOTS_BYTES } from "./slots";

/** Words in which a call leaves more than one value: 16 of u32. */
export const RESULT: u32 = CONTROL_START;
export const RESULT_WORDS: u32 = 16;

/** The table of HTTP/1 connections. */
export const CONNECTION_SLOTS: u32 = RESULT + RESULT_WORDS * 4;

/** The table of downstream peers (header/forward_params). */
export const FORWARD_PEER_SLOTS: u32 = CONNECTION_SLOTS + ((SLOTS_BYTES + 15) & ~15);

/** One pool record for each class of header block, by class number (0 is no class). */
export const BLOCK_POOL_BYTES: u32 = 32;
export const BLOCK_POOLS: u32 = FORWARD_PEER_SLOTS + ((SLOTS_BYTES + 15) & ~15);

/** Known header names: {address u32, length u32} by id. */
export const NAME_TABLE: u32 = BLOCK_POOLS + (BLOCK_CLASSES + 1) * BLOCK_POOL_BYTES;
export const NAMES_MAX: u32 = 128;

/** Slots of the open-addressed hash of known names: one id each. */
export const NAME_SLOTS: u32 = NAME_TABLE + NAMES_MAX * 8;
export const NAME_SLOT_COUNT: u32 = 1024;

/** Text of the known names, one after the other. */
export const NAME_TEXT: u32 = NAME_SLOTS + NAME_SLOT_COUNT;
export const NAME_TEXT_BYTES: u32 = 4096;

/** The `date` header's value, set by the host once a second (RFC 9110 5.6.7: 29 bytes). */
export const DATE_TEXT: u32 = NAME_TEXT + NAME_TEXT_BYTES;
export const DATE_BYTES: u32 = 29;

/** State of the random generator: 4 words. */
export const RANDOM_STATE: u32 = DATE_TEXT + 32;

/** The client of the request at hand (header/client_address): 16 bytes of address, then its text. */
export const CLIENT_ADDRESS: u32 = RANDOM_STATE + 16;
export const CLIENT_TEXT: u32 = CLIENT_ADDRESS + 16;

/** A text on its way into a field: a UUID, a number. */
export const FORWARD_TEXT: u32 = CLIENT_TEXT + 48;

/** HPACK: {address u32, length u16, id u8} of the names, the same of the values, by static index (hpack/static_table). */
export const HPACK_STATIC: u32 = FORWARD_TEXT + 48;
export const HPACK_STATIC_COUNT: u32 = 61;
export const HPACK_STATIC_BYTES: u32 = 16;
export const HPACK_STATIC_TEXT: u32 = HPACK_STATIC + (HPACK_STATIC_COUNT + 1) * HPACK_STATIC_BYTES;
export const HPACK_STATIC_TEXT_BYTES: u32 = 2048;
/** The first static index of each known name, a byte by id; 0: none. */
export const HPACK_STATIC_BY_ID: u32 = HPACK_STATIC_TEXT + HPACK_STATIC_TEXT_BYTES;
/** Huffman code of each symbol: code u32, and its length u32 (hpack/huffman). */
export const HUFFMAN_CODES: u32 = HPACK_STATIC_BY_ID + NAMES_MAX;
/** Symbol and length for the next bits, u16 each. */
export const HUFFMAN_SHORT_BITS: u32 = 10;
export const HUFFMAN_SHORT: u32 = HUFFMAN_CODES + 257 * 8 + 8;
/** By length of code, 0..31: first code aligned left, {u32}, index of its first symbol {u32}. */
export const HUFFMAN_LONG: u32 = HUFFMAN_SHORT + (1 << HUFFMAN_SHORT_BITS) * 2;
/** Symbols in the order of their codes, u16 each. */
export const HUFFMAN_ORDER: u32 = HUFFMAN_LONG + 32 * 8;

/** The tables of HTTP/2 connections and streams. */
export const H2_CONNECTION_SLOTS: u32 = (HUFFMAN_ORDER + 257 * 2 + 15) & ~15;
export const H2_STREAM_SLOTS: u32 = H2_CONNECTION_SLOTS + ((SLOTS_BYTES + 15) & ~15);

/** What is left of the control region starts here; other rooms take theirs by `control_` constants beside these. */
export const CONTROL_USED: u32 = H2_STREAM_SLOTS + ((SLOTS_BYTES + 15) & ~15);

/** Traps unless the control region holds its tenants. */
export function checkControl(): void {
  assert(CONTROL_USED <= CONTROL_START + CONTROL_BYTES);
}

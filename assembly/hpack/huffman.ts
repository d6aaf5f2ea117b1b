// The Huffman code of HPACK, RFC 7541 5.2 and appendix B.
//
// The code is canonical: within a length codes rise with their symbols, and the lengths follow each other. So the lengths are all there is to write
// down; codes and tables are computed from them once. A symbol is decoded by one look at the next ten bits, where nearly all text is; longer
// codes are found by comparing with the first code of each length.

import { HUFFMAN_CODES, HUFFMAN_LONG, HUFFMAN_ORDER, HUFFMAN_SHORT, HUFFMAN_SHORT_BITS } from "../memory/arena";

const SYMBOLS: u32 = 257;
const EOS: u32 = 256;
const LENGTH_MAX: u32 = 30;

/** What `huffmanDecode` gives instead of a length: no valid code, or more text than there is room for. */
export const HUFFMAN_INVALID: u32 = 0xffff_ffff;
export const HUFFMAN_NO_ROOM: u32 = 0xffff_fffe;

/** Bits of each symbol's code; the last is EOS. */
// biome-ignore format: sixteen a row
const LENGTHS: usize = memory.data<u8>([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]);

/** Computes codes and tables. Once, from `init`. */
export function huffmanInit(): void {
  let code: u32 = 0;
  let ordered: u32 = 0;
  for (let length: u32 = 1; length <= LENGTH_MAX; length++) {
    code <<= 1;
    store<u32>(HUFFMAN_LONG + length * 8, code << (32 - length));
    store<u32>(HUFFMAN_LONG + length * 8, ordered, 4);
    for (let symbol: u32 = 0; symbol < SYMBOLS; symbol++) {
      if (load<u8>(LENGTHS + symbol) != length) continue;
      store<u32>(HUFFMAN_CODES + symbol * 8, code);
      store<u32>(HUFFMAN_CODES + symbol * 8, length, 4);
      store<u16>(HUFFMAN_ORDER + ordered * 2, <u16>symbol);
      if (length <= HUFFMAN_SHORT_BITS) fillShort(code, length, symbol);
      ordered++;
      code++;
    }
  }
  assert(ordered == SYMBOLS && code == 1 << LENGTH_MAX);
}

/** All entries of the short table that begin with this code: length in the upper byte, symbol in the lower. */
function fillShort(code: u32, length: u32, symbol: u32): void {
  const spare = HUFFMAN_SHORT_BITS - length;
  for (let rest: u32 = 0; rest < (<u32>1) << spare; rest++) {
    store<u16>(HUFFMAN_SHORT + ((code << spare) | rest) * 2, <u16>((length << 8) | symbol));
  }
}

/**
 * Decodes [from, end) to [to, toEnd); the length of the text, HUFFMAN_INVALID (EOS, padding that is not the beginning of EOS or is
 * longer than seven bits) or HUFFMAN_NO_ROOM. Never writes behind `toEnd`.
 */
export function huffmanDecode(from: usize, end: usize, to: usize, toEnd: usize): u32 {
  let at = from;
  let out = to;
  // The next bits, the first of them uppermost; `held` of them are there, and zeros behind them.
  let bits: u64 = 0;
  let held: u32 = 0;
  while (true) {
    while (held <= 56 && at < end) {
      bits |= (<u64>load<u8>(at++)) << (56 - held);
      held += 8;
    }
    if (held == 0) return <u32>(out - to);
    const entry: u32 = load<u16>(HUFFMAN_SHORT + <u32>(bits >> (64 - HUFFMAN_SHORT_BITS)) * 2);
    let length = entry >> 8;
    let symbol = entry & 0xff;
    if (length == 0) {
      const window = <u32>(bits >> 32);
      length = HUFFMAN_SHORT_BITS + 1;
      while (length < LENGTH_MAX && window >= load<u32>(HUFFMAN_LONG + (length + 1) * 8)) length++;
      // Lengths without a code have the same first code as the next one that has some: the search does not stop there.
      const first = load<u32>(HUFFMAN_LONG + length * 8);
      const nth = load<u32>(HUFFMAN_LONG + length * 8, 4) + ((window - first) >> (32 - length));
      symbol = load<u16>(HUFFMAN_ORDER + nth * 2);
    }
    if (length > held) break;
    if (symbol == EOS) return HUFFMAN_INVALID;
    if (out == toEnd) return HUFFMAN_NO_ROOM;
    store<u8>(out++, symbol);
    bits <<= length;
    held -= length;
  }
  // What is left is no whole code: padding, fewer than eight ones.
  if (held > 7 || bits != ~(<u64>0) << (64 - held)) return HUFFMAN_INVALID;
  return <u32>(out - to);
}

/** Bytes that a text takes when it is encoded. */
export function huffmanLength(from: usize, length: u32): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < length; i++) bits += load<u8>(LENGTHS + load<u8>(from + i));
  return (bits + 7) >> 3;
}

/** Encodes a text at `to`, which has room for `huffmanLength`; the address behind it. */
export function huffmanEncode(to: usize, from: usize, length: u32): usize {
  let out = to;
  let bits: u64 = 0;
  let held: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const code = HUFFMAN_CODES + <u32>load<u8>(from + i) * 8;
    const wide = load<u32>(code, 4);
    bits = (bits << wide) | load<u32>(code);
    held += wide;
    while (held >= 8) {
      held -= 8;
      store<u8>(out++, <u8>(bits >> held));
    }
  }
  if (held > 0) store<u8>(out++, <u8>((bits << (8 - held)) | (0xff >> held)));
  return out;
}

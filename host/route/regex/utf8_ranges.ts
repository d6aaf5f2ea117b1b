/**
 * Ranges of code points as sequences of byte ranges: an automaton over bytes needs no decoder, and bytes that are no
 * UTF-8 match nothing, as in RE2.
 */

/** One to four byte ranges, in the order of the bytes: `[lo, hi, lo, hi, ...]`. */
export type ByteSequence = readonly number[];

/** Last code point of each encoded length. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff] as const;

/** Appends to `out` the byte sequences that encode the code points `lo..hi`. */
export function utf8Sequences(lo: number, hi: number, out: ByteSequence[]): void {
  if (lo > hi) return;
  // Each sequence has one length: cut where the length grows.
  for (const last of LAST_OF_LENGTH) {
    if (lo <= last && last < hi) {
      utf8Sequences(lo, last, out);
      utf8Sequences(last + 1, hi, out);
      return;
    }
  }
  if (hi < 0x80) {
    out.push([lo, hi]);
    return;
  }
  // Within one length, a sequence of independent ranges needs every continuation byte that follows the first
  // differing byte to span 80..BF: cut off the ragged ends.
  for (let bits = 6; bits <= 18; bits += 6) {
    const mask = 2 ** bits - 1;
    if (Math.floor(lo / (mask + 1)) === Math.floor(hi / (mask + 1))) continue;
    if ((lo & mask) !== 0) {
      utf8Sequences(lo, lo | mask, out);
      utf8Sequences((lo | mask) + 1, hi, out);
      return;
    }
    if ((hi & mask) !== mask) {
      utf8Sequences(lo, (hi & ~mask) - 1, out);
      utf8Sequences(hi & ~mask, hi, out);
      return;
    }
  }
  const first = encode(lo);
  const last = encode(hi);
  out.push(first.flatMap((byte, i) => [byte, last[i] ?? byte]));
}

function encode(rune: number): number[] {
  if (rune < 0x800) return [0xc0 | (rune >> 6), 0x80 | (rune & 0x3f)];
  if (rune < 0x10000) return [0xe0 | (rune >> 12), 0x80 | ((rune >> 6) & 0x3f), 0x80 | (rune & 0x3f)];
  return [0xf0 | (rune >> 18), 0x80 | ((rune >> 12) & 0x3f), 0x80 | ((rune >> 6) & 0x3f), 0x80 | (rune & 0x3f)];
}

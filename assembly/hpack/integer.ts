// Integers, RFC 7541 5.1: a prefix of N bits, then seven bits a byte, lowest first.
//
//   value < 2^N - 1     one byte
//   else                2^N - 1, then (value - that) in groups of seven bits, the top bit set on all but the last

/** No integer of a header block needs more: four groups behind the prefix. A fifth is refused, even when it adds nothing. */
const GROUPS_MAX: u32 = 4;
/** What `readInteger` gives for an integer that is cut off or too long. */
export const NOT_AN_INTEGER: u32 = 0xffff_ffff;

/** The address behind the integer read last. */
export let integerEnd: usize = 0;

/** Reads the integer with a prefix of `bits` in the byte at `from`, which is before `end`. Below 2^29, or NOT_AN_INTEGER. */
export function readInteger(from: usize, end: usize, bits: u32): u32 {
  const prefix: u32 = (1 << bits) - 1;
  let value: u32 = load<u8>(from) & prefix;
  let at = from + 1;
  if (value < prefix) {
    integerEnd = at;
    return value;
  }
  for (let group: u32 = 0; group < GROUPS_MAX; group++) {
    if (at >= end) return NOT_AN_INTEGER;
    const byte: u32 = load<u8>(at++);
    value += (byte & 0x7f) << (group * 7);
    if (byte < 0x80) {
      integerEnd = at;
      return value;
    }
  }
  return NOT_AN_INTEGER;
}

/** Writes an integer behind the upper bits of its first byte; how many bytes (at most six). */
export function writeInteger(to: usize, value: u32, bits: u32, upper: u32): u32 {
  const prefix: u32 = (1 << bits) - 1;
  if (value < prefix) {
    store<u8>(to, upper | value);
    return 1;
  }
  store<u8>(to, upper | prefix);
  let rest = value - prefix;
  let length: u32 = 1;
  for (; rest >= 0x80; rest >>= 7) store<u8>(to + length++, 0x80 | (rest & 0x7f));
  store<u8>(to + length++, rest);
  return length;
}

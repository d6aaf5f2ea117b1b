// Numbers in text: strict, bounded, without signs or spaces.

/** Not a number, or beyond what fits. No number that these functions accept has this value. */
export const NOT_A_NUMBER: u64 = 0xffff_ffff_ffff_ffff;

/** 1*DIGIT below 2^63 (RFC 9110 8.6: any length of digits is legal, and must not overflow), or NOT_A_NUMBER. */
export function parseDecimal(from: usize, length: u32): u64 {
  if (length == 0) return NOT_A_NUMBER;
  let value: u64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const digit: u32 = <u32>load<u8>(from + i) - 0x30;
    if (digit > 9 || value > 922337203685477579) return NOT_A_NUMBER;
    value = value * 10 + digit;
  }
  return value;
}

/** The value of one hexadecimal digit, or 16. */
export function hexDigit(byte: u32): u32 {
  const digit = byte - 0x30;
  if (digit < 10) return digit;
  const letter = (byte | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

/** Writes a number in decimal; how many bytes (at most 20). */
export function writeDecimal(to: usize, value: u64): u32 {
  let digits: u32 = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  let rest = value;
  for (let i = digits; i > 0; i--) {
    store<u8>(to + i - 1, 0x30 + <u32>(rest % 10));
    rest /= 10;
  }
  return digits;
}

/** Writes a number in lower-case hexadecimal without leading zeros; how many bytes (at most 16). */
export function writeHex(to: usize, value: u64): u32 {
  const digits: u32 = value == 0 ? 1 : <u32>((67 - clz(value)) >> 2);
  for (let i: u32 = 0; i < digits; i++) store<u8>(to + i, hexCharacter(<u32>(value >> ((digits - 1 - i) * 4)) & 15));
  return digits;
}

/** The lower-case character of a value below 16. */
export function hexCharacter(value: u32): u32 {
  return value + (value < 10 ? 0x30 : 0x57);
}

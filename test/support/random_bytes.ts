/** The same bytes for the same seed: content that compression or a mix-up of blocks would not leave unchanged. */
export function randomBytes(length: number, seed: number): Uint8Array {
  const words = new Uint32Array((length + 3) >>> 2);
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    // xorshift32, Marsaglia 2003
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

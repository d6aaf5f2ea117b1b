/** Randomness from a seed: the same for the same seed, so that a failure can be had again. */

/** Numbers in [0, 1). xorshift32, Marsaglia 2003. */
export function randomNumbers(seed: number): () => number {
  const next = words(seed);
  return () => next() / 2 ** 32;
}

/** Content that a mix-up of blocks would not leave unchanged. */
export function randomBytes(length: number, seed: number): Uint8Array {
  const next = words(seed);
  const content = new Uint32Array((length + 3) >>> 2);
  for (let index = 0; index < content.length; index++) content[index] = next();
  return new Uint8Array(content.buffer, 0, length);
}

function words(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

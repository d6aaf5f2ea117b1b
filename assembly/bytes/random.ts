// xoshiro128** (Blackman and Vigna), seeded through splitmix64: the only randomness of the core, so the same seed gives the same run. Not for secrets.

import { RANDOM_STATE } from "../memory/arena";

/** Seeds the generator. Once, from `init`. */
export function randomInit(seedLow: u32, seedHigh: u32): void {
  let seed: u64 = ((<u64>seedHigh) << 32) | seedLow;
  for (let i: u32 = 0; i < 2; i++) {
    seed += 0x9e3779b97f4a7c15;
    let mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    store<u64>(RANDOM_STATE + i * 8, mixed ^ (mixed >> 31));
  }
  // The one state that never leaves itself.
  if ((load<u64>(RANDOM_STATE) | load<u64>(RANDOM_STATE, 8)) == 0) store<u32>(RANDOM_STATE, 1);
}

/** 32 random bits. */
export function random32(): u32 {
  const s0 = load<u32>(RANDOM_STATE);
  const s1 = load<u32>(RANDOM_STATE, 4);
  const s2 = load<u32>(RANDOM_STATE, 8) ^ s0;
  const s3 = load<u32>(RANDOM_STATE, 12) ^ s1;
  const result = rotl<u32>(s1 * 5, 7) * 9;
  store<u32>(RANDOM_STATE, s0 ^ s3);
  store<u32>(RANDOM_STATE, s1 ^ s2, 4);
  store<u32>(RANDOM_STATE, s2 ^ (s1 << 9), 8);
  store<u32>(RANDOM_STATE, rotl<u32>(s3, 11), 12);
  return result;
}

/** A number below `bound` > 0, each as likely as the others but for 2^-32 (Lemire's multiplication). */
export function randomBelow(bound: u32): u32 {
  assert(bound > 0);
  return <u32>((<u64>random32() * bound) >> 32);
}

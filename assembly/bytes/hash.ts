// The hashes that consistent hashing is built on: a ring or a table must come out as it does in Envoy, or clients change hosts when proxies are mixed.

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

/** XXH64 (Collet): Envoy's default for ring hash, maglev and hash policies. */
export function xxHash64(from: usize, length: u32, seed: u64): u64 {
  let at = from;
  const end = from + length;
  let hash: u64;
  if (length >= 32) {
    let a = seed + PRIME_1 + PRIME_2;
    let b = seed + PRIME_2;
    let c = seed;
    let d = seed - PRIME_1;
    do {
      a = round(a, load<u64>(at));
      b = round(b, load<u64>(at, 8));
      c = round(c, load<u64>(at, 16));
      d = round(d, load<u64>(at, 24));
      at += 32;
    } while (at + 32 <= end);
    hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  } else {
    hash = seed + PRIME_5;
  }
  hash += length;
  for (; at + 8 <= end; at += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * PRIME_1 + PRIME_4;
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    at += 4;
  }
  for (; at < end; at++) hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * PRIME_5), 11) * PRIME_1;
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

/** MurmurHash2, 64 bits (Appleby's 64A): what Envoy calls MURMUR_HASH_2, the std::hash of libstdc++ when `seed` is 0xc70f6907. */
export function murmurHash2(from: usize, length: u32, seed: u64): u64 {
  const multiplier: u64 = 0xc6a4a7935bd1e995;
  let hash = seed ^ (<u64>length * multiplier);
  let at = from;
  const end = from + (length & ~7);
  for (; at < end; at += 8) {
    const mixed = load<u64>(at) * multiplier;
    hash = (hash ^ ((mixed ^ (mixed >> 47)) * multiplier)) * multiplier;
  }
  const rest = length & 7;
  if (rest != 0) {
    let tail: u64 = 0;
    for (let i = rest; i > 0; i--) tail = (tail << 8) | load<u8>(at + i - 1);
    hash = (hash ^ tail) * multiplier;
  }
  hash = (hash ^ (hash >> 47)) * multiplier;
  return hash ^ (hash >> 47);
}

function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME_2, 31) * PRIME_1;
}

function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
}

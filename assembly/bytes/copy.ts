// Copying and comparing short runs. `memory.copy` and `memory.compare` cost a call out of Wasm or a loop of bytes; names and values are mostly shorter
// than 64 bytes, where a few overlapping words are several times faster.

/** Up to here a loop of vectors beats the call that `memory.copy` is. */
const LOOP_MAX: u32 = 1024;

/** Copies `length` bytes; the runs may overlap. */
export function copyBytes(to: usize, from: usize, length: u32): void {
  if (length > 64) {
    // A target that begins inside the source cannot be filled upward.
    if (length > LOOP_MAX || <u32>(to - from) < length) memory.copy(to, from, length);
    else copyUpward(to, from, length);
    return;
  }
  // All loads before all stores: what overlaps is read before it is overwritten.
  if (length >= 16) {
    const end = length - 16;
    const first = v128.load(from);
    const last = v128.load(from + end);
    if (length > 32) {
      const second = v128.load(from, 16);
      const third = v128.load(from + end - 16);
      v128.store(to, second, 16);
      v128.store(to + end - 16, third);
    }
    v128.store(to, first);
    v128.store(to + end, last);
    return;
  }
  if (length >= 8) {
    const first = load<u64>(from);
    const last = load<u64>(from + length - 8);
    store<u64>(to, first);
    store<u64>(to + length - 8, last);
    return;
  }
  if (length >= 4) {
    const first = load<u32>(from);
    const last = load<u32>(from + length - 4);
    store<u32>(to, first);
    store<u32>(to + length - 4, last);
    return;
  }
  if (length == 0) return;
  const first = load<u8>(from);
  const middle = load<u8>(from + (length >> 1));
  const last = load<u8>(from + length - 1);
  store<u8>(to, first);
  store<u8>(to + (length >> 1), middle);
  store<u8>(to + length - 1, last);
}

/** Copies more than 64 bytes, lowest first; the target is below the source, or does not overlap. */
function copyUpward(to: usize, from: usize, length: u32): void {
  const end = length - 16;
  const last = v128.load(from + end);
  for (let i: u32 = 0; i < end; i += 16) v128.store(to + i, v128.load(from + i));
  v128.store(to + end, last);
}

/** Whether two runs of `length` bytes are the same. */
export function equalBytes(a: usize, b: usize, length: u32): bool {
  if (length >= 8) {
    const end = length - 8;
    for (let i: u32 = 0; i < end; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
    return load<u64>(a + end) == load<u64>(b + end);
  }
  if (length >= 4) {
    return load<u32>(a) == load<u32>(b) && load<u32>(a + length - 4) == load<u32>(b + length - 4);
  }
  if (length == 0) return true;
  return (
    load<u8>(a) == load<u8>(b) &&
    load<u8>(a + (length >> 1)) == load<u8>(b + (length >> 1)) &&
    load<u8>(a + length - 1) == load<u8>(b + length - 1)
  );
}

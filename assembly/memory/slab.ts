// Slots of one size behind handles that notice reuse.
//
//   handle = generation (14 bits) | slot (17 bits)      0 is never a handle
//
// The first word of a slot belongs to the slab: its generation while live, the negated generation while free. A stale handle and a
// double free therefore trap. Virgin slots are taken in order, freed ones last in first out: memory that was never needed stays untouched.

const SLOT_BITS: u32 = 17;
export const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
const GENERATION_MAX: i32 = (1 << 14) - 1;

/** The state of one slab; lives in the control region. `slotBytes` >= 8. */
@unmanaged
export class Slab {
  start: u32;
  slotBytes: u32;
  slots: u32;
  /** Slots that were ever taken: behind them all is virgin. */
  touched: u32;
  /** First free slot + 1, linked through the second word of free slots. */
  free: u32;
  live: u32;
}

/** Bytes of a `Slab`. */
export const SLAB_BYTES: u32 = offsetof<Slab>();

export function slabInit(slab: Slab, start: u32, slotBytes: u32, slots: u32): void {
  assert(slots <= SLOT_MASK + 1 && slotBytes >= 8);
  slab.start = start;
  slab.slotBytes = slotBytes;
  slab.slots = slots;
  slab.touched = 0;
  slab.free = 0;
  slab.live = 0;
}

/** Takes a slot: its handle, or 0 when all are taken. Beyond the first word the slot holds what its last user left. */
export function slabTake(slab: Slab): u32 {
  let slot: u32;
  let generation: i32;
  if (slab.free != 0) {
    slot = slab.free - 1;
    const at: usize = slab.start + slot * slab.slotBytes;
    generation = -load<i32>(at) + 1;
    if (generation > GENERATION_MAX) generation = 1;
    slab.free = load<u32>(at, 4);
  } else {
    if (slab.touched == slab.slots) return 0;
    slot = slab.touched++;
    generation = 1;
  }
  store<i32>(slab.start + slot * slab.slotBytes, generation);
  slab.live++;
  return ((<u32>generation) << SLOT_BITS) | slot;
}

/** The address of a live slot. A stale handle traps. */
export function slabAt(slab: Slab, handle: u32): usize {
  const slot = handle & SLOT_MASK;
  assert(slot < slab.touched);
  const at: usize = slab.start + slot * slab.slotBytes;
  assert(load<i32>(at) == <i32>(handle >> SLOT_BITS));
  return at;
}

/** Gives a slot back. A stale handle, or one freed before, traps. */
export function slabFree(slab: Slab, handle: u32): void {
  const at = slabAt(slab, handle);
  store<i32>(at, -load<i32>(at));
  store<u32>(at, slab.free, 4);
  slab.free = (handle & SLOT_MASK) + 1;
  slab.live--;
}

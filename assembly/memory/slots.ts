// Slots of one size behind handles that notice reuse.
//
//   handle = generation (14 bits) | slot (17 bits)      0 is never a handle
//
// The first word of a slot belongs to the table: its generation while live, the negated generation while free. A stale handle and a
// double free therefore trap. Virgin slots are taken in order, freed ones last in first out: memory that was never needed stays untouched.

const SLOT_BITS: u32 = 17;
export const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
const GENERATION_MAX: i32 = (1 << 14) - 1;

/** A table of slots; its record lives in the control region. `slotBytes` >= 8. */
@unmanaged
export class Slots {
  start: u32;
  slotBytes: u32;
  count: u32;
  /** Slots that were ever taken: behind them all is virgin. */
  touched: u32;
  /** First free slot + 1, linked through the second word of free slots. */
  free: u32;
  live: u32;
}

/** Bytes of that record. */
export const SLOTS_BYTES: u32 = offsetof<Slots>();

export function slotsInit(table: Slots, start: u32, slotBytes: u32, count: u32): void {
  assert(count <= SLOT_MASK + 1 && slotBytes >= 8);
  table.start = start;
  table.slotBytes = slotBytes;
  table.count = count;
  table.touched = 0;
  table.free = 0;
  table.live = 0;
}

/** Takes a slot: its handle, or 0 when all are taken. Beyond the first word the slot holds what its last user left. */
export function slotTake(table: Slots): u32 {
  let slot: u32;
  let generation: i32;
  if (table.free != 0) {
    slot = table.free - 1;
    const at: usize = table.start + slot * table.slotBytes;
    generation = -load<i32>(at) + 1;
    if (generation > GENERATION_MAX) generation = 1;
    table.free = load<u32>(at, 4);
  } else {
    if (table.touched == table.count) return 0;
    slot = table.touched++;
    generation = 1;
  }
  store<i32>(table.start + slot * table.slotBytes, generation);
  table.live++;
  return ((<u32>generation) << SLOT_BITS) | slot;
}

/** The address of a live slot. A stale handle traps. */
export function slotAt(table: Slots, handle: u32): usize {
  const slot = handle & SLOT_MASK;
  assert(slot < table.touched);
  const at: usize = table.start + slot * table.slotBytes;
  assert(load<i32>(at) == <i32>(handle >> SLOT_BITS));
  return at;
}

/** Gives a slot back. A stale handle, or one freed before, traps. */
export function slotFree(table: Slots, handle: u32): void {
  const at = slotAt(table, handle);
  store<i32>(at, -load<i32>(at));
  store<u32>(at, table.free, 4);
  table.free = (handle & SLOT_MASK) + 1;
  table.live--;
}

// Permits shared by all threads of the process (ledger.wasm, shared memory).
//
// A cell stands alone in 128 bytes, so that two threads never fight over a cache line that they do not share in meaning:
//
//   cell   +0  used   i32   permits taken by all threads together
//          +4  limit  i32   written by the main thread only
//          +8 ..  128       unused
//
// Beside it each thread has a word of its own, `held`: how many of the permits are this thread's. When a thread dies, the
// main thread takes exactly those off `used`. V8 stops Wasm only at function entries and loop heads, so the two stores of
// a grant stand in a straight line.
//
// All addresses come from the host (host/wasm/ledger.ts); nothing here allocates or keeps static data.

/** Bytes from one shared cell to the next. */
export const CELL_BYTES: u32 = 128;
/** Offset of the limit in a cell; the count of used permits stands at 0. */
export const CELL_LIMIT: u32 = 4;
/** Shared cells in all: ten for each cluster and one for each of its hosts. */
export const CELLS_MAX: u32 = 65536;
/** Bytes of one `held` word. */
export const HELD_BYTES: u32 = 4;

/** Takes a permit if one is free: 1, or 0 and nothing changed. `used` never passes the limit, not even for a moment. */
export function acquire(cell: u32, held: u32): i32 {
  const limit = atomic.load<i32>(cell, CELL_LIMIT);
  let used = atomic.load<i32>(cell);
  while (used < limit) {
    const seen = atomic.cmpxchg<i32>(cell, used, used + 1);
    if (seen == used) {
      store<i32>(held, load<i32>(held) + 1);
      return 1;
    }
    used = seen;
  }
  return 0;
}

/** Takes a permit whatever the limit: the first connection of a pool, a request that is active on a host. */
export function enter(cell: u32, held: u32): void {
  atomic.add<i32>(cell, 1);
  store<i32>(held, load<i32>(held) + 1);
}

/** `acquire` of one cell and, where that was granted, `enter` of another: a request under its breaker, on its host. 1, or 0 and nothing changed. */
export function acquireAndEnter(cell: u32, held: u32, entered: u32, enteredHeld: u32): i32 {
  if (acquire(cell, held) == 0) return 0;
  enter(entered, enteredHeld);
  return 1;
}

/** `release` of both. */
export function releaseBoth(cell: u32, held: u32, entered: u32, enteredHeld: u32): void {
  release(cell, held);
  release(entered, enteredHeld);
}

/** Returns a permit of this thread. Returning what was not taken is our own fault and traps. */
export function release(cell: u32, held: u32): void {
  const mine = load<i32>(held);
  if (mine <= 0) unreachable(); // not `assert`: its message would be static data
  store<i32>(held, mine - 1);
  atomic.sub<i32>(cell, 1);
}

/** Permits in use over all threads. */
export function used(cell: u32): i32 {
  return atomic.load<i32>(cell);
}

/** 1 when a permit would be refused now (a gauge's view: it may be stale when it is read). */
export function isOpen(cell: u32): i32 {
  return i32(atomic.load<i32>(cell) >= atomic.load<i32>(cell, CELL_LIMIT));
}

/**
 * Returns all that a dead thread held in the first `count` cells; called by the main thread after the thread is gone.
 * Gives the number of permits returned.
 */
export function giveBack(cells: u32, held: u32, count: u32): i32 {
  let given = 0;
  for (let i: u32 = 0; i < count; i++) {
    const mine = atomic.xchg<i32>(held + i * HELD_BYTES, 0);
    if (mine != 0) atomic.sub<i32>(cells + i * CELL_BYTES, mine);
    given += mine;
  }
  return given;
}

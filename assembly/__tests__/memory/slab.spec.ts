import { SLAB_BYTES, Slab, slabAt, slabFree, slabInit, slabTake } from "../../memory/slab";

// as-pect has a heap of its own, from which the slab of a test gets its memory.
const STATE: usize = heap.alloc(SLAB_BYTES);
const SLOTS: u32 = <u32>heap.alloc(64);

function fresh(slots: u32): Slab {
  const slab = changetype<Slab>(STATE);
  memory.fill(SLOTS, 0xaa, 64);
  slabInit(slab, SLOTS, 16, slots);
  return slab;
}

describe("slab", () => {
  it("hands out each slot once, then 0", () => {
    const slab = fresh(3);
    const a = slabTake(slab);
    const b = slabTake(slab);
    const c = slabTake(slab);
    expect(a != 0 && b != 0 && c != 0).toBe(true);
    expect(slabAt(slab, a)).toBe(SLOTS);
    expect(slabAt(slab, b)).toBe(SLOTS + 16);
    expect(slabAt(slab, c)).toBe(SLOTS + 32);
    expect(slabTake(slab)).toBe(0);
    expect(slab.live).toBe(3);
  });

  it("takes the slot that came back last, under a new handle", () => {
    const slab = fresh(3);
    const a = slabTake(slab);
    const b = slabTake(slab);
    slabFree(slab, a);
    slabFree(slab, b);
    const again = slabTake(slab);
    expect(slabAt(slab, again)).toBe(SLOTS + 16);
    expect(again).not.toBe(b);
    expect(slab.live).toBe(1);
    expect(slab.touched).toBe(2);
  });

  it("gives a slot ever new handles, none of them 0", () => {
    const slab = fresh(1);
    let last: u32 = 0;
    for (let i = 0; i < 40000; i++) {
      const handle = slabTake(slab);
      if (handle == 0 || handle == last || <i32>handle < 0) expect(handle).toBe(1, "a handle that is none");
      last = handle;
      slabFree(slab, handle);
    }
    expect(slab.live).toBe(0);
  });

  it("traps on a slot that was freed", () => {
    expect(() => {
      const slab = fresh(2);
      const handle = slabTake(slab);
      slabFree(slab, handle);
      slabAt(slab, handle);
    }).toThrow();
  });

  it("traps on a second free, also after the slot was taken again", () => {
    expect(() => {
      const slab = fresh(2);
      const handle = slabTake(slab);
      slabFree(slab, handle);
      slabFree(slab, handle);
    }).toThrow();
    expect(() => {
      const slab = fresh(2);
      const handle = slabTake(slab);
      slabFree(slab, handle);
      slabTake(slab);
      slabFree(slab, handle);
    }).toThrow();
  });

  it("traps on a handle that was never given", () => {
    expect(() => {
      slabAt(fresh(2), 1);
    }).toThrow();
  });
});

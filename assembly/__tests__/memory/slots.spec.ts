import { SLOTS_BYTES, Slots, slotAt, slotFree, slotsInit, slotTake } from "../../memory/slots";

// as-pect has a heap of its own, from which the table of a test gets its memory.
const STATE: usize = heap.alloc(SLOTS_BYTES);
const SLOTS: u32 = <u32>heap.alloc(64);

function fresh(slots: u32): Slots {
  const table = changetype<Slots>(STATE);
  memory.fill(SLOTS, 0xaa, 64);
  slotsInit(table, SLOTS, 16, slots);
  return table;
}

describe("slots", () => {
  it("hands out each slot once, then 0", () => {
    const table = fresh(3);
    const a = slotTake(table);
    const b = slotTake(table);
    const c = slotTake(table);
    expect(a != 0 && b != 0 && c != 0).toBe(true);
    expect(slotAt(table, a)).toBe(SLOTS);
    expect(slotAt(table, b)).toBe(SLOTS + 16);
    expect(slotAt(table, c)).toBe(SLOTS + 32);
    expect(slotTake(table)).toBe(0);
    expect(table.live).toBe(3);
  });

  it("takes the slot that came back last, under a new handle", () => {
    const table = fresh(3);
    const a = slotTake(table);
    const b = slotTake(table);
    slotFree(table, a);
    slotFree(table, b);
    const again = slotTake(table);
    expect(slotAt(table, again)).toBe(SLOTS + 16);
    expect(again).not.toBe(b);
    expect(table.live).toBe(1);
    expect(table.touched).toBe(2);
  });

  it("gives a slot ever new handles, none of them 0", () => {
    const table = fresh(1);
    let last: u32 = 0;
    for (let i = 0; i < 40000; i++) {
      const handle = slotTake(table);
      if (handle == 0 || handle == last || <i32>handle < 0) expect(handle).toBe(1, "a handle that is none");
      last = handle;
      slotFree(table, handle);
    }
    expect(table.live).toBe(0);
  });

  it("traps on a slot that was freed", () => {
    expect(() => {
      const table = fresh(2);
      const handle = slotTake(table);
      slotFree(table, handle);
      slotAt(table, handle);
    }).toThrow();
  });

  it("traps on a second free, also after the slot was taken again", () => {
    expect(() => {
      const table = fresh(2);
      const handle = slotTake(table);
      slotFree(table, handle);
      slotFree(table, handle);
    }).toThrow();
    expect(() => {
      const table = fresh(2);
      const handle = slotTake(table);
      slotFree(table, handle);
      slotTake(table);
      slotFree(table, handle);
    }).toThrow();
  });

  it("traps on a handle that was never given", () => {
    expect(() => {
      slotAt(fresh(2), 1);
    }).toThrow();
  });
});

import { describe, expect, it } from "vitest";
import { Core, CoreFault } from "../../../host/wasm/core.ts";
import {
  BLOCKS_END,
  CONFIG_ARENA_MIN_BYTES,
  CONFIG_ARENA_START,
  CONNECTIONS_START,
  CONTROL_START,
  EVENT_RING_START,
  FORWARD_PEERS_START,
  JOIN_START,
  OUTPUT_SLAB_BYTES,
  OUTPUT_SLABS_MAX,
  OUTPUT_SLABS_START,
  READ_BUFFER_BYTES,
  READ_BUFFER_START,
  SCAN_PADDING,
  SCRATCH_START,
  STATIC_BYTES,
} from "../../../host/wasm/layout.gen.ts";
import { outputSlabsOf, readBufferOf } from "../../../host/wasm/memory.ts";

describe("a core", () => {
  it("has its regions one behind the other, none of them over another", () => {
    const starts = [
      STATIC_BYTES,
      EVENT_RING_START,
      SCRATCH_START,
      READ_BUFFER_START,
      READ_BUFFER_START + READ_BUFFER_BYTES + SCAN_PADDING,
      CONNECTIONS_START,
      FORWARD_PEERS_START,
      BLOCKS_END,
      JOIN_START + 1,
      OUTPUT_SLABS_START,
      OUTPUT_SLABS_START + OUTPUT_SLAB_BYTES * OUTPUT_SLABS_MAX,
      CONFIG_ARENA_START + 1,
    ];
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(CONTROL_START).toBe(STATIC_BYTES);
  });

  it("has a memory of one size, with a larger arena when asked", () => {
    expect(new Core().bytes.length).toBe(CONFIG_ARENA_START + CONFIG_ARENA_MIN_BYTES);
    const large = new Core({ configArenaBytes: CONFIG_ARENA_MIN_BYTES * 2 });
    expect(large.bytes.length).toBe(CONFIG_ARENA_START + CONFIG_ARENA_MIN_BYTES * 2);
    expect(() => large.memory.grow(1)).toThrow();
  });

  it("lends the read buffer and the slabs from the same memory", () => {
    const core = new Core();
    const read = readBufferOf(core);
    read.bytes[5] = 77;
    expect(core.bytes[read.address + 5]).toBe(77);
    expect(outputSlabsOf(core)).toEqual({
      memory: core.memory.buffer,
      start: OUTPUT_SLABS_START,
      slabBytes: OUTPUT_SLAB_BYTES,
      count: OUTPUT_SLABS_MAX,
    });
  });

  it("names the place of a failed assertion", () => {
    const core = new Core();
    const block = core.exports.blockNew(0, 0);
    expect(() => core.exports.headerAt(block, 3)).toThrow(CoreFault);
    expect(() => core.exports.headerAt(block, 3)).toThrow(/assembly\/header\/read\.ts:\d+:\d+/);
  });
});

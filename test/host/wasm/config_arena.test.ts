import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigArena, ConfigArenaFull } from "../../../host/wasm/config_arena.ts";
import { Core } from "../../../host/wasm/core.ts";
import { CONFIG_ARENA_MIN_BYTES } from "../../../host/wasm/layout.gen.ts";

const core = new Core();

describe("the config arena", () => {
  it("gives runs that are aligned, zero and apart, and takes all of them back", () => {
    const arena = new ConfigArena(core);
    const step = fc.oneof(
      fc.record({ bytes: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ releaseAt: fc.nat(1000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const held: { at: number; bytes: number }[] = [];
        for (const one of steps) {
          if ("bytes" in one) {
            const at = arena.allocate(one.bytes);
            expect(at % 16).toBe(0);
            expect(core.bytes.subarray(at, at + one.bytes).every((byte) => byte === 0)).toBe(true);
            for (const other of held) expect(at >= other.at + other.bytes || at + one.bytes <= other.at).toBe(true);
            core.bytes.fill(0xff, at, at + one.bytes);
            held.push({ at, bytes: one.bytes });
          } else if (held.length > 0) {
            const [gone] = held.splice(one.releaseAt % held.length, 1);
            arena.release(gone?.at ?? 0);
          }
        }
        for (const { at } of held) arena.release(at);
        expect(arena.used).toBe(0);
      }),
      { numRuns: 60 },
    );
    // All neighbours joined again: one run of everything.
    arena.release(arena.allocate(CONFIG_ARENA_MIN_BYTES));
  });

  it("keeps bytes", () => {
    const arena = new ConfigArena(core);
    const at = arena.store(Buffer.from("program"));
    expect(core.bytes.toString("latin1", at, at + 7)).toBe("program");
    expect(arena.used).toBe(16);
  });

  it("says when it is full, and holds what it held", () => {
    const arena = new ConfigArena(core);
    const at = arena.allocate(CONFIG_ARENA_MIN_BYTES - 16);
    expect(() => arena.allocate(17)).toThrow(ConfigArenaFull);
    expect(() => arena.allocate(17)).toThrow(/no 17 bytes .*\(\d+ bytes free/);
    arena.allocate(16);
    arena.release(at);
    expect(arena.used).toBe(16);
  });

  it("puts a run in the place of another when there is no other room", () => {
    const arena = new ConfigArena(core);
    const [low, old, high] = [arena.allocate(32), arena.allocate(64), arena.allocate(CONFIG_ARENA_MIN_BYTES - 112)];
    core.bytes.fill(7, old, old + 64);
    expect(arena.hasRoom(16)).toBe(true);
    expect(arena.hasRoom(32)).toBe(false);
    // Not even there: the old one stays, with what is in it.
    arena.release(low);
    expect(() => arena.replace(old, 128)).toThrow(ConfigArenaFull);
    expect(core.bytes.subarray(old, old + 64).every((byte) => byte === 7)).toBe(true);
    const used = arena.used;
    // Together with the free run before it.
    const next = arena.replace(old, 96);
    expect(next).toBe(low);
    expect(core.bytes.subarray(next, next + 96).every((byte) => byte === 0)).toBe(true);
    expect(arena.used).toBe(used + 32);
    for (const at of [next, high]) arena.release(at);
    expect(arena.used).toBe(0);
    arena.release(arena.allocate(CONFIG_ARENA_MIN_BYTES));
  });

  it("tells scattered room from none", () => {
    const arena = new ConfigArena(core);
    const [first, , last] = [arena.allocate(64), arena.allocate(CONFIG_ARENA_MIN_BYTES - 128), arena.allocate(64)];
    const isScattered = () => {
      try {
        arena.allocate(128);
      } catch (error) {
        return (error as ConfigArenaFull).isScattered;
      }
      return null;
    };
    arena.release(first);
    expect(isScattered()).toBe(false);
    arena.release(last);
    expect(isScattered()).toBe(true);
  });

  it("refuses to take back what it did not give, or gave back", () => {
    const arena = new ConfigArena(core);
    const at = arena.allocate(8);
    expect(() => arena.release(at + 16)).toThrow();
    arena.release(at);
    expect(() => arena.release(at)).toThrow();
  });
});

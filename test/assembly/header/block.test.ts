import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  BLOCK_1_COUNT,
  BLOCK_2_COUNT,
  BLOCK_3_COUNT,
  BLOCK_4_BYTES,
  BLOCK_4_COUNT,
  BLOCK_5_BYTES,
  BLOCK_5_COUNT,
  BLOCK_6_BYTES,
  BLOCK_6_COUNT,
  HEADER_IDS,
} from "../../../host/wasm/layout.gen.ts";
import { HeaderModel } from "../../support/header_model.ts";

const core = new Core();
const { exports } = core;

afterEach(() => {
  expect(exports.blocksLive(), "blocks that nobody gave back").toBe(0);
});

/** Few names, so that they meet; known and unknown ones, and ones that differ late. */
const name = fc.constantFrom(
  ":path",
  ":method",
  "host",
  "cookie",
  "x-request-id",
  "x-forwarded-for",
  "x-envoy-retry-on",
  "x-envoy-max-retries",
  "x-custom",
  "x-custom-1",
  "x-custom-2",
  "x",
  "accept",
  "n".repeat(200),
);
const value = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
      maxLength: 40,
    }),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 9000 }).map((length) => "v".repeat(length)) },
);

type Step = { verb: "add" | "set"; name: string; value: string } | { verb: "remove" | "removePrefix"; name: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constant<"add">("add"), name, value }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant<"set">("set"), name, value }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant<"remove">("remove"), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      verb: fc.constant<"removePrefix">("removePrefix"),
      name: fc.constantFrom("x-envoy-", "x-", "", ":"),
    }),
  },
);

function take(map: HeaderMap, model: HeaderModel, { verb, ...rest }: Step): void {
  if (verb === "add" || verb === "set") {
    const { value } = rest as { value: string };
    expect(map[verb](rest.name, value)).toBe(true);
    model[verb](rest.name, value);
  } else {
    expect(map[verb](rest.name)).toBe(model[verb](rest.name));
  }
}

function expectSame(map: HeaderMap, model: HeaderModel): void {
  expect([...map.entries()]).toEqual(model.fields);
  for (const [name] of model.fields) {
    expect(map.get(name)).toBe(model.get(name));
    expect(map.getAll(name)).toEqual(model.getAll(name));
  }
  for (let id = 1; id <= HEADER_IDS; id++) {
    const known = core.names[id] as string;
    expect(map.hasId(id), known).toBe(model.get(known) !== undefined);
    expect(map.getId(id)).toBe(model.get(known));
  }
}

describe("a block of headers", () => {
  it("does what a list of pairs does, over any sequence of changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new HeaderMap(core);
        const model = new HeaderModel();
        map.create();
        for (const one of steps) take(map, model, one);
        expectSame(map, model);
        map.release();
      }),
      { numRuns: 150 },
    );
  });

  it("is copied whole, and the copy lives on its own", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const map = new HeaderMap(core);
        const model = new HeaderModel();
        map.create();
        for (const one of steps) take(map, model, one);
        const copy = new HeaderMap(core);
        copy.attach(exports.blockClone(map.block));
        map.set("x-custom", "changed in the first");
        map.release();
        expectSame(copy, model);
        copy.release();
      }),
      { numRuns: 50 },
    );
  });

  it("moves to a larger class as it grows, and keeps everything", () => {
    const map = new HeaderMap(core);
    const model = new HeaderModel();
    map.create();
    const first = map.block;
    for (let i = 0; i < 3000; i++) {
      const value = "v".repeat(i % 60);
      expect(map.add(`x-field-${i}`, value)).toBe(true);
      model.add(`x-field-${i}`, value);
    }
    expect(map.block).not.toBe(first);
    expect([...map.entries()]).toEqual(model.fields);
    expect(map.get("x-field-2999")).toBe("v".repeat(2999 % 60));
    map.release();
  });

  it("does not grow when one value is replaced for ever", () => {
    const map = new HeaderMap(core);
    map.create();
    map.set("x-keep", "kept");
    for (let i = 0; i < 20_000; i++) expect(map.set("x-custom", "v".repeat(i % 300))).toBe(true);
    expect(map.get("x-keep")).toBe("kept");
    // Classes lie one behind the other: it is still in one of the two smallest, since garbage was packed away and not carried.
    const larger = exports.blockNew(10_000, 0);
    expect(map.block).toBeLessThan(larger);
    exports.blockFree(larger);
    map.release();
  });

  it("refuses what is longer than scratch, and what is no byte, and changes nothing", () => {
    const map = new HeaderMap(core);
    map.create();
    map.add("x-custom", "1");
    expect(map.set("x-custom", "v".repeat(300_000))).toBe(false);
    expect(map.set("x-custom", "\u010a")).toBe(false);
    expect(map.add("", "nameless")).toBe(false);
    expect(map.set("n".repeat(70_000), "")).toBe(false);
    expect([...map.entries()]).toEqual([["x-custom", "1"]]);
    map.release();
  });
});

describe("the pools of blocks", () => {
  it("answer 0 when nothing is left, and serve again after one came back", () => {
    const taken: number[] = [];
    for (;;) {
      const block = exports.blockNew(0, 0);
      if (block === 0) break;
      taken.push(block);
    }
    const all = BLOCK_1_COUNT + BLOCK_2_COUNT + BLOCK_3_COUNT + BLOCK_4_COUNT + BLOCK_5_COUNT + BLOCK_6_COUNT;
    expect(taken.length).toBe(all);
    expect(new Set(taken).size).toBe(all);
    exports.blockFree(taken.pop() as number);
    const again = exports.blockNew(0, 0);
    expect(again).not.toBe(0);
    for (const block of [...taken, again]) exports.blockFree(block);
  });

  it("a mutation without room answers false and leaves the block as it was", () => {
    const map = new HeaderMap(core);
    map.create();
    map.add("x-custom", "1");
    const large = [...Array(BLOCK_4_COUNT + BLOCK_5_COUNT + BLOCK_6_COUNT)].map(() =>
      exports.blockNew(BLOCK_4_BYTES / 2, 0),
    );
    expect(large.includes(0)).toBe(false);
    const before = map.block;
    expect(map.set("x-other", "v".repeat(60_000))).toBe(false);
    expect(map.block).toBe(before);
    expect([...map.entries()]).toEqual([["x-custom", "1"]]);
    for (const block of large) exports.blockFree(block);
    expect(map.set("x-other", "v".repeat(60_000))).toBe(true);
    map.release();
  });

  it("the largest class holds a head of 8 MiB", () => {
    const block = exports.blockNew(8 * 1024 * 1024, 1000);
    expect(block).not.toBe(0);
    exports.blockFree(block);
    expect(exports.blockNew(BLOCK_6_BYTES, 0)).toBe(0);
    expect(BLOCK_5_BYTES).toBeGreaterThan(1024 * 1024);
  });
});

describe("our own faults", () => {
  // A trap ends a core: each case has its own.
  it.each<[string, (own: Core["exports"], block: number) => void]>([
    [
      "a block is freed twice",
      (own, block) => {
        own.blockFree(block);
        own.blockFree(block);
      },
    ],
    [
      "a freed block is read",
      (own, block) => {
        own.blockFree(block);
        own.headerCount(block);
      },
    ],
    ["a field behind the last is read", (own, block) => own.headerAt(block, 0)],
    ["a field behind the last is removed", (own, block) => own.headerRemoveAt(block, 0)],
  ])("trap: %s", (_what, act) => {
    const own = new Core().exports;
    expect(() => act(own, own.blockNew(0, 0))).toThrow();
  });
});

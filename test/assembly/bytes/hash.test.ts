import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { TEXT_AT, write } from "../../support/core_text.ts";

const core = new Core();
const xx = (text: string, seed = 0n) => BigInt.asUintN(64, core.exports.xxHash64(TEXT_AT, write(core, text), seed));
const murmur = (text: string) => BigInt.asUintN(64, core.exports.murmurHash2(TEXT_AT, write(core, text), 0xc70f6907n));

describe("hashes", () => {
  // The reference's own vectors.
  it.each([
    ["", 0xef46db3751d8e999n],
    ["a", 0xd24ec4f1a98c6e5bn],
    ["abc", 0x44bc2cf5ad770999n],
    ["Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1n],
  ])("xxHash64 of %j", (text, expected) => {
    expect(xx(text)).toBe(expected);
  });

  it("xxHash64 depends on its seed and on every byte of every length", () => {
    expect(xx("abc", 1n)).not.toBe(xx("abc"));
    for (let length = 1; length <= 80; length++) {
      const text = "x".repeat(length);
      const seen = new Set([xx(text)]);
      for (let i = 0; i < length; i++) seen.add(xx(`${text.slice(0, i)}y${text.slice(i + 1)}`));
      expect(seen.size, `length ${length}`).toBe(length + 1);
    }
  });

  // As Envoy's hash policy and libstdc++ have them.
  it.each([
    ["", 6142509188972423790n],
    ["foo", 9631199822919835226n],
  ])("murmurHash2 of %j", (text, expected) => {
    expect(murmur(text)).toBe(expected);
  });

  it("murmurHash2 depends on every byte of every length", () => {
    for (let length = 1; length <= 40; length++) {
      const text = "x".repeat(length);
      const seen = new Set([murmur(text)]);
      for (let i = 0; i < length; i++) seen.add(murmur(`${text.slice(0, i)}y${text.slice(i + 1)}`));
      expect(seen.size, `length ${length}`).toBe(length + 1);
    }
  });
});

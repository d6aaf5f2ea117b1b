import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { read, TEXT_AT, write } from "../../support/core_text.ts";

const core = new Core();
const { exports } = core;
const OTHER_AT = TEXT_AT + 4096;

describe("copyBytes", () => {
  const lengths = [...Array.from({ length: 200 }, (_, length) => length), 1008, 1009, 1023, 1024, 1025, 3000];
  it("copies every length, and nothing beside it", () => {
    for (const length of lengths) {
      for (let i = 0; i < length; i++) core.bytes[TEXT_AT + i] = i + 1;
      core.bytes.fill(0xee, OTHER_AT - 1, OTHER_AT + length + 20);
      exports.copyBytes(OTHER_AT, TEXT_AT, length);
      expect(
        core.bytes.subarray(OTHER_AT, OTHER_AT + length).equals(core.bytes.subarray(TEXT_AT, TEXT_AT + length)),
      ).toBe(true);
      expect([core.bytes[OTHER_AT - 1], core.bytes[OTHER_AT + length]], `length ${length}`).toEqual([0xee, 0xee]);
    }
  });

  it("copies runs that overlap, either way", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 1200 }),
        fc.integer({ min: -1000, max: 1300 }),
        (run, distance) => {
          const from = TEXT_AT + 1000;
          core.bytes.set(run, from);
          exports.copyBytes(from + distance, from, run.length);
          return core.bytes.subarray(from + distance, from + distance + run.length).equals(run);
        },
      ),
    );
  });
});

describe("equalBytes", () => {
  it("sees one changed byte at every place of every length", () => {
    for (let length = 0; length <= 40; length++) {
      core.bytes.fill(7, TEXT_AT, TEXT_AT + length);
      core.bytes.fill(7, OTHER_AT, OTHER_AT + length);
      core.bytes[TEXT_AT + length] = 1;
      expect(exports.equalBytes(TEXT_AT, OTHER_AT, length)).toBeTruthy();
      for (let i = 0; i < length; i++) {
        core.bytes[OTHER_AT + i] = 8;
        expect(exports.equalBytes(TEXT_AT, OTHER_AT, length), `${i} of ${length}`).toBeFalsy();
        core.bytes[OTHER_AT + i] = 7;
      }
    }
  });
});

describe("letters", () => {
  const asciiLower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const latin1 = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  });

  it("lowerInPlace turns A-Z and nothing else", () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    exports.lowerInPlace(TEXT_AT, write(core, all));
    expect(read(core, TEXT_AT, 256)).toBe(asciiLower(all));
    fc.assert(
      fc.property(latin1, (text) => {
        exports.lowerInPlace(TEXT_AT, write(core, text));
        return read(core, TEXT_AT, text.length) === asciiLower(text);
      }),
    );
  });

  it("equalIgnoringCase agrees with a plain reading", () => {
    fc.assert(
      fc.property(latin1, latin1, (a, b) => {
        write(core, a);
        const length = Math.min(a.length, b.length);
        write(core, b, OTHER_AT);
        const same = asciiLower(a.slice(0, length)) === asciiLower(b.slice(0, length));
        expect(exports.equalIgnoringCase(TEXT_AT, OTHER_AT, length) !== 0).toBe(same);
      }),
    );
    const length = write(core, "Content-LENGTH");
    write(core, "cOntent-length", OTHER_AT);
    expect(exports.equalIgnoringCase(TEXT_AT, OTHER_AT, length)).toBeTruthy();
  });
});

describe("numbers", () => {
  const parse = (text: string) => BigInt.asUintN(64, exports.parseDecimal(TEXT_AT, write(core, text)));
  const NOT_A_NUMBER = 2n ** 64n - 1n;

  it.each(["0", "7", "0000000000000000000000000012", "9223372036854775799", "42"])("parseDecimal reads %s", (text) => {
    expect(parse(text)).toBe(BigInt(text));
  });

  it.each(["", "-1", "+1", " 1", "1 ", "1e3", "0x10", "18446744073709551615", "99999999999999999999999", "１"])(
    "parseDecimal refuses %j",
    (text) => {
      expect(parse(text)).toBe(NOT_A_NUMBER);
    },
  );

  it("writeDecimal and writeHex write what JavaScript writes", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(read(core, TEXT_AT, exports.writeDecimal(TEXT_AT, value))).toBe(value.toString());
        expect(read(core, TEXT_AT, exports.writeHex(TEXT_AT, value))).toBe(value.toString(16));
      }),
    );
    expect(read(core, TEXT_AT, exports.writeHex(TEXT_AT, 0n))).toBe("0");
    expect(read(core, TEXT_AT, exports.writeDecimal(TEXT_AT, 0n))).toBe("0");
  });
});

describe("the generator", () => {
  const draw = (seed: [number, number]) => {
    const seeded = new Core({ seed }).exports;
    return Array.from({ length: 50 }, () => seeded.random32() >>> 0);
  };

  it("gives the same numbers for the same seed, others for another, and is never stuck", () => {
    expect(draw([1, 2])).toEqual(draw([1, 2]));
    expect(draw([1, 2])).not.toEqual(draw([2, 1]));
    expect(new Set(draw([0, 0])).size).toBe(50);
  });

  it("randomBelow stays below its bound and reaches every number", () => {
    const seen = new Set(Array.from({ length: 500 }, () => exports.randomBelow(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(exports.randomBelow(1)).toBe(0);
  });
});

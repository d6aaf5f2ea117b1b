import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { TEXT_AT } from "../../support/core_text.ts";

const core = new Core();
const { exports } = core;

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const isToken = (byte: number) => TOKEN.test(String.fromCharCode(byte));
const isValue = (byte: number) => (byte >= 0x20 && byte !== 0x7f) || byte === 9;
const isTarget = (byte: number) => byte > 0x20 && byte !== 0x7f;

type Find = (from: number, end: number) => number;
const searches: { name: string; allows: (byte: number) => boolean; forms: Record<string, Find> }[] = [
  {
    name: "findNonToken",
    allows: isToken,
    forms: { vector: exports.findNonTokenVector, scalar: exports.findNonTokenScalar },
  },
  {
    name: "findNonValue",
    allows: isValue,
    forms: { vector: exports.findNonValueVector, scalar: exports.findNonValueScalar },
  },
  {
    name: "findNonTarget",
    allows: isTarget,
    forms: { vector: exports.findNonTargetVector, scalar: exports.findNonTargetScalar },
  },
  {
    name: "findNonAuthority",
    allows: (byte) => /[!$%&'()*+,\-.0-9:;=@A-Z[\]_a-z~]/.test(String.fromCharCode(byte)),
    forms: { vector: exports.findNonAuthorityVector, scalar: exports.findNonAuthorityScalar },
  },
  {
    name: "findByte",
    allows: (byte) => byte !== 0x0a,
    forms: {
      vector: (from, end) => exports.findByteVector(from, end, 0x0a),
      scalar: (from, end) => exports.findByteScalar(from, end, 0x0a),
    },
  },
];

describe.each(searches)("$name", ({ allows, forms }) => {
  const allowed = Array.from({ length: 256 }, (_, byte) => byte).filter(allows);
  const stopping = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !allows(byte));

  describe.each(Object.entries(forms))("%s form", (_form, find) => {
    it("stops at each byte that may not be there, and at no other", () => {
      for (let byte = 0; byte < 256; byte++) {
        core.bytes[TEXT_AT] = byte;
        expect(find(TEXT_AT, TEXT_AT + 1) - TEXT_AT, `byte ${byte}`).toBe(allows(byte) ? 1 : 0);
      }
    });

    it("finds the first stop at every distance, whatever lies before and behind", () => {
      fc.assert(
        fc.property(
          fc.array(fc.constantFrom(...allowed), { maxLength: 70 }),
          fc.constantFrom(...stopping),
          fc.uint8Array({ maxLength: 40 }),
          fc.nat(15),
          (run, stop, rest, shift) => {
            const at = TEXT_AT + shift;
            const bytes = [...run, stop, ...rest];
            core.bytes.set(bytes, at);
            return find(at, at + bytes.length) === at + run.length;
          },
        ),
        { numRuns: 300 },
      );
    });

    it("does not look past the end", () => {
      for (let length = 0; length <= 50; length++) {
        core.bytes.fill(allowed[0] as number, TEXT_AT, TEXT_AT + length);
        core.bytes.fill(stopping[0] as number, TEXT_AT + length, TEXT_AT + 80);
        expect(find(TEXT_AT, TEXT_AT + length)).toBe(TEXT_AT + length);
      }
    });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latin1AsUtf8, readLatin1, utf8AsLatin1, writeLatin1 } from "../../../host/wasm/text.ts";

const memory = Buffer.alloc(300);
const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 200,
});

describe("text in memory", () => {
  it("comes out as it went in, byte by byte", () => {
    fc.assert(
      fc.property(latin1, fc.nat(50), (text, at) => {
        expect(writeLatin1(memory, at, text, 200)).toBe(text.length);
        expect(readLatin1(memory, at, text.length)).toBe(text);
        expect([...memory.subarray(at, at + text.length)]).toEqual([...text].map((letter) => letter.charCodeAt(0)));
      }),
    );
  });

  it("is refused when it is too long, or holds what is no byte", () => {
    expect(writeLatin1(memory, 0, "four", 3)).toBe(-1);
    expect(writeLatin1(memory, 0, "four", 4)).toBe(4);
    // U+010A cut down to a byte would be a line feed.
    expect(writeLatin1(memory, 0, "\u010a", 10)).toBe(-1);
  });

  it("passes between UTF-8 and bytes, both ways", () => {
    expect(utf8AsLatin1("grüße €")).toBe("gr\xc3\xbc\xc3\x9fe \xe2\x82\xac");
    expect(latin1AsUtf8("gr\xc3\xbc\xc3\x9fe \xe2\x82\xac")).toBe("grüße €");
    expect(latin1AsUtf8("\xff")).toBe("\ufffd");
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => latin1AsUtf8(utf8AsLatin1(text)) === text));
  });
});

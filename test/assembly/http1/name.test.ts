/** Names of fields: the vector form does what its scalar twin does, and both do what the text says. */

import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { TEXT_AT } from "../../support/core_text.ts";
import { randomNumbers } from "../../support/random.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*/;
const core = new Core();
const forms = { vector: core.exports.lowerTokenVector, scalar: core.exports.lowerTokenScalar };

describe.each(Object.entries(forms))("%s form", (_form, lowerToken) => {
  /** What becomes of 64 bytes of text with `length` of them to be looked at, and where it stops. */
  function run(text: string, length: number): { stop: number; after: string } {
    core.bytes.write(text, TEXT_AT, "latin1");
    const stop = lowerToken(TEXT_AT, TEXT_AT + length) - TEXT_AT;
    return { stop, after: core.bytes.toString("latin1", TEXT_AT, TEXT_AT + text.length) };
  }

  it("stops at each byte that no name has, and lowers only letters", () => {
    for (let byte = 0; byte < 256; byte++) {
      const c = String.fromCharCode(byte);
      const isToken = TOKEN.exec(c)?.[0] === c;
      const { stop, after } = run(`A${c}Z`, 2);
      expect(stop, `byte ${byte}`).toBe(isToken ? 2 : 1);
      expect(after[1], `byte ${byte}`).toBe(/[A-Z]/.test(c) ? c.toLowerCase() : c);
      expect(after[2]).toBe("Z");
    }
  });

  it("leaves what lies behind a name as it is, at every length", () => {
    for (let length = 0; length <= 50; length++) {
      const name = "X-Ab0~".repeat(10).slice(0, length);
      const text = `${name}: VALUE AND More Of It, Upper Case`;
      const { stop, after } = run(text, text.length);
      expect(stop).toBe(length);
      expect(after).toBe(name.toLowerCase() + text.slice(length));
    }
  });

  it("stops at the end", () => {
    const text = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (let length = 0; length <= text.length; length++) {
      const { stop, after } = run(text, length);
      expect(stop).toBe(length);
      expect(after).toBe(text.slice(0, length).toLowerCase() + text.slice(length));
    }
  });

  it("does to random bytes what a regular expression does", () => {
    const random = randomNumbers(7);
    for (let i = 0; i < 3_000; i++) {
      const text = Array.from({ length: 64 }, () =>
        String.fromCharCode(random() < 0.9 ? 0x41 + Math.floor(random() * 26) : Math.floor(random() * 256)),
      ).join("");
      const length = Math.floor(random() * 64);
      const token = TOKEN.exec(text.slice(0, length))?.[0] ?? "";
      const { stop, after } = run(text, length);
      expect(stop).toBe(token.length);
      expect(after).toBe(token.replaceAll(/[A-Z]/g, (c) => c.toLowerCase()) + text.slice(token.length));
    }
  });
});

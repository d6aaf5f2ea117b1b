import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { read, TEXT_AT, write } from "../../support/core_text.ts";

const core = new Core();
const BYTES_AT = TEXT_AT + 1024;

/** Family, and the text that the core writes for what it read. */
function readAndWrite(text: string): [family: number, text: string] {
  const family = core.exports.parseIp(TEXT_AT, write(core, text), BYTES_AT);
  return [family, family === 0 ? "" : read(core, TEXT_AT, core.exports.writeIp(TEXT_AT, family, BYTES_AT))];
}

describe("addresses as text", () => {
  it.each([
    ["127.0.0.1", 4, "127.0.0.1"],
    ["0.0.0.0", 4, "0.0.0.0"],
    ["255.255.255.255", 4, "255.255.255.255"],
    ["::", 6, "::"],
    ["::1", 6, "::1"],
    ["1::", 6, "1::"],
    ["2001:DB8:0:0:0:0:0:1", 6, "2001:db8::1"],
    ["2001:db8:0:1:0:0:0:1", 6, "2001:db8:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", 6, "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7:8", 6, "1:2:3:4:5:6:7:8"],
    ["1:0:3:4:5:6:7:8", 6, "1:0:3:4:5:6:7:8"],
    ["::ffff:1.2.3.4", 6, "::ffff:1.2.3.4"],
    ["::1.2.3.4", 6, "::1.2.3.4"],
    ["1:2:3:4:5:6:7::", 6, "1:2:3:4:5:6:7:0"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("%s", (text, family, canonical) => {
    expect(readAndWrite(text)).toEqual([family, canonical]);
  });

  it.each([
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4:80",
    "1..2.3",
    "1.2.3.4 ",
    " 1.2.3.4",
    ":",
    ":1",
    "1:",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "[::1]",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "x".repeat(46),
  ])("%j is none", (text) => {
    expect(readAndWrite(text)[0]).toBe(0);
  });

  it("agrees with Node about what is an address, and writes one that reads the same", () => {
    const piece = fc.constantFrom(":", "::", ".", "0", "1", "ff", "255", "256", "db8", "10", "00", "abcd");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6(),
          fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join("")),
        ),
        (text) => {
          const [family, canonical] = readAndWrite(text);
          expect(family, text).toBe(isIP(text));
          if (family !== 0) expect(readAndWrite(canonical)).toEqual([family, canonical]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

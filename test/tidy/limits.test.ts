// docs/guide/limits.md gives numbers; the code is where they are true.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ROW = /^\| `([A-Z0-9_]+)` \| `([^`]+)` \| ([^|]+) \|/gm;

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  bytes: 1,
  KiB: 1024,
  MiB: 1024 * 1024,
  ms: 1,
  second: 1000,
  seconds: 1000,
  minutes: 60_000,
};

it("docs/guide/limits.md says what the code says", () => {
  const page = readFileSync("docs/guide/limits.md", "utf8");
  const rows = [...page.matchAll(ROW)].map(([, name, file, value]) => ({ name, file, value: value?.trim() }));
  expect(rows.length).toBeGreaterThan(30);
  const wrong = rows
    .map(({ name = "", file = "", value = "" }) => ({ name, said: shown(value), is: constant(file, name) }))
    .filter(({ said, is }) => said !== is);
  expect(wrong).toEqual([]);
});

/** `64 KiB` -> 65536. */
function shown(text: string): number {
  const [number = "", unit = ""] = text.split(" ");
  return Number(number.replaceAll(",", "")) * (UNITS[unit] ?? Number.NaN);
}

/** The value of a constant that is a sum or product of numbers; NaN where there is none of that name. */
function constant(file: string, name: string): number {
  const source = existsSync(file) ? readFileSync(file, "utf8") : "";
  const expression = new RegExp(`\\bconst ${name}\\b[^=\\n]*=\\s*([^;]+);`).exec(source)?.[1] ?? "";
  const numbers = expression
    .replaceAll(/\bKIB\b/g, "1024")
    .replaceAll(/\bMIB\b/g, "1048576")
    .replaceAll("_", "");
  if (!/^[\d\s*+.()x\da-f-]+$/.test(numbers)) return Number.NaN;
  return numbers
    .split("+")
    .reduce((sum, term) => sum + term.split("*").reduce((product, n) => product * Number(n), 1), 0);
}

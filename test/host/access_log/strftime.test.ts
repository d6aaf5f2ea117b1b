// strftime against the C library's own (date of GNU coreutils, where it is installed), and Envoy's additions.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { compileStrftime } from "../../../host/access_log/strftime.ts";

const MOMENTS = [
  "2026-11-24T09:05:03Z",
  "2024-02-29T23:59:59Z",
  "2021-01-03T00:00:00Z",
  "2020-12-31T12:00:00Z",
  "1999-12-31T13:07:09Z",
];
const LETTERS = "aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWxXyYzZ%t";

function gnuDate(moment: string, format: string): string | undefined {
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return execFileSync("date", ["-u", "-d", moment, `+${format}`], { env, encoding: "utf8" }).replace(/\n$/, "");
  } catch {
    return undefined;
  }
}

const hasDate = gnuDate("2026-01-01T00:00:00Z", "%Y") === "2026";
if (!hasDate) console.log("skipped: no GNU date here to compare with");

describe.skipIf(!hasDate)("conversions", () => {
  const format = [...LETTERS].map((letter) => `${letter}=%${letter}`).join(" ");
  it.each(MOMENTS)("are those of the C library at %s", (moment) => {
    expect(compileStrftime(format, false)(Date.parse(moment))).toBe(gnuDate(moment, format));
  });
});

describe("additions", () => {
  const ms = Date.UTC(2026, 10, 24, 9, 5, 3) + 42.5;
  it.each([
    ["%3f", "042"],
    ["%6f", "042500"],
    ["%f", "042500000"],
    ["%E3S", "03.042"],
    ["%E*S", "03.0425"],
    ["%ES", "03"],
    ["%E6f", "042500"],
    ["%Ez", "+00:00"],
    ["%E4Y", "2026"],
    ["%s%3f", "1795511103042"],
    ["%-d", "24"],
    ["plain", "plain"],
    ["100%", "100%"],
  ])("%s gives %s", (format, expected) => {
    expect(compileStrftime(format, false)(ms)).toBe(expected);
  });
});

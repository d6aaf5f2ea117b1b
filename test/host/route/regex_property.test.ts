// Expressions compiled for the core match what re2js says they match, as tables and as sets of nodes.
import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { ProgramWriter } from "../../../host/route/program_writer.ts";
import { compileBytes } from "../../../host/route/regex/byte_program.ts";
import { buildDfa } from "../../../host/route/regex/dfa.ts";
import { writeNfa, writeRegex } from "../../../host/route/regex_writer.ts";
import { ConfigArena } from "../../../host/wasm/config_arena.ts";
import { Core } from "../../../host/wasm/core.ts";
import { SCRATCH_START } from "../../../host/wasm/layout.gen.ts";

const core = new Core();
const arena = new ConfigArena(core);

/** Compiles a pattern into the core and gives a matcher of the whole text. */
function matcher(pattern: string, form: "chosen" | "nodes"): { matches(text: string): boolean; dispose(): void } {
  const writer = new ProgramWriter();
  const offset = form === "chosen" ? writeRegex(writer, pattern) : writeNfa(writer, compileBytes(pattern));
  const address = arena.store(writer.finish());
  return {
    matches(text) {
      const bytes = Buffer.from(text, "utf8");
      core.bytes.set(bytes, SCRATCH_START);
      return core.exports.regexMatch(address + offset, SCRATCH_START, bytes.length) !== 0;
    },
    dispose: () => arena.release(address),
  };
}

/** One character for each byte of the UTF-8. */
const bytesOf = (text: string) => Buffer.from(text, "utf8").toString("latin1");

const atom = fc.constantFrom(
  "a",
  "b",
  "ab",
  ".",
  "[ab]",
  "[^a]",
  "\\w",
  "\\d",
  "\\b",
  "\\B",
  "^",
  "$",
  "(?i:k)",
  "é",
  "[à-ü]",
  "\\pL",
  "\\n",
  "(?m:^)",
  "(?m:$)",
  "(?s:.)",
);
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    atom,
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(${a}|${b})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "*?"))
      .map(([a, repeat]) => `(?:${a})${repeat}`),
  ),
})).node;
const text = fc.string({
  unit: fc.constantFrom("a", "b", "k", "K", "1", " ", "\n", "é", "_", "\u212a", "日", "😀"),
  maxLength: 8,
});

describe("random patterns", () => {
  for (const form of ["chosen", "nodes"] as const) {
    it(`match as in re2js (${form})`, () => {
      fc.assert(
        fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
          const reference = RE2JS.compile(bytesOf(pattern));
          const subject = matcher(pattern, form);
          try {
            for (const text of texts) {
              const expected = reference.matches(bytesOf(text));
              expect([pattern, text, subject.matches(text)]).toEqual([pattern, text, expected]);
            }
          } finally {
            subject.dispose();
          }
        }),
        { numRuns: 500 },
      );
    });
  }
});

describe("a pattern that makes too large a table", () => {
  const pattern = ".*a.{20}";

  it("has none", () => {
    expect(buildDfa(compileBytes(pattern))).toBeUndefined();
  });

  it("matches all the same, in time linear in the text", () => {
    const subject = matcher(pattern, "chosen");
    expect(subject.matches(`${"b".repeat(5000)}a${"c".repeat(20)}`)).toBe(true);
    expect(subject.matches(`${"a".repeat(5000)}c${"b".repeat(20)}`)).toBe(false);
    subject.dispose();
  });
});

it("reads patterns and texts byte by byte, as Envoy's RE2 does", () => {
  const matches = (pattern: string, text: string) => {
    const subject = matcher(pattern, "chosen");
    const matched = subject.matches(text);
    subject.dispose();
    return matched;
  };
  expect(matches("..", "é")).toBe(true);
  expect(matches(".", "é")).toBe(false);
  expect(matches("[é]", "é")).toBe(false);
  expect(matches("é+", "é")).toBe(true);
  expect(matches("(?i)É", "é")).toBe(false);
});

it("refuses what is no RE2 syntax", () => {
  expect(() => compileBytes("(?=a)")).toThrow();
  expect(() => compileBytes("(a")).toThrow();
  expect(() => compileBytes("\\1")).toThrow();
});

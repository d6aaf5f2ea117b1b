// Texts near real configs: the door answers each of them, with a bootstrap or with issues that point into the text.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decode } from "../support/config_door.ts";
import { randomNumbers } from "../support/random.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const ROUNDS = 400;
/** For all rounds of one format; generous, the machine may be busy. */
const TIME_MS = 15_000;

const yaml = readFileSync("examples/quickstart.yaml", "utf8");
const PIECES = [
  ..."{}[]:,\"'#&*|>!%@~-?\\\n\t \u0000\uFEFFé",
  "\n- ",
  ": ",
  "&a ",
  "*a",
  "!!str ",
  "<<: ",
  "\n---\n",
  "null",
  "9".repeat(400),
  "1e999",
  "\\ud800",
  "__proto__",
  "@type",
  "[".repeat(120),
];

function mutate(text: string, random: () => number): string {
  const pick = (length: number) => Math.floor(random() * length);
  let result = text;
  for (let edits = 1 + pick(4); edits > 0; edits--) {
    const from = pick(result.length);
    const to = from + pick(20);
    const piece = PIECES[pick(PIECES.length)] as string;
    const other = pick(result.length);
    const inserted = [piece, "", result.slice(other, other + pick(60)), piece + piece][pick(4)] as string;
    result = result.slice(0, from) + inserted + result.slice(random() < 0.5 ? from : to);
  }
  return result;
}

it.each([
  ["yaml", yaml],
  [
    "json",
    JSON.stringify({ node: { id: "a", metadata: { list: [1, true, null, { deep: "x" }] } }, admin: {} }, null, 1),
  ],
])("answers mutated %s", (ending, text) => {
  const random = randomNumbers(SEED);
  const start = performance.now();
  for (let round = 0; round < ROUNDS && performance.now() - start < TIME_MS; round++) {
    const mutated = mutate(text, random);
    const result = decode({ fileName: `fuzz.${ending}`, text: mutated });
    if (result.ok) continue;
    const lines = mutated.split("\n");
    expect(result.errors.length, `seed ${SEED}, round ${round}`).toBeGreaterThan(0);
    for (const { line, column, path, reason } of result.errors) {
      expect(line, mutated).toBeLessThanOrEqual(lines.length);
      expect(column, mutated).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
      expect(path.length * reason.length).toBeGreaterThan(0);
    }
  }
});

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { runGraph, type Step } from "../../scripts/build/graph.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

beforeEach(() => {
  const before = process.cwd();
  process.chdir(temporaryFolder());
  onTestFinished(() => process.chdir(before));
});

/** Copies one file to another. */
function copy(name: string, from: string, to: string, ...after: string[]): Step {
  return {
    name,
    after,
    inputs: () => [from],
    outputs: [to],
    body: async () => writeFileSync(to, readFileSync(from)),
  };
}

async function ranSteps(steps: Step[]): Promise<string[]> {
  return (await runGraph(steps)).map(({ name }) => name);
}

const chain = () => [copy("first", "a", "b"), copy("second", "b", "c", "first")];

it("runs each step after those before it, and nothing twice", async () => {
  writeFileSync("a", "text");
  expect(await ranSteps(chain())).toEqual(["first", "second"]);
  expect(readFileSync("c", "utf8")).toBe("text");
  expect(await ranSteps(chain())).toEqual([]);
});

it("runs again what depends on a changed content, and not on a new time", async () => {
  writeFileSync("a", "text");
  await runGraph(chain());
  writeFileSync("a", "text");
  expect(await ranSteps(chain())).toEqual([]);
  writeFileSync("a", "other");
  expect(await ranSteps(chain())).toEqual(["first", "second"]);
});

it("makes a lost output again, and leaves what reads it alone when it is the same", async () => {
  writeFileSync("a", "text");
  await runGraph(chain());
  rmSync("b");
  expect(await ranSteps(chain())).toEqual(["first"]);
});

it("does not run what waits for a failed step, and runs it all once mended", async () => {
  writeFileSync("a", "text");
  const broken = { ...copy("first", "a", "b"), body: async () => Promise.reject(new Error("no")) };
  await expect(runGraph([broken, copy("second", "b", "c", "first"), copy("aside", "a", "d")])).rejects.toThrow(
    "first: no",
  );
  expect(existsSync("c")).toBe(false);
  expect(existsSync("d")).toBe(true);
  expect(await ranSteps([...chain(), copy("aside", "a", "d")])).toEqual(["first", "second"]);
});

it("builds everything when its stamps are torn", async () => {
  writeFileSync("a", "text");
  await runGraph(chain());
  writeFileSync("build/.stamps.json", '{"first": "');
  expect(await ranSteps(chain())).toEqual(["first", "second"]);
});

// Every assembly/__tests__/*.spec.ts, one vitest test for each of its own.
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runSpec, type TestNode } from "../support/as_pect.ts";

const FOLDER = "assembly/__tests__";
const TEST = 0; // as-pect's node type: a test, not a group.

const specs = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".spec.ts"));
const results = await allSpecs(specs.sort());
for (const [spec, result] of results) {
  describe(spec, () => {
    if (result instanceof Error) {
      it("compiles and starts", () => {
        throw result;
      });
      return;
    }
    report(result);
  });
}

it("finds the specs", () => {
  expect(specs.length).toBeGreaterThan(0);
});

/** Runs the specs, two compilers at a time. */
async function allSpecs(names: readonly string[]): Promise<Map<string, TestNode | Error>> {
  const results = new Map<string, TestNode | Error>();
  const waiting = [...names];
  const runWaiting = async () => {
    for (let spec = waiting.shift(); spec !== undefined; spec = waiting.shift()) {
      results.set(spec, await runSpec(`${FOLDER}/${spec}`).catch((error: Error) => error));
    }
  };
  await Promise.all([runWaiting(), runWaiting()]);
  return new Map([...results].sort());
}

function report(node: TestNode) {
  if (node.type === TEST) {
    it(node.name, () => {
      if (!node.pass) throw new Error(explain(node));
    });
    return;
  }
  describe(node.name || "top", () => {
    // A group that fails while all that it holds passes failed in itself: in a hook, or while it was collected.
    if (!node.pass && node.children.every((child) => child.pass)) {
      it("starts", () => {
        throw new Error(explain(node));
      });
    }
    for (const child of node.children) report(child);
  });
}

function explain(node: TestNode): string {
  const values = node.actual || node.expected ? [`actual ${text(node.actual)}, expected ${text(node.expected)}`] : [];
  const stack = (node.stackTrace ?? "").split("\n").slice(0, 6);
  return [node.message ?? "failed", ...values, ...stack].join("\n");
}

function text(value: TestNode["actual"]): string {
  return value?.stringify({ indent: 0 }) ?? "nothing";
}

// The harness must see a failure as one: a spec with one of each kind.
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runSpec, type TestNode } from "./as_pect.ts";

const SPEC = "build/as_pect/harness.spec.ts";
const TEXT = `
@unmanaged class Pair { first: u8; second: u64; }
describe("a group", () => {
  it("passes", () => { expect<u64>(offsetof<Pair>("second")).toBe(8); });
  it("fails", () => { expect<i32>(1 + 1).toBe(3); });
  throws("traps", () => { unreachable(); });
});
`;

function outcomes(node: TestNode): [string, boolean][] {
  return [[node.name, node.pass] as [string, boolean], ...node.children.flatMap(outcomes)];
}

it("reports what passed and what failed, by name", async () => {
  mkdirSync("build/as_pect", { recursive: true });
  writeFileSync(SPEC, TEXT);
  expect(Object.fromEntries(outcomes(await runSpec(SPEC)))).toEqual({
    "": false,
    "a group": false,
    passes: true,
    fails: false,
    traps: true,
  });
});

it("throws the compiler's words on a spec that does not compile", async () => {
  writeFileSync("build/as_pect/broken.spec.ts", "const number: i32 = 'text';");
  await expect(runSpec("build/as_pect/broken.spec.ts")).rejects.toThrow(
    /broken\.spec\.ts does not compile[\s\S]*ERROR/,
  );
});

// The heart does no IO and does not allocate: what the compiled modules import, and that no piece of AssemblyScript's runtime is in them.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const MODULES = [
  { name: "core", imports: /^(env\.memory|env\.abort|ledger\.\w+)$/ },
  { name: "ledger", imports: /^(env\.memory|env\.abort)$/ },
];

describe.each(MODULES)("$name.wasm", ({ name, imports }) => {
  it("imports only memory, abort and the ledger", () => {
    const module = new WebAssembly.Module(readFileSync(`build/${name}.wasm`));
    const others = WebAssembly.Module.imports(module)
      .map((entry) => `${entry.module}.${entry.name}`)
      .filter((entry) => !imports.test(entry));
    expect(others).toEqual([]);
  });

  it("holds no managed objects", () => {
    const lines = readFileSync(`build/${name}.wat`, "utf8").split("\n");
    expect(lines.filter((line) => line.includes("~lib/rt"))).toEqual([]);
  });
});

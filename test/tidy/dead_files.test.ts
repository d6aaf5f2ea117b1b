// A file that nobody reaches is no longer part of the house.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { THREADS } from "../../host/wasm/assets.ts";
import { files, importsOf } from "../support/source_tree.ts";

/** From here everything that runs is reached. */
const DOORS = ["host/main.ts", "host/index.ts", ...Object.values(THREADS)];

/** Ambient declarations: the compiler finds them without an import. */
const AMBIENT = /\.d\.ts$/;

function reachable(entries: string[]): Set<string> {
  const reached = new Set(entries.filter((entry) => existsSync(entry)));
  for (const file of reached) {
    if (!/\.(ts|mjs)$/.test(file)) continue;
    for (const { target } of importsOf(file)) if (target !== null && existsSync(target)) reached.add(target);
  }
  return reached;
}

it("has its doors", () => {
  expect(DOORS.filter((door) => !existsSync(door))).toEqual([]);
});

it("reaches every file of host/ and filters/ from a door, a test, a bench or a script", () => {
  const users = ["test", "bench", "scripts", "examples"].flatMap((folder) => files(folder, ".ts", ".mjs"));
  const reached = reachable([...DOORS, ...users]);
  const all = [...files("host", ".ts"), ...files("filters", ".ts")].filter((file) => !AMBIENT.test(file));
  expect(
    all.filter((file) => !reached.has(file) && !file.startsWith("filters/sdk/") && !file.startsWith("filters/guest/")),
  ).toEqual([]);
});

it("reaches every file of assembly/ from a module or a spec", () => {
  const specs = files("assembly", ".spec.ts");
  const reached = reachable(["assembly/core.ts", "assembly/ledger.ts", ...specs]);
  expect(files("assembly", ".ts").filter((file) => !reached.has(file) && !AMBIENT.test(file))).toEqual([]);
});

it("imports only files that exist", () => {
  const sources = ["host", "filters", "assembly", "test", "bench", "scripts"].flatMap((folder) =>
    files(folder, ".ts", ".mjs"),
  );
  const broken = sources
    .flatMap(importsOf)
    .filter(({ target }) => target !== null && !existsSync(target))
    .map(({ from, specifier }) => `${from} imports ${specifier}`);
  expect(broken).toEqual([]);
});

/** Tools that the tree names by another word than their package's. */
const NAMED_OTHERWISE: Readonly<Record<string, string>> = {
  "@types/node": '"types": ["node"]',
  typescript: "tsc",
};

it("installs no package that nobody names", () => {
  const { dependencies, devDependencies, scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const text = ["host", "filters", "test", "bench", "scripts", "assembly"]
    .flatMap((folder) => files(folder, ".ts", ".mjs", ".json"))
    .concat("vitest.config.ts", "biome.json", "tsconfig.json")
    .map((file) => readFileSync(file, "utf8"))
    .concat(Object.values<string>(scripts))
    .join("\n");
  const isNamed = (name: string) => text.includes(NAMED_OTHERWISE[name] ?? name);
  expect(Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !isNamed(name))).toEqual([]);
});

it("runs only files that exist", () => {
  const { scripts, bin } = JSON.parse(readFileSync("package.json", "utf8"));
  const named = Object.values<string>(scripts).flatMap(
    (command) => command.match(/\b(?:scripts|bench|bin)\/[\w./]+/g) ?? [],
  );
  expect([...named, ...Object.values<string>(bin)].filter((file) => !existsSync(file))).toEqual([]);
});

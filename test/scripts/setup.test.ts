// Setup in a skeleton of the tree, with an npm of the test's own that writes down how it was called, and a build that does the same.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";

const NODE_PACKAGE = dirname(dirname(process.execPath)); // Tests run on the pinned Node.

const NPM = `#!/bin/sh
echo "npm $*" >>calls
[ -e npm_fails ] && exit 7
rm -rf node_modules && mkdir node_modules && ln -s "${NODE_PACKAGE}" node_modules/ && echo {} >node_modules/.package-lock.json
`;
const BUILD = `
import { appendFileSync, existsSync } from "node:fs";
appendFileSync("calls", ["build", ...process.argv.slice(2)].join(" ") + "\\n");
process.exitCode = existsSync("build_fails") ? 1 : 0;
`;
const INSTALLED = "npm ci --ignore-scripts --no-audit --no-fund --loglevel=error";

function skeleton(): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "path"));
  writeFileSync(join(root, "path/npm"), NPM);
  chmodSync(join(root, "path/npm"), 0o755);
  cpSync("scripts/setup.mjs", join(root, "scripts/setup.mjs"));
  cpSync("scripts/node", join(root, "scripts/node"));
  writeFileSync(join(root, "scripts/build.ts"), BUILD);
  writeFileSync(join(root, "package.json"), '{"type": "module"}');
  writeFileSync(join(root, "package-lock.json"), "{}");
  return root;
}

/** Runs setup from another folder, and gives its exit code and the calls that it made. */
function setup(root: string, ...args: string[]) {
  const env = { ...process.env, PATH: `${join(root, "path")}:${process.env.PATH}` };
  const { status } = spawnSync(process.execPath, [join(root, "scripts/setup.mjs"), ...args], { cwd: "/", env });
  const file = join(root, "calls");
  const calls = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  rmSync(file, { force: true });
  return { status, calls };
}

it("installs once, and builds each time", () => {
  const root = skeleton();
  expect(setup(root)).toEqual({ status: 0, calls: [INSTALLED, "build"] });
  expect(setup(root, "--quiet")).toEqual({ status: 0, calls: ["build --quiet"] });
});

it("installs again when the lock file names other packages", () => {
  const root = skeleton();
  setup(root);
  writeFileSync(join(root, "package-lock.json"), '{"packages": {}}');
  expect(setup(root)).toEqual({ status: 0, calls: [INSTALLED, "build"] });
});

it("takes what npm installed by hand after the lock file was written, and nothing older", () => {
  const root = skeleton();
  mkdirSync(join(root, "node_modules"));
  symlinkSync(NODE_PACKAGE, join(root, "node_modules", basename(NODE_PACKAGE)));
  writeFileSync(join(root, "node_modules/.package-lock.json"), "{}");
  utimesSync(join(root, "node_modules/.package-lock.json"), 1, 1);
  expect(setup(root).calls).toEqual([INSTALLED, "build"]);
  rmSync(join(root, "node_modules/.nuncio-lock-hash"));
  utimesSync(join(root, "package-lock.json"), 1, 1);
  expect(setup(root).calls).toEqual(["build"]);
});

it("stops when npm fails, and tries again the next time", () => {
  const root = skeleton();
  writeFileSync(join(root, "npm_fails"), "");
  expect(setup(root)).toEqual({ status: 7, calls: [INSTALLED] });
  rmSync(join(root, "npm_fails"));
  expect(setup(root)).toEqual({ status: 0, calls: [INSTALLED, "build"] });
});

it("fails when the build fails", () => {
  const root = skeleton();
  writeFileSync(join(root, "build_fails"), "");
  expect(setup(root).status).toBe(1);
});

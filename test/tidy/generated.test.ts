// What is output is not tracked, and is what its source makes now.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LAYOUT_FILE, layoutText } from "../../scripts/build/layout.ts";
import { linesMatching } from "../support/source_tree.ts";

it("tracks no output", ({ skip }) => {
  if (!existsSync(".git")) {
    console.log("skipped: not a git checkout, so nothing says which files are tracked");
    skip();
  }
  const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
  expect(tracked.filter((file) => /\.gen\.|^(build|dist|node_modules)\//.test(file))).toEqual([]);
});

it("has the layout of the modules as they are built", () => {
  expect(readFileSync(LAYOUT_FILE, "utf8")).toBe(layoutText());
});

it("says on generated files that they are generated", () => {
  expect(linesMatching(LAYOUT_FILE, /Do not edit/).length).toBe(1);
});

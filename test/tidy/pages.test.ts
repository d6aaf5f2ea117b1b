// Pages name files and rooms; both move. Here the pages are held to the tree.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { files } from "../support/source_tree.ts";
import { ROOMS } from "./rooms.ts";

/** A path from the root in backquotes, without a placeholder such as NAME in it. */
const PATH = /`((?:assembly|bench|bin|docs|examples|filters|host|scripts|test)\/[a-z0-9_./-]+)`/g;

/** Output: there once it is built, but in no checkout. */
const IS_OUTPUT = /\.gen\.|^bench\/baseline\b/;

it("names only files and folders that exist", () => {
  const wrong = ["README.md", "CONTRIBUTING.md", ...files("docs", ".md")]
    .filter((page) => existsSync(page))
    .flatMap((page) => [...readFileSync(page, "utf8").matchAll(PATH)].map(([, path]) => `${page}: ${path}`))
    .filter((line) => {
      const path = line.slice(line.indexOf(": ") + 2);
      return !IS_OUTPUT.test(path) && !existsSync(path);
    });
  expect(wrong).toEqual([]);
});

it("draws the rooms of host/ in the order in which imports point", () => {
  const page = readFileSync("docs/architecture.md", "utf8");
  const table = page.slice(page.indexOf("## Rooms of the host"), page.indexOf("## Rooms of the core"));
  const drawn = [...table.matchAll(/^\| `([a-z_]+(?:\.ts)?)\/?`/gm)].map(([, room]) => room);
  const existing = ROOMS.filter((room) => existsSync(`host/${room === "server" ? "server.ts" : room}`));
  expect(drawn).toEqual(existing.map((room) => (room === "server" ? "server.ts" : room)));
});

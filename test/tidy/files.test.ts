// Small by nature, and named like their neighbours.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { files, linesMatching } from "../support/source_tree.ts";

const LONGEST = 500;

const sources = ["assembly", "host", "filters", "test", "bench", "scripts"]
  .flatMap((folder) => files(folder, ".ts", ".mjs"))
  .filter((file) => !file.includes(".gen."));

describe("files", () => {
  it(`hold one idea in at most ${LONGEST} lines`, () => {
    const long = sources.filter((file) => lineCount(file) > LONGEST);
    expect(long.map((file) => `${file}: ${lineCount(file)} lines`)).toEqual([]);
  });

  it("are snake_case", () => {
    expect(sources.filter((file) => !/^[a-z0-9_]+(\.[a-z_]+)*$/.test(basename(file)))).toEqual([]);
  });

  it("have a subject: no utils, no helpers, no barrels", () => {
    const vague = /(^|[/_])(utils?|helpers?|misc|common|shared)([/_.]|$)/;
    expect(
      sources.filter((file) => vague.test(file) || (basename(file) === "index.ts" && file !== "host/index.ts")),
    ).toEqual([]);
  });
});

describe("exports", () => {
  it("have names", () => {
    const modules = sources.filter((file) => /^(assembly|host|filters)\//.test(file));
    expect(modules.flatMap((file) => linesMatching(file, /^export default\b/))).toEqual([]);
  });
});

describe("comments", () => {
  it("promise nothing for later", () => {
    expect(
      sources.flatMap((file) => linesMatching(file, /(\/\/|\*).*\b(TODO|FIXME|XXX|HACK)\b/)).filter(isNotThisFile),
    ).toEqual([]);
  });
});

function lineCount(file: string): number {
  return readFileSync(file, "utf8").split("\n").length - 1;
}

function isNotThisFile(line: string): boolean {
  return !line.startsWith("test/tidy/files.test.ts");
}

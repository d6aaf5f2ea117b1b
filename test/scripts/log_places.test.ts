// What the builder of a bundle notes for the log: that a line of the bundle which logs was made of a line of our sources which logs.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { LogPlaces } from "../../host/wasm/assets.ts";
import { writeBundle } from "../../scripts/build/bundle.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const VERB = /\.(trace|debug|info|warning|error|critical)\(/;

/** A call may be broken over two lines, and a map of sources knows its first. */
const statement = (path: string, line: number) =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(line - 1, line + 1)
    .join("");

it("names the line of the sources for every line that may log", async () => {
  const folder = temporaryFolder();
  await writeBundle("package", { main: "host/main.ts" }, folder);
  const places = JSON.parse(readFileSync(`${folder}/log_places.json`, "utf8")) as LogPlaces;
  const sources = new Set<string>();
  for (const [file, lines] of Object.entries(places)) {
    const bundled = readFileSync(`${folder}/${file}`, "utf8").split("\n");
    for (const [line, [path, sourceLine]] of Object.entries(lines)) {
      sources.add(path);
      const verb = VERB.exec(bundled[Number(line) - 1] ?? "")?.[1];
      expect(VERB.exec(statement(path, sourceLine))?.[1], `${path}:${sourceLine}`).toBe(verb);
    }
  }
  expect([...sources]).toContain("host/command_line/serve.ts");
});

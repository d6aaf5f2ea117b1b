// The one-file binary, copied to a folder with nothing else in it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { programSuite } from "../suites/program.ts";

const folder = mkdtempSync(join(tmpdir(), "nuncio-binary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { status, stderr } = spawnSync(process.execPath, ["scripts/build_binary.ts"], {
  encoding: "utf8",
  timeout: 60_000,
});
if (status !== 0) throw new Error(`the binary cannot be built\n${stderr}`);
copyFileSync("dist/nuncio", join(folder, "nuncio"));

describe("dist/nuncio, alone in a folder", () => {
  programSuite(join(folder, "nuncio"));
});

// A folder for all tests of a block, gone after them. For one test alone there is test/support/temporary_folder.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Absolute path of a new empty folder. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nuncio-e2e-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// A folder of a test's own, gone when the test is over.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Absolute path of a new empty folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nuncio-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

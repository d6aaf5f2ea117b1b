// What a build step depends on, as one hash: the names and contents of its input files. Contents and not times, so that a fresh
// checkout, a branch switch or a touched file costs no rebuild.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

/** Hash of the contents of `files` (paths relative to the working directory) and of `extra` strings. */
export function fingerprint(files: readonly string[], extra: readonly string[] = []): string {
  const hash = createHash("sha256");
  for (const part of extra) hash.update(`${part}\0`);
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(statSync(file, { throwIfNoEntry: false }) ? readFileSync(file) : "absent");
  }
  return hash.digest("hex");
}

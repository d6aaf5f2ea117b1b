// What a build step depends on, as one hash: the names and contents of its input files. Contents and not times, so that a fresh
// checkout, a branch switch or a touched file costs no rebuild.
import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Files below `folder`, sorted, that end in one of `endings`. A folder that does not exist has none. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...filesBelow(path, endings));
    else if (endings.some((ending) => entry.name.endsWith(ending))) files.push(path);
  }
  return files.sort();
}

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

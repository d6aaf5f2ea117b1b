// The tree as the tidy tests see it: files, and who imports whom. Paths are relative to the root of the checkout, where vitest runs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const SKIPPED = new Set(["node_modules", "build", "dist", ".git"]);

/** Files below a folder (or the folder itself when it is a file) whose name ends in one of `endings`; none when it does not exist. */
export function files(folder: string, ...endings: string[]): string[] {
  if (!existsSync(folder)) return [];
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) found.push(...files(path, ...endings));
    } else if (endings.length === 0 || endings.some((ending) => entry.name.endsWith(ending))) {
      found.push(path);
    }
  }
  return found.sort();
}

export interface Import {
  /** Importing file. */
  readonly from: string;
  /** What stands in the quotes. */
  readonly specifier: string;
  /** The imported file, for relative specifiers; null for packages and built-in modules. */
  readonly target: string | null;
}

const IMPORT = /^\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Every import, export-from and dynamic import of a source file. AssemblyScript leaves the `.ts` away. */
export function importsOf(file: string): Import[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3]) as string;
    return { from: file, specifier, target: specifier.startsWith(".") ? resolveImport(file, specifier) : null };
  });
}

function resolveImport(from: string, specifier: string): string {
  const path = join(dirname(from), specifier);
  return existsSync(path) || /\.\w+$/.test(specifier) ? path : `${path}.ts`;
}

/** `file:line` of every line of a file that matches. */
export function linesMatching(file: string, pattern: RegExp): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

// Which AssemblyScript files a module or a spec is made of.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const IMPORT = /\b(?:from|import)\s+"(\.[^"]+)"/g;

/** The entry and every file that it reaches by import, sorted. An import of nothing is left to the compiler, which says where it stands. */
export function assemblySources(entry: string): string[] {
  const reached = new Set([entry]);
  for (const file of reached) {
    for (const [, target] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const path = join(dirname(file), target as string);
      const source = path.endsWith(".ts") ? path : `${path}.ts`;
      if (existsSync(source)) reached.add(source);
    }
  }
  return [...reached].sort();
}

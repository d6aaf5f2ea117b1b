// Puts the code of Nuncio into a few files of JavaScript: one for each door and one for each kind of thread. What they need beside the
// code is listed in host/wasm/assets.ts.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { join, relative, resolve } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { ASSETS, LOG_PLACES, type LogPlaces, THREADS } from "../../host/wasm/assets.ts";

export type BundleKind = "package" | "binary";

/**
 * What differs: a package is ES modules, with files beside them and its dependencies installed by npm; a binary runs CommonJS, the only
 * format that Node embeds, and holds everything.
 */
const FORMATS: Readonly<Record<BundleKind, BuildOptions>> = {
  package: { format: "esm", packages: "external", splitting: true, sourcemap: "linked" },
  // There `import.meta.url` is read on the paths of the other kinds only.
  binary: { format: "cjs", logOverride: { "empty-import-meta": "silent" } },
};

/** Large JSON as a string that is parsed when the module runs: a third of the time and memory that the same object literal costs. */
const parsedJson: Plugin = {
  name: "parsed-json",
  setup({ onLoad }) {
    onLoad({ filter: /\.json$/ }, ({ path }) => {
      const text = JSON.stringify(JSON.parse(readFileSync(path, "utf8")));
      return { contents: `export default JSON.parse(${JSON.stringify(text)});`, loader: "js" };
    });
  },
};

/**
 * Writes the doors (`{main: "host/main.ts"}` becomes `main.js`), the threads and, for a package, the assets into `folder`, which is made
 * anew.
 */
export async function writeBundle(
  kind: BundleKind,
  doors: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    ...FORMATS[kind],
    entryPoints: { ...doors, ...THREADS },
    outdir: folder,
    bundle: true,
    platform: "node",
    target: "node24",
    minifySyntax: true, // Drops the branches of the other kinds. Names stay: a stack trace must be readable.
    define: { NUNCIO_BUNDLE: JSON.stringify(kind) },
    plugins: [parsedJson],
    logLevel: "warning",
  });
  if (kind === "package") {
    writeFileSync(join(folder, LOG_PLACES), JSON.stringify(logPlaces(folder)));
    await Promise.all(Object.entries(ASSETS).map(([name, file]) => copyFile(file, join(folder, name))));
  }
}

/** A call of a logger's verb. Others of these names are found, too, and do no harm. */
const LOGS = /\.(?:trace|debug|info|warning|error|critical)\(/;

/** What each line of the bundle that may write to the log was made of, so that the log names our sources. */
function logPlaces(folder: string): LogPlaces {
  const places: Record<string, Record<string, readonly [string, number]>> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    const map = new SourceMap(JSON.parse(readFileSync(join(folder, `${file}.map`), "utf8")));
    const lines: Record<string, readonly [string, number]> = {};
    for (const [index, text] of readFileSync(join(folder, file), "utf8").split("\n").entries()) {
      const column = text.search(LOGS);
      if (column < 0) continue;
      const entry = map.findEntry(index, column);
      if (!("originalSource" in entry)) continue;
      lines[String(index + 1)] = [relative(".", resolve(folder, entry.originalSource)), entry.originalLine + 1];
    }
    places[file] = lines;
  }
  return places;
}

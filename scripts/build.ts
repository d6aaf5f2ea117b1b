// `npm run build`: everything that is output and not source, in the order in which it is needed. Incremental; safe to run at any time.
import { existsSync, globSync, renameSync, rmSync, utimesSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ASSETS } from "../host/wasm/assets.ts";
import { assemblySources } from "./build/assembly_sources.ts";
import { writeBundle } from "./build/bundle.ts";
import { runGraph, type Step } from "./build/graph.ts";
import { LAYOUT_FILE, writeLayout } from "./build/layout.ts";
import { withBuildLock } from "./build/lock.ts";
import { run } from "./build/run.ts";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

// The compiler is 15 MB of JavaScript: what Node made of it once serves every later run.
process.env["NODE_COMPILE_CACHE"] ??= resolve("build/compile_cache");

const ASC = "node_modules/assemblyscript/bin/asc.js";
const DESCRIPTORS = "scripts/descriptors/build.mjs";

/** One AssemblyScript module: entry, target in asconfig.json and name of the output are the same word. */
function assembly(name: "core" | "ledger"): Step {
  const outputs = ["wasm", "wat", "d.ts", "wasm.map"].map((ending) => `build/${name}.${ending}`);
  return {
    name,
    after: [],
    inputs: () => [
      ...assemblySources(`assembly/${name}.ts`),
      "asconfig.json",
      "node_modules/assemblyscript/package.json",
    ],
    outputs,
    async body() {
      // Into a folder of its own first, and the .wasm moved last: who sees the new module finds its layout and text beside it.
      const files = ["--outFile", `build/new/${name}.wasm`, "--textFile", `build/new/${name}.wat`];
      await run(process.execPath, [ASC, `assembly/${name}.ts`, "--target", name, ...files]);
      for (const file of outputs.toReversed()) renameSync(file.replace("build/", "build/new/"), file);
    },
  };
}

const layout: Step = {
  name: "layout",
  after: ["core", "ledger"],
  inputs: () => [
    "build/core.wasm",
    "build/ledger.wasm",
    "build/core.d.ts",
    "build/ledger.d.ts",
    "scripts/build/layout.ts",
  ],
  outputs: [LAYOUT_FILE],
  body: async () => writeLayout(),
};

const BUNDLE = "build/bundle";

/** What `bin/nuncio` runs while it is younger than the sources (docs/adr/bundle_in_a_checkout.md). */
const bundle: Step = {
  name: "bundle",
  after: ["layout"],
  inputs: () => [
    ...["host", "filters"].flatMap((folder) => globSync(`${folder}/**/*.{ts,json}`)).sort(),
    ...Object.values(ASSETS),
    "scripts/build/bundle.ts",
    "package.json",
    "node_modules/esbuild/package.json",
  ],
  outputs: [`${BUNDLE}/main.js`, `${BUNDLE}/worker.js`],
  async body() {
    // Made beside, so that who starts meanwhile finds the old one or the new one.
    await writeBundle("package", { main: "host/main.ts" }, "build/new/bundle");
    rmSync(BUNDLE, { recursive: true, force: true });
    renameSync("build/new/bundle", BUNDLE);
  },
};

/** The schema of Envoy's API. Its script knows its inputs itself and returns quickly when they are unchanged. */
async function buildDescriptors(): Promise<void> {
  if (!existsSync(DESCRIPTORS)) return;
  await run(process.execPath, [DESCRIPTORS]);
}

const startedAt = performance.now();
const startedOn = new Date();
try {
  const ran = await withBuildLock(async () => {
    const graph = runGraph([assembly("core"), assembly("ledger"), layout, bundle]);
    // All of it runs to its end, so that one failure does not hide another or leave children behind.
    const results = await Promise.allSettled([graph, buildDescriptors()]);
    const failures = results.flatMap((result) => (result.status === "rejected" ? [String(result.reason.message)] : []));
    if (failures.length > 0) throw new Error(failures.join("\n"));
    const steps = await graph;
    // It holds what the sources were when the build began, also where nothing had to be done: a switch of branches makes them look new.
    utimesSync(`${BUNDLE}/main.js`, startedOn, startedOn);
    return steps;
  });
  const quiet = process.argv.includes("--quiet");
  if (ran.length > 0) console.log(`built ${ran.map(({ name, ms }) => `${name} (${ms} ms)`).join(", ")}`);
  else if (!quiet) console.log(`nothing to build (${Math.round(performance.now() - startedAt)} ms)`);
} catch (error) {
  console.error(`build failed\n${(error as Error).message}`);
  process.exitCode = 1;
}

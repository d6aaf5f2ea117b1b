// The files that a running Nuncio needs beside its code: modules, built-in configs, the code of its worker threads. In a
// checkout they are read where the build left them; in the npm package they lie beside the bundle; in the one-file binary they are
// inside the executable (Node's single executable applications). Nothing else in the tree knows which of the three it is.
//
// A new asset is one line in ASSETS: the binary and the package take the list from here.
import { readFileSync } from "node:fs";
import type { WorkerOptions } from "node:worker_threads";

/** Asset name, and where it lies in a checkout, relative to the root. */
export const ASSETS = {
  "core.wasm": "build/core.wasm",
  "ledger.wasm": "build/ledger.wasm",
  "quickstart.yaml": "examples/quickstart.yaml",
} as const;

/** Entry files of threads, relative to the root. In the bundles each is one file of JavaScript named `NAME.js`. */
export const THREADS = {
  worker: "host/worker_thread.ts",
} as const;

export type AssetName = keyof typeof ASSETS;
export type ThreadName = keyof typeof THREADS;

/** Set by esbuild; absent in a checkout. */
declare const NUNCIO_BUNDLE: "package" | "binary";
const kind = typeof NUNCIO_BUNDLE === "undefined" ? "checkout" : NUNCIO_BUNDLE;

/** Bytes of an asset. Throws when it was not built: then the installation is broken, and the message says which file is missing. */
export function loadAsset(name: AssetName): Uint8Array {
  if (kind === "binary") return new Uint8Array(embedded(name));
  return readFileSync(kind === "package" ? beside(name) : inCheckout(ASSETS[name]));
}

/** Of each file of a bundle, by number, the lines that write to the log, with the file and line that they were made of. */
export type LogPlaces = Readonly<Record<string, Readonly<Record<string, readonly [path: string, line: number]>>>>;

export const LOG_PLACES = "log_places.json";

/** Empty outside of the package: elsewhere the lines are those of the sources, or nothing is known. */
export function loadLogPlaces(): LogPlaces {
  return kind === "package" ? JSON.parse(readFileSync(beside(LOG_PLACES), "utf8")) : {};
}

/** An asset as text. */
export function loadText(name: AssetName): string {
  return new TextDecoder().decode(loadAsset(name));
}

/**
 * What `new Worker(script, options)` wants for a thread of ours:
 * `const { script, options } = threadEntry("worker"); new Worker(script, { ...options, workerData })`.
 */
export function threadEntry(name: ThreadName): { script: string | URL; options: WorkerOptions } {
  if (kind === "binary") {
    return { script: new TextDecoder().decode(embedded(`${name}.js`)), options: { eval: true } };
  }
  return { script: kind === "package" ? beside(`${name}.js`) : inCheckout(THREADS[name]), options: {} };
}

function inCheckout(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}

function beside(name: string): URL {
  return new URL(`./${name}`, import.meta.url);
}

/** A view on the executable's own mapping: no copy. */
function embedded(name: string): ArrayBuffer {
  return process.getBuiltinModule("node:sea").getRawAsset(name);
}

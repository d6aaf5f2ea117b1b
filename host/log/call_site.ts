/** Where in our sources a line of the log was written. */

import { fileURLToPath } from "node:url";
import { loadLogPlaces } from "../wasm/assets.ts";

export interface CallSite {
  /** Relative to the root; empty: not known. */
  readonly path: string;
  readonly line: number;
}

const UNKNOWN: CallSite = { path: "", line: 0 };

/** What is cut off the paths of calls; a bundle of CommonJS has no `import.meta.url`, and nothing to cut. */
const ROOT = import.meta.url === undefined ? "" : fileURLToPath(new URL("../../", import.meta.url));
/** `at name (file:///root/host/server.ts:12:3)` or `at file:///root/host/server.ts:12:3`. */
const FRAME = /\(?((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?$/;

/** File and line `depth` calls up, 1 being who calls this: a stack trace, made only for a line that is written. */
export function callSite(depth: number): CallSite {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = depth + 1;
  Error.captureStackTrace(holder, callSite);
  Error.stackTraceLimit = limit;
  const match = FRAME.exec((holder.stack ?? "").split("\n")[depth] ?? "");
  if (match === null) return UNKNOWN;
  const [, file, line] = match as unknown as [string, string, string];
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  return inSources(path, line) ?? { path: path.startsWith(ROOT) ? path.slice(ROOT.length) : path, line: Number(line) };
}

let places: ReturnType<typeof loadLogPlaces> | undefined;

/** What the bundle's builder noted of a line that logs; undefined outside of a bundle. */
function inSources(path: string, line: string): CallSite | undefined {
  places ??= loadLogPlaces();
  const place = places[path.slice(path.lastIndexOf("/") + 1)]?.[line];
  return place === undefined ? undefined : { path: place[0], line: place[1] };
}

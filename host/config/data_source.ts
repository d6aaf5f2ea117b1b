/** The bytes that a DataSource stands for. */

import { readFileSync } from "node:fs";
import type { DataSource } from "./types/core.ts";

/** Throws what reading a file throws. */
export function readDataSource(source: DataSource): Buffer {
  if (source.filename !== undefined) return readFileSync(source.filename);
  if (source.inline_bytes !== undefined) return Buffer.from(source.inline_bytes, "base64");
  if (source.inline_string !== undefined) return Buffer.from(source.inline_string, "utf8");
  return Buffer.from(process.env[source.environment_variable ?? ""] ?? "", "utf8");
}

/** Where sources that were made from others have their bytes from. */
const origins = new WeakMap<DataSource, string>();

/** The same bytes, whatever becomes of the file or the variable that they are in. Throws what reading a file throws. */
export function fixDataSource(source: DataSource): DataSource {
  if (source.filename === undefined && source.environment_variable === undefined) return source;
  const fixed = { inline_bytes: readDataSource(source).toString("base64") };
  origins.set(fixed, dataSourceName(source));
  return fixed;
}

/** Where it comes from, for messages: a path, or how it was given. */
export function dataSourceName(source: DataSource): string {
  const origin = origins.get(source);
  if (origin !== undefined) return origin;
  if (source.filename !== undefined) return source.filename;
  if (source.environment_variable !== undefined) return `environment variable ${source.environment_variable}`;
  return "<inline>";
}

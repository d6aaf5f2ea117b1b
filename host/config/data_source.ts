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

/** Where it comes from, for messages: a path, or how it was given. */
export function dataSourceName(source: DataSource): string {
  if (source.filename !== undefined) return source.filename;
  if (source.environment_variable !== undefined) return `environment variable ${source.environment_variable}`;
  return "<inline>";
}

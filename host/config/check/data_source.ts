/** Files and environment variables that a config refers to must be there when it is loaded. */
import { realpathSync, statSync } from "node:fs";
import type { DataSource } from "../types/core.ts";
import { rule } from "./rule.ts";

/** Where Envoy reads no files; an inherited descriptor is the exception. */
const FORBIDDEN = /^\/(?:dev|proc|sys)(?:\/|$)/;
const DESCRIPTOR = /^\/(?:dev\/fd|proc\/(?:self|\d+)\/fd)\//;

export const dataSourceRules = [
  rule<DataSource>("envoy.config.core.v3.DataSource", (source, at) => {
    const reason = source.filename === undefined ? undefined : fileReason(source.filename);
    if (reason !== undefined) at.failField("filename", reason);
    const variable = source.environment_variable;
    if (variable !== undefined && (process.env[variable] ?? "") === "") {
      at.failField("environment_variable", `environment variable ${variable} does not exist or is empty`);
    }
  }),
];

function fileReason(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return `file ${path} does not exist`;
  if (FORBIDDEN.test(realpathSync(path)) && !DESCRIPTOR.test(path)) return `invalid path: ${path}`;
  return file.isDirectory() ? `a directory is not supported yet: ${path}` : undefined;
}

/** Files and environment variables that a config refers to must be there when it is loaded. */
import { statSync } from "node:fs";
import type { DataSource } from "../types/core.ts";
import { rule } from "./check.ts";

export const dataSourceRules = [
  rule<DataSource>("envoy.config.core.v3.DataSource", (source, at) => {
    if (source.filename !== undefined) {
      const file = statSync(source.filename, { throwIfNoEntry: false });
      if (file === undefined) at.failField("filename", `file ${source.filename} does not exist`);
      else if (file.isDirectory()) at.failField("filename", `${source.filename} is a directory`);
    }
    const variable = source.environment_variable;
    if (variable !== undefined && (process.env[variable] ?? "") === "") {
      at.failField("environment_variable", `environment variable ${variable} does not exist or is empty`);
    }
  }),
];

/** `--mode validate`: is this config one that would be served? Nothing is bound, resolved or started. */

import { readFile } from "node:fs/promises";
import { formatReason } from "../access_log/format_reason.ts";
import { loadBootstrap } from "../config/bootstrap.ts";
import { ConfigError, formatIssue } from "../config/config_error.ts";
import type { Logger } from "../log/logger.ts";
import type { Settings } from "./settings.ts";

const KNOWLEDGE = { formatReason };

/** One config. Says what Envoy says. @returns the exit code */
export async function validateConfig(settings: Settings, log: Logger): Promise<number> {
  const path = settings.configPath ?? "";
  try {
    const { warnings } = await loadBootstrap({ path: settings.configPath, configYaml: settings.configYaml }, KNOWLEDGE);
    for (const warning of warnings) log.warning(formatIssue(warning));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.critical(`error initializing configuration '${path}': ${listed(error)}`);
    return 1;
  }
  process.stdout.write(`configuration '${path}' OK\n`);
  return 0;
}

/** A line of JSON for each file that `list` names: `{"file": ..., "ok": ..., "message": ...}`. @returns the exit code */
export async function validateFiles(list: string): Promise<number> {
  let allGood = true;
  for (const path of (await readFile(list, "utf8")).split("\n")) {
    if (path === "") continue;
    const message = await reasonsAgainst(path);
    if (message !== "") allGood = false;
    process.stdout.write(`${JSON.stringify({ file: path, ok: message === "", message })}\n`);
  }
  return allGood ? 0 : 1;
}

async function reasonsAgainst(path: string): Promise<string> {
  try {
    await loadBootstrap({ path }, KNOWLEDGE);
    return "";
  } catch (error) {
    // One file that breaks the checker itself is refused, and the others still get their answers.
    return error instanceof ConfigError ? error.message : `${path}:1:1: (file): ${String(error)}`;
  }
}

/** Several issues start on a line of their own, so that each line can be read by tools. */
function listed(error: ConfigError): string {
  return error.issues.length === 1 ? error.message : `\n${error.message}`;
}

/** From the words of the command line to the exit code. What a mode does not need is not loaded: --version costs nothing. */

import { parseLoggerName } from "../log/level.ts";
import { FileSink, Logs, StderrSink } from "../log/logger.ts";
import { HOT_RESTART_VERSION, serverVersion } from "../server_version.ts";
import { type Given, ParseError, parseFlags } from "./parse.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";

const NO_CONFIG = "At least one of --config-path or --config-yaml or Options::configProto() should be non-empty";

/** @returns the exit code; rejects only where the program itself is at fault */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    if (words[0] === "explain") return await (await import("./explain.ts")).explainRequest(words.slice(1));
    const given = parseFlags(words);
    return (await answered(given)) ? 0 : await runMode(readSettings(given));
  } catch (error) {
    if (error instanceof ParseError) {
      const { briefUsage } = await import("./help.ts");
      process.stderr.write(
        `PARSE ERROR: Argument: ${error.argument}\n             ${error.message}\n\n${briefUsage()}`,
      );
      return 1;
    }
    if (error instanceof SettingsError) {
      process.stderr.write(`error: ${error.message}\n`);
      return 1;
    }
    if (isSystemError(error)) {
      process.stderr.write(`error: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

/** A file that the command line names cannot be read or written. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "path" in error;
}

/** Flags that ask a question: whether there was one. */
async function answered(given: Given): Promise<boolean> {
  if (given.has("help")) process.stdout.write((await import("./help.ts")).helpText());
  else if (given.has("version")) process.stdout.write(`\nnuncio  version: ${serverVersion()}\n\n`);
  else if (given.has("hot-restart-version")) process.stderr.write(HOT_RESTART_VERSION);
  else return false;
  return true;
}

async function runMode(settings: Settings): Promise<number> {
  const logs = new Logs({
    sink: settings.logPath === undefined ? new StderrSink() : new FileSink(settings.logPath),
    ...(settings.logFormat === undefined ? {} : { format: settings.logFormat }),
    escapeNewlines: settings.escapeLogNewlines,
    level: settings.logLevel,
  });
  for (const [name, level] of Object.entries(settings.componentLogLevels)) {
    const known = parseLoggerName(name);
    if (known !== null) logs.logger(known).level = level;
  }
  const log = logs.logger("main");
  for (const line of settings.inert) log.warning(line);
  if (settings.mode === "validate" && settings.filesFrom !== undefined) {
    return (await import("./validate.ts")).validateFiles(settings.filesFrom);
  }
  if (settings.isQuickstart) return (await import("./quickstart.ts")).quickstart(settings, log);
  if (settings.configPath === undefined && settings.configYaml === undefined) {
    log.critical(`error initializing configuration '': ${NO_CONFIG}`);
    if (settings.mode !== "validate") process.stderr.write(`${NO_CONFIG}\n`);
    return 1;
  }
  if (settings.mode === "validate") return (await import("./validate.ts")).validateConfig(settings, log);
  return (await import("./serve.ts")).serve(settings, log);
}

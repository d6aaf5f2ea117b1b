/** The one list of loggers. A new one is a file and a line here, under the type name that the config door lists as supported. */

import type { Any } from "../../config/types/core.ts";
import type { AccessLogSinks } from "../sinks.ts";
import { fileLogger } from "./file.ts";
import type { Logger, LoggerFactory } from "./logger.ts";
import { stderrLogger, stdoutLogger } from "./stream.ts";

const LOGGERS = [fileLogger, stdoutLogger, stderrLogger] as readonly unknown[] as readonly LoggerFactory<Any>[];

/** Throws for a type that is not in the list: the config door lets none such pass. */
export function createLogger(config: Any, sinks: AccessLogSinks): Logger {
  const factory = LOGGERS.find(({ typeName }) => typeName === config["@type"]);
  if (factory === undefined) throw new Error(`no access logger takes ${config["@type"]}`);
  return factory.create(config, sinks);
}

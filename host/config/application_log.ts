/** `application_log_config`: the application log's format, where the command line gives none. */
import { ConfigError } from "./config_error.ts";
import type { Bootstrap } from "./types/bootstrap.ts";

/**
 * The format in spdlog's flags that is to be used; undefined: the default one. Throws a ConfigError when both the command line
 * (`given`) and the config ask for one, as Envoy refuses that.
 */
export function applicationLogFormat(bootstrap: Bootstrap, given: string | undefined): string | undefined {
  const format = bootstrap.application_log_config?.log_format;
  if (format === undefined) return given;
  if (given !== undefined) {
    const path = "application_log_config.log_format";
    const reason = "only one of this and the log format of the command line can be given";
    throw new ConfigError([{ file: "config", line: 1, column: 1, path, reason }]);
  }
  return format.text_format ?? JSON.stringify(format.json_format);
}

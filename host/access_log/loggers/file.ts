/** `envoy.access_loggers.file`: one line per stream to a file. */

import type { FileAccessLog } from "../../config/types/access_log.ts";
import type { SubstitutionFormatString } from "../../config/types/core.ts";
import { compileFormat } from "../format.ts";
import type { LoggerFactory } from "./logger.ts";

export const fileLogger: LoggerFactory<FileAccessLog> = {
  typeName: "envoy.extensions.access_loggers.file.v3.FileAccessLog",
  create(config, sinks) {
    const format = compileFormat(formatOf(config), sinks.readFile);
    const sink = sinks.sink(config.path);
    return (info) => sink.write(format(info));
  },
};

/** `log_format`, or one of the deprecated fields beside it. */
function formatOf(config: FileAccessLog): SubstitutionFormatString | undefined {
  if (config.log_format !== undefined) return config.log_format;
  if (config.format !== undefined && config.format !== "")
    return { text_format_source: { inline_string: config.format } };
  const json = config.json_format ?? config.typed_json_format;
  return json === undefined ? undefined : { json_format: json };
}

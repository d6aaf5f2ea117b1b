/** `envoy.access_loggers.stdout` and `.stderr`: one line per stream to the process's own streams. */

import type { StreamAccessLog } from "../../config/types/access_log.ts";
import { compileFormat } from "../format.ts";
import type { LoggerFactory } from "./logger.ts";

export const stdoutLogger = streamLogger("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", "/dev/stdout");
export const stderrLogger = streamLogger("envoy.extensions.access_loggers.stream.v3.StderrAccessLog", "/dev/stderr");

function streamLogger(typeName: StreamAccessLog["@type"], path: string): LoggerFactory<StreamAccessLog> {
  return {
    typeName,
    create(config, sinks) {
      const format = compileFormat(config.log_format, sinks.readFile);
      const sink = sinks.sink(path);
      return (info) => sink.write(format(info));
    },
  };
}

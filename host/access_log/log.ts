/** Access logs of a listener, a connection manager or a filter: who writes, and for which streams. */

import type { AccessLog as AccessLogConfig } from "../config/types/access_log.ts";
import type { StreamInfo } from "../stream_info/stream_info.ts";
import { compileFilter, type LogFilter } from "./filter.ts";
import { createLogger } from "./loggers/list.ts";
import type { Logger } from "./loggers/logger.ts";
import type { AccessLogSinks } from "./sinks.ts";

export type AccessLog = {
  /** Logs a stream that has ended, if the log's filter lets it pass. */
  log(info: StreamInfo): void;
};

/** Compiles access logs. Throws FormatError, or what reading a format's file throws. */
export function createAccessLogs(configs: readonly AccessLogConfig[], sinks: AccessLogSinks): readonly AccessLog[] {
  return configs.flatMap(({ filter, typed_config }) =>
    typed_config === undefined
      ? []
      : [new FilteredLog(filter === undefined ? null : compileFilter(filter), createLogger(typed_config, sinks))],
  );
}

class FilteredLog implements AccessLog {
  private readonly filter: LogFilter | null;
  private readonly logger: Logger;

  constructor(filter: LogFilter | null, logger: Logger) {
    this.filter = filter;
    this.logger = logger;
  }

  log(info: StreamInfo): void {
    if (this.filter === null || this.filter(info)) this.logger(info);
  }
}

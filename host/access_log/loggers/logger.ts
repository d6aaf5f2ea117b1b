/** The contract of a logger: Envoy's `envoy.access_loggers.*` extensions. */

import type { Any } from "../../config/types/core.ts";
import type { StreamInfo } from "../../stream_info/stream_info.ts";
import type { AccessLogSinks } from "../sinks.ts";

/** Logs one stream. */
export type Logger = (info: StreamInfo) => void;

export type LoggerFactory<Config extends Any> = {
  /** Full name of the config message. */
  readonly typeName: Config["@type"];
  /** Throws FormatError. */
  create(config: Config, sinks: AccessLogSinks): Logger;
};

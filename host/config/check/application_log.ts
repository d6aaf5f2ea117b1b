/** The format of the application log, in the flags of spdlog. */
import type { Json } from "../types/core.ts";
import { rule } from "./rule.ts";

/** The raw message, which could break a line of JSON. */
const RAW_MESSAGE = /%[v_]/;

export const applicationLogRules = [
  rule<{ json_format?: Json }>("envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat", (format, at) => {
    const raw = RAW_MESSAGE.exec(JSON.stringify(format.json_format ?? {}));
    if (raw !== null) at.failField("json_format", `${raw[0]} is not available in a JSON format; use %j`);
  }),
];

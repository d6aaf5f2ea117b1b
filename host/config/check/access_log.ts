/** Access logs are found by the type of their config. */
import type { AccessLog } from "../types/access_log.ts";
import { rule } from "./check.ts";

export const accessLogRules = [
  rule<AccessLog>("envoy.config.accesslog.v3.AccessLog", (log, at) => {
    if (log.typed_config === undefined) at.fail("an access log is found by the type of its typed_config, and has none");
  }),
];

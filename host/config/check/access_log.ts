/** Access logs are found by the type of their config, and their files must take a line. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AccessLog, FileAccessLog } from "../types/access_log.ts";
import type { Admin } from "../types/bootstrap.ts";
import { rule } from "./rule.ts";

export const accessLogRules = [
  rule<AccessLog>("envoy.config.accesslog.v3.AccessLog", (log, at) => {
    if (log.typed_config === undefined) at.fail("an access log is found by the type of its typed_config, and has none");
  }),
  rule<FileAccessLog>("envoy.extensions.access_loggers.file.v3.FileAccessLog", (log, at) => {
    const reason = logFileReason(log.path);
    if (reason !== undefined) at.failField("path", reason);
  }),
  rule<Admin>("envoy.config.bootstrap.v3.Admin", (admin, at) => {
    const reason = admin.access_log_path === undefined ? undefined : logFileReason(admin.access_log_path);
    if (reason !== undefined) at.failField("access_log_path", reason);
  }),
  rule<{ outlier_detection?: { event_log_path?: string } }>(
    "envoy.config.bootstrap.v3.ClusterManager",
    (manager, at) => {
      const path = manager.outlier_detection?.event_log_path;
      const reason = path === undefined ? undefined : logFileReason(path);
      if (reason !== undefined) at.failField("outlier_detection", reason);
    },
  ),
];

/** Why a log could not be written to `path`. Asked without opening: to validate a config should leave no files behind. */
function logFileReason(path: string): string | undefined {
  try {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isDirectory()) return `unable to open file ${path}: it is a directory`;
    accessSync(file === undefined ? dirname(path) : path, constants.W_OK);
    return undefined;
  } catch (error) {
    return `unable to open file ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

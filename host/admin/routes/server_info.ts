/** /server_info: envoy.admin.v3.ServerInfo. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, json } from "../request.ts";

export const serverInfo: AdminRoute<AdminContext> = {
  path: "/server_info",
  help: "print server version/status information",
  changes: false,
  handle(context) {
    const { version, uptimeSeconds, hotRestartVersion, commandLineOptions, node } = context.info();
    const state = context.state();
    const uptime = `${Math.floor(uptimeSeconds)}s`;
    return json({
      version,
      state,
      uptime_current_epoch: uptime,
      uptime_all_epochs: uptime,
      hot_restart_version: hotRestartVersion,
      command_line_options: commandLineOptions,
      node,
      hot_restart_initializing: false,
    });
  },
};

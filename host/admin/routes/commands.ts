/** Small commands: each asks the server for one thing and answers OK. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, OK } from "../request.ts";

export const resetCounters: AdminRoute<AdminContext> = {
  path: "/reset_counters",
  help: "reset all counters to zero",
  changes: true,
  async handle(context) {
    await context.syncStats();
    context.stats.resetCounters();
    return OK;
  },
};

export const drainListeners: AdminRoute<AdminContext> = {
  path: "/drain_listeners",
  help: "drain listeners",
  changes: true,
  params: [
    {
      name: "graceful",
      help: "When draining listeners, enter a graceful drain period prior to closing listeners. This behaviour and duration is configurable via server options or CLI",
    },
    {
      name: "skip_exit",
      help: "When draining listeners, drain the connections but never stop the listeners. The graceful parameter has no effect when this is set, since the drain period only delays stopping the listeners",
    },
    {
      name: "inboundonly",
      help: "Drains all inbound listeners. traffic_direction field in envoy_v3_api_msg_config.listener.v3.Listener is used to determine whether a listener is inbound or outbound.",
    },
  ],
  handle(context, { query }) {
    context.drainListeners({
      graceful: query.has("graceful"),
      skipExit: query.has("skip_exit"),
      inboundOnly: query.has("inboundonly"),
    });
    return OK;
  },
};

export const reopenLogs: AdminRoute<AdminContext> = {
  path: "/reopen_logs",
  help: "reopen access logs",
  changes: true,
  handle(context) {
    context.reopenLogs();
    return OK;
  },
};

export const quitquitquit: AdminRoute<AdminContext> = {
  path: "/quitquitquit",
  help: "exit the server",
  changes: true,
  handle(context) {
    context.quit();
    return OK;
  },
};

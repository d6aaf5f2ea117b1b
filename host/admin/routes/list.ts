/** All admin pages. A new page is a file in this folder and one line here. */

import type { AdminContext } from "../context.ts";
import { dashboardPage } from "../dashboard/page.ts";
import { type AdminRoute, HTML } from "../request.ts";
import { certs } from "./certs.ts";
import { clusters } from "./clusters.ts";
import { drainListeners, quitquitquit, reopenLogs, resetCounters } from "./commands.ts";
import { configDump } from "./config_dump.ts";
import { explain } from "./explain.ts";
import { contention, hotRestartVersion, initDump } from "./facts.ts";
import { healthcheckFail, healthcheckOk } from "./healthcheck.ts";
import { helpRoute } from "./help.ts";
import { listeners } from "./listeners.ts";
import { logging } from "./logging.ts";
import { memory } from "./memory.ts";
import { allocprofiler, cpuprofiler, heapDump, heapprofiler, peakHeapDump, tcmalloc } from "./profilers.ts";
import { ready } from "./ready.ts";
import { recentLookups, recentLookupsClear, recentLookupsDisable, recentLookupsEnable } from "./recent_lookups.ts";
import { runtime, runtimeModify } from "./runtime.ts";
import { serverInfo } from "./server_info.ts";
import { prometheus, stats } from "./stats.ts";

const home: AdminRoute<AdminContext> = {
  path: "/",
  help: "Admin home page",
  changes: false,
  handle: () => ({ status: 200, contentType: HTML, body: dashboardPage(adminRoutes) }),
};

export const adminRoutes: readonly AdminRoute<AdminContext>[] = [
  home,
  allocprofiler,
  certs,
  clusters,
  configDump,
  contention,
  cpuprofiler,
  drainListeners,
  explain,
  healthcheckFail,
  healthcheckOk,
  heapDump,
  heapprofiler,
  helpRoute(() => adminRoutes),
  hotRestartVersion,
  initDump,
  listeners,
  logging,
  memory,
  tcmalloc,
  peakHeapDump,
  quitquitquit,
  ready,
  reopenLogs,
  resetCounters,
  runtime,
  runtimeModify,
  serverInfo,
  stats,
  prometheus,
  recentLookups,
  recentLookupsClear,
  recentLookupsDisable,
  recentLookupsEnable,
];

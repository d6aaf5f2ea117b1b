/**
 * /stats/recentlookups: names of stats that were looked up at run time, which in Envoy costs a global lock. Ours are looked up
 * once per thread and kept, so a name that comes up here again and again is a mistake of ours.
 */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, OK, text } from "../request.ts";

export const recentLookups: AdminRoute<AdminContext> = {
  path: "/stats/recentlookups",
  help: "Show recent stat-name lookups",
  changes: false,
  async handle(context) {
    await context.syncStats();
    const { lookups } = context.stats;
    const head = lookups.isEnabled
      ? `   Count Lookup\n${lookups
          .recent()
          .map(([name, count]) => `${String(count).padStart(8)} ${name}\n`)
          .join("")}`
      : "Lookup tracking is not enabled. Use /stats/recentlookups/enable to enable.\n";
    return text(`${head}\ntotal: ${lookups.total}\n`);
  },
};

export const recentLookupsClear: AdminRoute<AdminContext> = {
  path: "/stats/recentlookups/clear",
  help: "clear list of stat-name lookups and counter",
  changes: true,
  handle(context) {
    context.stats.lookups.clear();
    return OK;
  },
};

export const recentLookupsDisable: AdminRoute<AdminContext> = {
  path: "/stats/recentlookups/disable",
  help: "disable recording of reset stat-name lookup names",
  changes: true,
  handle(context) {
    context.stats.lookups.disable();
    return OK;
  },
};

export const recentLookupsEnable: AdminRoute<AdminContext> = {
  path: "/stats/recentlookups/enable",
  help: "enable recording of reset stat-name lookup names",
  changes: true,
  handle(context) {
    context.stats.lookups.enable();
    return OK;
  },
};

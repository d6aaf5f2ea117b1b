/** /stats and /stats/prometheus. */

import type { AdminContext } from "../context.ts";
import { dashboardPage } from "../dashboard/page.ts";
import { type AdminParam, type AdminResponse, type AdminRoute, HTML, JSON_TYPE, text } from "../request.ts";
import { statsHtml } from "../stats/html.ts";
import { statsJson } from "../stats/json.ts";
import { parseStatsParams, type StatsParams } from "../stats/params.ts";
import { statsPrometheus } from "../stats/prometheus.ts";
import { selectStats } from "../stats/select.ts";
import { statsText } from "../stats/text.ts";

const USED_ONLY: AdminParam = {
  name: "usedonly",
  help: "Only include stats that have been written by system since restart",
};
const FILTER: AdminParam = { name: "filter", help: "Regular expression (Google re2) for filtering stats" };
const INVERT_FILTER: AdminParam = { name: "invert_filter", help: "Invert the filter regex" };

export const stats: AdminRoute<AdminContext> = {
  path: "/stats",
  help: "print server stats",
  changes: false,
  params: [
    USED_ONLY,
    FILTER,
    INVERT_FILTER,
    { name: "format", help: "Format to use", oneOf: ["html", "active-html", "text", "json"] },
    {
      name: "type",
      help: "Stat types to include.",
      oneOf: ["All", "Counters", "Histograms", "Gauges", "TextReadouts"],
    },
    {
      name: "histogram_buckets",
      help: "Histogram bucket display mode",
      oneOf: ["cumulative", "disjoint", "detailed", "summary"],
    },
  ],
  async handle(context, { query }) {
    const params = parseStatsParams(query);
    if (typeof params === "string") return text(params, 400);
    if (params.format === "prometheus") return prometheusPage(context, params);
    if (params.format === "active-html") return { status: 200, contentType: HTML, body: dashboardPage() };
    await context.syncStats();
    const selected = selectStats(context.stats, params);
    switch (params.format) {
      case "json":
        return { status: 200, contentType: JSON_TYPE, body: statsJson(selected, params.buckets) };
      case "html":
        return { status: 200, contentType: HTML, body: statsHtml(statsText(selected, params.buckets), params) };
      case "text":
        return text(statsText(selected, params.buckets));
    }
  },
};

export const prometheus: AdminRoute<AdminContext> = {
  path: "/stats/prometheus",
  help: "print server stats in prometheus format",
  changes: false,
  params: [
    USED_ONLY,
    {
      name: "text_readouts",
      help: "Render text_readouts as new gaugues with value 0 (increases Prometheus data size)",
    },
    FILTER,
    INVERT_FILTER,
    { name: "histogram_buckets", help: "Histogram bucket display mode", oneOf: ["cumulative", "summary"] },
  ],
  handle(context, { query }) {
    const params = parseStatsParams(query);
    return typeof params === "string" ? text(params, 400) : prometheusPage(context, params);
  },
};

async function prometheusPage(context: AdminContext, params: StatsParams): Promise<AdminResponse> {
  if (params.buckets === "disjoint" || params.buckets === "detailed") {
    return text("unsupported prometheus histogram bucket mode", 400);
  }
  await context.syncStats();
  return text(statsPrometheus(context.stats, params, context.statsTags));
}

/** /stats?format=html: the text page with a form above it. */

import type { StatsParams } from "./params.ts";

export function statsHtml(page: string, { filter, usedOnly, type, buckets }: StatsParams): string {
  const types = ["All", "Counters", "Histograms", "Gauges", "TextReadouts"];
  const modes = ["summary", "cumulative", "disjoint", "detailed"];
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Stats</title></head>
<body>
<form action="stats" method="get">
<input type="hidden" name="format" value="html">
<label>Filter <input name="filter" value="${escapeHtml(filter)}"></label>
<label><input type="checkbox" name="usedonly"${usedOnly ? " checked" : ""}> used only</label>
<label>Type <select name="type">${types.map((name) => option(name, name === type)).join("")}</select></label>
<label>Histograms <select name="histogram_buckets">${modes.map((name) => option(name, name === buckets)).join("")}</select></label>
<button>Show</button>
</form>
<pre>${escapeHtml(page)}</pre>
</body>
</html>
`;
}

function option(name: string, isSelected: boolean): string {
  return `<option${isSelected ? " selected" : ""}>${name}</option>`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

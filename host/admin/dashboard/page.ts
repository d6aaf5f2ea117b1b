/** The admin page: state, listeners, traffic and hosts as they are now, and below them the list of all pages. One document, nothing else to load. */

import type { AdminRoute } from "../request.ts";
import { sortedRoutes } from "../routes/help.ts";
import { escapeHtml } from "../stats/html.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** Without routes the page shows the live part alone. */
export function dashboardPage<Context>(routes: readonly AdminRoute<Context>[] = []): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Nuncio</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body>
<header><h1>Nuncio</h1><b id="state"></b><span id="about" class="dim"></span><span id="trouble" class="bad"></span></header>
<h2>Listeners</h2>
${table("listeners", ["Name", "Address", "#Connections", "#Opened/s", ""])}
<h2>HTTP</h2>
${table("managers", ["Stat prefix", "#Requests", "#Requests/s", "#5xx/s", "#Connections", ""])}
<h2>Clusters and hosts</h2>
${table("clusters", ["Name", "Address", "Health", "#Connections", "#Active", "#Requests/s", "#Errors/s", ""])}
${routes.length === 0 ? "" : `<h2>All pages</h2>\n<table>\n${sortedRoutes(routes).map(routeRow).join("")}</table>\n`}<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** A leading `#` marks a column of numbers. */
function table(id: string, columns: readonly string[]): string {
  const heads = columns.map((column) =>
    column.startsWith("#") ? `<th class="number">${column.slice(1)}</th>` : `<th>${column}</th>`,
  );
  return `<table><thead><tr>${heads.join("")}</tr></thead><tbody id="${id}"></tbody></table>`;
}

/** A link, or for a page that changes something a button. Paths stay relative, so that the page works behind a prefix. */
function routeRow<Context>({ path, help, changes }: AdminRoute<Context>): string {
  const target = escapeHtml(path.slice(1));
  const name = changes
    ? `<form action="${target}" method="post"><button>${target}</button></form>`
    : `<a href="${target === "" ? "." : target}">${target === "" ? "home" : target}</a>`;
  return `<tr><td>${name}</td><td>${escapeHtml(help)}</td></tr>\n`;
}

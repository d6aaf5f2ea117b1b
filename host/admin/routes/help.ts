/** /help: all pages with their parameters, sorted by path. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, text } from "../request.ts";

/** The page over a list that it is part of itself. */
export function helpRoute(routes: () => readonly AdminRoute<AdminContext>[]): AdminRoute<AdminContext> {
  return {
    path: "/help",
    help: "print out list of admin commands",
    changes: false,
    handle: () => text(helpText(routes())),
  };
}

export function helpText<Context>(routes: readonly AdminRoute<Context>[]): string {
  const ours = routes.filter((route) => route.isOurs === true);
  const own = ours.map(({ path, help }) => `    ${path}: ${help}\n`);
  return `admin commands are:\n${envoysLines(routes)}${own.length === 0 ? "" : `beyond those of Envoy:\n${own.join("")}`}`;
}

function envoysLines<Context>(routes: readonly AdminRoute<Context>[]): string {
  const lines = sortedRoutes(routes.filter((route) => route.isOurs !== true)).map((route) => {
    const params = (route.params ?? []).map(({ name, help, oneOf }) => {
      const choices = oneOf === undefined ? "" : `; One of (${oneOf.join(", ")})`;
      return `      ${name}: ${help}${choices}\n`;
    });
    return `  ${route.path}${route.changes ? " (POST)" : ""}: ${route.help}\n${params.join("")}`;
  });
  return lines.join("");
}

export function sortedRoutes<Context>(routes: readonly AdminRoute<Context>[]): AdminRoute<Context>[] {
  return [...routes].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Why a request takes the route that it takes: the core's verdict on each route that was tried. */

import type { RouteMatch } from "../config/types/route.ts";
import type { Core } from "../wasm/core.ts";
import { VERDICT_GRPC, VERDICT_HEADERS, VERDICT_MATCH, VERDICT_PATH, VERDICT_QUERY } from "../wasm/layout.gen.ts";
import type { RouteEntry, RouteExplanation, RouteVerdict, VirtualHostEntry } from "./route_entry.ts";

/** A list of routes in order (of the virtual host, or one that its match tree leads to), and the virtual host it belongs to. */
export type HostRoutes = { readonly virtualHost: VirtualHostEntry; readonly routes: readonly RouteEntry[] };

const VERDICTS: Readonly<Record<number, RouteVerdict>> = {
  [VERDICT_MATCH]: "match",
  [VERDICT_PATH]: "path",
  [VERDICT_HEADERS]: "headers",
  [VERDICT_QUERY]: "query",
  [VERDICT_GRPC]: "grpc",
};

/** `hosts`: by offset of the list in the program; a virtual host's record is one. */
export function explainRoute(
  core: Core,
  program: number,
  hosts: ReadonlyMap<number, HostRoutes>,
  block: number,
): RouteExplanation {
  const offset = core.exports.routeVirtualHost(program, block);
  const virtualHost = hosts.get(offset)?.virtualHost.name;
  if (virtualHost === undefined) return { virtualHost, tried: [] };
  const list = core.exports.routeList(program, offset, block);
  const tried: { route: RouteEntry; verdict: RouteVerdict }[] = [];
  for (const [i, route] of (hosts.get(list)?.routes ?? []).entries()) {
    const verdict = VERDICTS[core.exports.routeVerdict(program, list, i, block)] ?? "path";
    tried.push({ route, verdict });
    if (verdict === "match") break;
  }
  return { virtualHost, tried };
}

/** `prefix "/api" without case, 2 headers, 1 query parameter`. */
export function describeMatch(match: RouteMatch): string {
  const parts = [describePath(match)];
  if (match.case_sensitive === false && match.safe_regex === undefined) parts[0] += " without case";
  if (match.grpc !== undefined) parts.push("gRPC");
  const headers = match.headers?.length ?? 0;
  if (headers > 0) parts.push(headers === 1 ? "1 header" : `${headers} headers`);
  const parameters = match.query_parameters?.length ?? 0;
  if (parameters > 0) parts.push(parameters === 1 ? "1 query parameter" : `${parameters} query parameters`);
  return parts.join(", ");
}

function describePath(match: RouteMatch): string {
  if (match.safe_regex !== undefined) return `regex ${JSON.stringify(match.safe_regex.regex)}`;
  if (match.prefix !== undefined) return `prefix ${JSON.stringify(match.prefix)}`;
  if (match.path !== undefined) return `path ${JSON.stringify(match.path)}`;
  if (match.path_separated_prefix !== undefined) return `segments ${JSON.stringify(match.path_separated_prefix)}`;
  return "CONNECT";
}

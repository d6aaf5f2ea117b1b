/** Route tables: domains that differ, clusters that exist, weights that add up, rewrites that do not contradict. */
import { statSync } from "node:fs";
import type {
  DirectResponseAction,
  Route,
  RouteAction,
  RouteConfiguration,
  VirtualCluster,
  VirtualHost,
  WeightedCluster,
} from "../types/route.ts";
import { checkUpgrades } from "./http_connection_manager.ts";
import { type At, type Context, rule } from "./rule.ts";

const UINT32_MAX = 2 ** 32 - 1;
/** Envoy's default for `max_direct_response_body_size_bytes`. */
const DIRECT_RESPONSE_BODY_BYTES = 4096;

export const routeRules = [
  rule<RouteConfiguration>("envoy.config.route.v3.RouteConfiguration", (table, at, context) => {
    checkDomains(table, at);
    for (const [index, host] of (table.virtual_hosts ?? []).entries()) {
      const place = at.element("virtual_hosts", table.virtual_hosts ?? [], index);
      checkRoutes(table, host, place, context);
    }
  }),
  rule<VirtualCluster>("envoy.config.route.v3.VirtualCluster", ({ headers = [] }, at) => {
    if (headers.length === 0) at.fail("virtual clusters must define 'headers'");
  }),
  rule<VirtualHost>("envoy.config.route.v3.VirtualHost", (host, at) => {
    if (host.matcher !== undefined && (host.require_tls ?? "NONE") !== "NONE") {
      at.failField("require_tls", "require_tls beside a matcher is not supported yet");
    }
    if (host.matcher !== undefined && (host.routes ?? []).length > 0) {
      at.failField("matcher", "cannot set both matcher and routes on a virtual host");
    }
  }),
  rule<RouteAction>("envoy.config.route.v3.RouteAction", (action, at) => {
    if (action.prefix_rewrite !== undefined && action.regex_rewrite !== undefined) {
      at.failField("regex_rewrite", "only one of prefix_rewrite and regex_rewrite can be set");
    }
    checkUpgrades(action.upgrade_configs ?? [], at);
  }),
  rule<WeightedCluster>("envoy.config.route.v3.WeightedCluster", (weighted, at) => {
    let sum = 0;
    for (const [index, cluster] of weighted.clusters.entries()) {
      const place = at.element("clusters", weighted.clusters, index);
      if (cluster.name === undefined) place.fail("a weighted cluster needs a name");
      if (cluster.weight === undefined) place.fail("field weight is missing");
      sum += cluster.weight ?? 0;
    }
    if (sum === 0) at.failField("clusters", "the sum of weights must be greater than 0");
    if (sum > UINT32_MAX) at.failField("clusters", `the sum of weights exceeds ${UINT32_MAX}`);
  }),
];

function checkDomains(table: RouteConfiguration, at: At): void {
  const seen = new Set<string>();
  for (const [index, host] of (table.virtual_hosts ?? []).entries()) {
    const place = at.element("virtual_hosts", table.virtual_hosts ?? [], index);
    for (const [position, domain] of host.domains.entries()) {
      const key = domain.toLowerCase();
      if (seen.has(key)) {
        const reason = key === "*" ? "only a single wildcard domain is permitted" : `duplicate domain ${domain}`;
        place
          .element("domains", host.domains, position)
          .fail(`${reason} in the route table ${table.name ?? ""}`.trimEnd());
      }
      seen.add(key);
    }
  }
}

function checkRoutes(table: RouteConfiguration, host: VirtualHost, at: At, context: Context): void {
  for (const [index, route] of (host.routes ?? []).entries()) {
    const place = at.element("routes", host.routes ?? [], index);
    if (route.direct_response !== undefined) checkBody(table, route.direct_response, place);
    // A table that stands in a listener has its clusters checked unless it says otherwise.
    if (table.validate_clusters !== false) checkClusters(route, place, context);
  }
}

function checkClusters(route: Route, at: At, { clusterNames }: Context): void {
  const cluster = route.route?.cluster;
  if (cluster !== undefined && !clusterNames.has(cluster)) at.failField("route", `unknown cluster ${cluster}`);
  for (const { name } of route.route?.weighted_clusters?.clusters ?? []) {
    if (name !== undefined && !clusterNames.has(name)) at.failField("route", `unknown weighted cluster ${name}`);
  }
}

function checkBody(table: RouteConfiguration, response: DirectResponseAction, at: At): void {
  const { body } = response;
  const limit = table.max_direct_response_body_size_bytes ?? DIRECT_RESPONSE_BODY_BYTES;
  let bytes = 0;
  if (body?.inline_string !== undefined) bytes = Buffer.byteLength(body.inline_string);
  else if (body?.inline_bytes !== undefined) bytes = Buffer.byteLength(body.inline_bytes, "base64");
  else if (body?.environment_variable !== undefined)
    bytes = Buffer.byteLength(process.env[body.environment_variable] ?? "");
  else if (body?.filename !== undefined) bytes = statSync(body.filename, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > limit) at.failField("direct_response", `the body has ${bytes} bytes; at most ${limit} are allowed`);
}

/**
 * `VirtualHost.require_tls`: who did not come over https is sent there. A route of our own making in front of those of the host, so that
 * `explain` shows it as one; it takes no part in header mutations or per-route config, as in Envoy.
 */

import type { HeaderMatcher, Route, VirtualHost } from "../config/types/route.ts";
import { HEADER_AUTHORITY, HEADER_PATH } from "../wasm/layout.gen.ts";
import { NO_MUTATIONS } from "./header_mutation.ts";
import type { RouteEntry, VirtualHostEntry } from "./route_entry.ts";

/** What the connection, or a proxy before us, says of the scheme. Without the header there is nothing to go by. */
const NOT_HTTPS: HeaderMatcher = { name: "x-forwarded-proto", string_match: { exact: "https" }, invert_match: true };

const FROM_OUTSIDE: HeaderMatcher = {
  name: "x-envoy-internal",
  string_match: { exact: "true" },
  invert_match: true,
  treat_missing_header_as_empty: true,
};

const TO_HTTPS: Route = { match: { prefix: "/", headers: [NOT_HTTPS] }, redirect: {} };
const OUTSIDERS_TO_HTTPS: Route = { match: { prefix: "/", headers: [NOT_HTTPS, FROM_OUTSIDE] }, redirect: {} };

/** The routes that stand in front of the host's own. */
export function tlsRoutes({ require_tls: requirement = "NONE" }: VirtualHost): readonly Route[] {
  if (requirement === "NONE") return [];
  return [requirement === "ALL" ? TO_HTTPS : OUTSIDERS_TO_HTTPS];
}

/** What such a route does; undefined for all others. */
export function tlsEntry(route: Route, virtualHost: VirtualHostEntry): Omit<RouteEntry, "index"> | undefined {
  if (route !== TO_HTTPS && route !== OUTSIDERS_TO_HTTPS) return undefined;
  return {
    name: "",
    kind: "redirect",
    virtualHost,
    metadata: undefined,
    rule: route === TO_HTTPS ? "require_tls: ALL" : "require_tls: EXTERNAL_ONLY",
    statPrefix: "",
    requestMutations: NO_MUTATIONS,
    responseMutations: NO_MUTATIONS,
    perFilterConfig: new Map(),
    perFilterConfigs: new Map(),
    filterDisabled: new Map(),
    forward: undefined,
    redirect: {
      status: 301,
      rewrite: undefined,
      location: (headers) => `https://${headers.getId(HEADER_AUTHORITY) ?? ""}${headers.getId(HEADER_PATH) ?? ""}`,
    },
    directResponse: undefined,
  };
}

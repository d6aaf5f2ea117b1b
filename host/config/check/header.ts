/** Header mutations: which names may be touched, and formats in values that must make sense. */
import type { HeaderValueOption } from "../types/core.ts";
import type { HeaderMutations } from "../types/route.ts";
import { type At, type Context, rule } from "./rule.ts";

/** The messages that have the four lists. */
const OWNERS = [
  "envoy.config.route.v3.RouteConfiguration",
  "envoy.config.route.v3.VirtualHost",
  "envoy.config.route.v3.Route",
  "envoy.config.route.v3.WeightedCluster.ClusterWeight",
];

export const headerRules = [
  ...OWNERS.map((type) => rule<HeaderMutations>(type, checkMutations)),
  rule<HeaderValueOption>("envoy.config.core.v3.HeaderValueOption", (option, at) => {
    if (option.append !== undefined && option.append_action !== undefined) {
      at.failField("append", "append and append_action cannot both be set");
    }
  }),
];

function checkMutations(owner: HeaderMutations, at: At, context: Context): void {
  for (const list of ["request_headers_to_add", "response_headers_to_add"] as const) {
    for (const [index, option] of (owner[list] ?? []).entries()) {
      const place = at.element(list, owner[list] ?? [], index);
      const { key, value = "" } = option.header;
      if (isProtected(key)) place.failField("header", "pseudo-headers and host cannot be set here");
      const reason = context.formatReason(value);
      if (reason !== undefined) place.failField("header", reason);
    }
  }
  for (const list of ["request_headers_to_remove", "response_headers_to_remove"] as const) {
    for (const [index, name] of (owner[list] ?? []).entries()) {
      if (isProtected(name))
        at.element(list, owner[list] ?? [], index).fail("pseudo-headers and host cannot be removed");
    }
  }
}

function isProtected(name: string): boolean {
  return name.startsWith(":") || name.toLowerCase() === "host";
}

/** The HTTP connection manager: its filter chain ends with the router, and some options exclude each other. */
import type { HttpConnectionManager, HttpFilter } from "../types/http_connection_manager.ts";
import { type At, rule } from "./rule.ts";

const ROUTER = "envoy.extensions.filters.http.router.v3.Router";

export const httpConnectionManagerRules = [
  rule<HttpConnectionManager>(
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    (manager, at) => {
      if (manager.common_http_protocol_options?.max_response_headers_kb !== undefined) {
        at.failField(
          "common_http_protocol_options",
          "max_response_headers_kb cannot be set on the http_connection_manager",
        );
      }
      if (manager.strip_matching_host_port === true && manager.strip_any_host_port === true) {
        at.failField("strip_any_host_port", "only one of strip_matching_host_port and strip_any_host_port can be set");
      }
      checkFilters(manager.http_filters ?? [], at);
      checkUpgrades(manager.upgrade_configs ?? [], at);
    },
  ),
];

function checkFilters(filters: readonly HttpFilter[], at: At): void {
  for (const [index, filter] of filters.entries()) {
    const place = at.element("http_filters", filters, index);
    const type = filter.typed_config?.["@type"];
    const isLast = index === filters.length - 1;
    if (type === undefined) {
      place.fail("a filter is found by the type of its typed_config, and has none");
    } else if (type === ROUTER && !isLast) {
      place.fail(`${filter.name} is a terminal filter and must be the last of the chain`);
    } else if (type !== ROUTER && isLast) {
      place.fail(`${filter.name} is the last filter of the chain and is not a terminal one, as the router is`);
    }
  }
}

/** Upgrades are told apart in any case. */
export function checkUpgrades(upgrades: readonly { readonly upgrade_type: string }[], at: At): void {
  const seen = new Set<string>();
  for (const [index, { upgrade_type: type }] of upgrades.entries()) {
    const place = at.element("upgrade_configs", upgrades, index);
    const key = type.toLowerCase();
    if (seen.has(key)) place.failField("upgrade_type", `duplicate upgrade ${type}`);
    if (key === "connect-udp") place.failField("upgrade_type", `${type} is not supported yet`);
    seen.add(key);
  }
}

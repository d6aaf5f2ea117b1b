/** `typed_per_filter_config` of a route and of what surrounds it, resolved once: most specific level, all levels, disabled filters. */

import type { Any } from "../config/types/core.ts";
import type { TypedPerFilterConfig } from "../config/types/route.ts";
import type { RouteContext } from "./context.ts";

export type FilterConfigs = {
  readonly perFilterConfig: ReadonlyMap<string, unknown>;
  readonly perFilterConfigs: ReadonlyMap<string, readonly unknown[]>;
  readonly filterDisabled: ReadonlyMap<string, boolean>;
};

/** envoy.config.route.v3.FilterConfig: a wrapper that may also switch a filter off. */
type FilterConfig = Any & { readonly config?: Any; readonly disabled?: boolean };
const FILTER_CONFIG = "envoy.config.route.v3.FilterConfig";

/** `levels` from the least to the most specific. Throws ConfigError from a filter's decoder. */
export function resolveFilterConfigs(
  levels: readonly (TypedPerFilterConfig | undefined)[],
  context: RouteContext,
): FilterConfigs {
  const perFilterConfig = new Map<string, unknown>();
  const perFilterConfigs = new Map<string, unknown[]>();
  const filterDisabled = new Map<string, boolean>();
  for (const level of levels) {
    for (const [name, any] of Object.entries(level ?? {})) {
      const wrapper: FilterConfig | undefined = any["@type"] === FILTER_CONFIG ? any : undefined;
      if (wrapper?.disabled === true) filterDisabled.set(name, true);
      else filterDisabled.set(name, false);
      const inner = wrapper === undefined ? any : wrapper.config;
      if (inner === undefined) continue;
      const decoded = context.decodeFilterConfig(name, inner);
      if (decoded === undefined) continue;
      perFilterConfig.set(name, decoded);
      const all = perFilterConfigs.get(name);
      if (all === undefined) perFilterConfigs.set(name, [decoded]);
      else all.push(decoded);
    }
  }
  return { perFilterConfig, perFilterConfigs, filterDisabled };
}

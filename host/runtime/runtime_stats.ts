/** `runtime.`: stats of the layered runtime. */

import type { Scope } from "../stats/scope.ts";
import type { Runtime } from "./runtime.ts";

const COUNTERS_AT_ZERO = ["deprecated_feature_use", "load_error", "override_dir_exists"];

/** Envoy loads it once with nothing and once with the layers, none of which is a folder that overrides. */
const LOADS_AT_START = 2;

/** Defines them on the main thread, for a runtime that has been loaded. */
export function defineRuntimeStats(root: Scope): void {
  const scope = root.scope("runtime");
  for (let i = 0; i < LOADS_AT_START; i++) countRuntimeLoad(root);
  scope.gauge("deprecated_feature_seen_since_process_start").set(0);
  for (const name of COUNTERS_AT_ZERO) scope.counter(name);
}

/** The layers were put together anew. */
export function countRuntimeLoad(root: Scope): void {
  const scope = root.scope("runtime");
  scope.counter("load_success").inc();
  scope.counter("override_dir_not_exists").inc();
}

/** What depends on the values, as of now. */
export function* runtimeGauges(runtime: Runtime): Iterable<readonly [name: string, value: number]> {
  yield ["runtime.num_layers", runtime.layerNames.length];
  yield ["runtime.num_keys", runtime.values().size];
  yield ["runtime.admin_overrides_active", runtime.adminOverrides > 0 ? 1 : 0];
}

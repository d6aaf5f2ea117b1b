/** The layers of the runtime. */
import type { RuntimeLayer } from "../types/bootstrap.ts";
import type { Json } from "../types/core.ts";
import { rule } from "./rule.ts";

export const runtimeRules = [
  rule<{ layers?: readonly RuntimeLayer[] }>("envoy.config.bootstrap.v3.LayeredRuntime", ({ layers = [] }, at) => {
    const names = new Set<string>();
    for (const [index, layer] of layers.entries()) {
      const place = at.element("layers", layers, index);
      if (names.has(layer.name)) place.failField("name", `duplicate layer name: ${layer.name}`);
      names.add(layer.name);
      const bad = entryWithoutValue(layer.static_layer ?? {}, "");
      if (bad !== undefined) place.failField("static_layer", `invalid runtime entry value for ${bad}`);
    }
    const admins = layers.filter(({ admin_layer }) => admin_layer !== undefined);
    if (admins.length > 1) at.failField("layers", "at most one layer can be an admin layer");
  }),
  ...[
    "envoy.config.core.v3.RuntimeUInt32",
    "envoy.config.core.v3.RuntimeDouble",
    "envoy.config.core.v3.RuntimeFractionalPercent",
    "envoy.config.accesslog.v3.RuntimeFilter",
  ].map((type) =>
    rule<{ runtime_key?: string }>(type, ({ runtime_key: key }, at, { bootstrap }) => {
      const layers = bootstrap.layered_runtime?.layers ?? [];
      if (key === undefined || !layers.some(({ static_layer }) => hasKey(static_layer ?? {}, key))) return;
      at.failField("runtime_key", `a value for ${key} in the runtime is not supported yet`);
    }),
  ),
];

/** Whether a layer has a value for a key, whose dots may stand for nesting. */
function hasKey(value: Json, key: string): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).some(
    ([name, inner]) => name === key || (key.startsWith(`${name}.`) && hasKey(inner, key.slice(name.length + 1))),
  );
}

/** The key of an entry that is a list or null, which the runtime cannot hold. */
function entryWithoutValue(value: Json, key: string): string | undefined {
  if (value === null || Array.isArray(value)) return key;
  if (typeof value !== "object") return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = entryWithoutValue(inner, key === "" ? name : `${key}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

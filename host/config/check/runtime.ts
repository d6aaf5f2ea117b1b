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
];

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

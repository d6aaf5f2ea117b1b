/** What a config says beside its settings (config.core.v3.Metadata), for whoever reads it: values by namespace, then by key. */

import type { Json, JsonObject } from "../config/types/core.ts";

/** `Metadata.filter_metadata`. */
export type FilterMetadata = Readonly<Record<string, JsonObject>>;

/** Whose metadata: `%METADATA(KIND:...)%`. */
export const METADATA_KINDS = ["DYNAMIC", "CLUSTER", "ROUTE", "UPSTREAM_HOST", "LISTENER", "VIRTUAL_HOST"] as const;
export type MetadataKind = (typeof METADATA_KINDS)[number];

/** The value at the end of a path of keys; undefined where it leads nowhere. */
export function metadataValue(metadata: FilterMetadata | undefined, path: readonly string[]): Json | undefined {
  let value: Json | undefined = metadata as JsonObject | undefined;
  for (const key of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const object = value as JsonObject;
    value = Object.hasOwn(object, key) ? object[key] : undefined;
  }
  return value;
}

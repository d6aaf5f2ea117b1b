/** google.protobuf.FieldMask on printed messages: keeps the fields that its paths name. */

import type { Json, JsonObject } from "../config/types/core.ts";

/**
 * The message with only the named fields; a path may go on inside messages, and inside each element of a list. `@type` stays where a
 * message has one. Null when no path names anything that the message has.
 */
export function applyMask(message: JsonObject, paths: readonly string[]): JsonObject | null {
  const wanted = new Map<string, string[]>();
  for (const path of paths) {
    const [head = "", ...rest] = path.split(".");
    const below = wanted.get(head) ?? [];
    below.push(rest.join("."));
    wanted.set(head, below);
  }
  const kept: Record<string, Json> = {};
  let found = false;
  for (const [name, value] of Object.entries(message)) {
    const below = wanted.get(name);
    if (name === "@type") kept[name] = value;
    if (below === undefined) continue;
    const part = below.includes("") ? value : maskValue(value, below);
    if (part === null) continue;
    kept[name] = part;
    found = true;
  }
  return found ? kept : null;
}

function maskValue(value: Json, paths: readonly string[]): Json {
  if (Array.isArray(value)) {
    const parts = (value as readonly Json[]).map((item) => maskValue(item, paths)).filter((part) => part !== null);
    return parts.length === 0 ? null : parts;
  }
  return typeof value === "object" && value !== null ? applyMask(value as JsonObject, paths) : null;
}

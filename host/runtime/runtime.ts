/**
 * The layered runtime (config.bootstrap.v3.LayeredRuntime): values by dotted key, later layers over earlier ones. The admin
 * layer, where there is one, takes what POST /runtime_modify gives.
 *
 * The main thread owns and shows it. No worker asks for a value: a key that a field names must not have one (config/check/runtime.ts).
 */

import type { Bootstrap } from "../config/types/bootstrap.ts";
import type { Json, JsonObject } from "../config/types/core.ts";

/** A value as text: `5`, `0.5`, `true`, any string, or a FractionalPercent as JSON. */
export type RuntimeValues = ReadonlyMap<string, string>;

export interface RuntimeEntry {
  readonly key: string;
  /** One for each layer, empty where the layer has none. */
  readonly layerValues: readonly string[];
  readonly finalValue: string;
}

interface Layer {
  readonly name: string;
  readonly isAdmin: boolean;
  readonly values: Map<string, string>;
}

/** Keys that the admin layer takes; a client of the admin port cannot fill memory with more. */
const ADMIN_KEYS_MAX = 10_000;

export class Runtime {
  private readonly layers: readonly Layer[];

  constructor(config: Bootstrap["layered_runtime"]) {
    this.layers = (config?.layers ?? []).map((layer) => ({
      name: layer.name,
      isAdmin: layer.admin_layer !== undefined,
      values: new Map(layer.static_layer === undefined ? [] : flatten(layer.static_layer, "")),
    }));
  }

  get layerNames(): readonly string[] {
    return this.layers.map((layer) => layer.name);
  }

  /** Keys in the order in which layers brought them up. */
  entries(): readonly RuntimeEntry[] {
    return [...this.values()].map(([key, finalValue]) => ({
      key,
      layerValues: this.layers.map((layer) => layer.values.get(key) ?? ""),
      finalValue,
    }));
  }

  values(): RuntimeValues {
    const values = new Map<string, string>();
    for (const layer of this.layers) for (const [key, value] of layer.values) values.set(key, value);
    return values;
  }

  /** Overrides that the admin layer holds. */
  get adminOverrides(): number {
    return this.layers.reduce((sum, layer) => (layer.isAdmin ? sum + layer.values.size : sum), 0);
  }

  /** Sets keys of the admin layer, removes those whose value is empty; the reason when there is no such layer or no room. */
  modify(changes: RuntimeValues): string | null {
    const admin = this.layers.findLast((layer) => layer.isAdmin);
    if (admin === undefined) return "No admin layer specified";
    const added = [...changes].filter(([key, value]) => value !== "" && !admin.values.has(key)).length;
    if (admin.values.size + added > ADMIN_KEYS_MAX) return `More than ${ADMIN_KEYS_MAX} keys in the admin layer`;
    for (const [key, value] of changes) {
      if (value === "") admin.values.delete(key);
      else admin.values.set(key, value);
    }
    return null;
  }
}

/** Nested objects as dotted keys; an object that is a FractionalPercent is a value. */
function* flatten(object: JsonObject, prefix: string): Generator<[string, string]> {
  for (const [key, value] of Object.entries(object)) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (isObject(value) && !("numerator" in value) && !("denominator" in value)) yield* flatten(value, path);
    else yield [path, typeof value === "string" ? value : JSON.stringify(value)];
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The number of a key, `fallback` where there is none or it is no number. */
export function runtimeNumber(values: RuntimeValues, key: string, fallback: number): number {
  const text = values.get(key);
  if (text === undefined || text.trim() === "") return fallback;
  const value = Number(text);
  return Number.isFinite(value) ? value : fallback;
}

/** The truth of a key: `true`, `false`, or a number that is not zero. */
export function runtimeBoolean(values: RuntimeValues, key: string, fallback: boolean): boolean {
  const text = values.get(key);
  if (text === "true") return true;
  if (text === "false") return false;
  const value = runtimeNumber(values, key, Number.NaN);
  return Number.isNaN(value) ? fallback : value !== 0;
}

/**
 * Validation rules in one form, whether they come from descriptors (as protobuf JSON: 64-bit numbers are strings,
 * durations `1.5s`) or from the text format (numbers, durations as messages): numbers are numbers, durations milliseconds.
 */
import type { TextMessage, TextValue } from "./text_format.ts";

const NUMERIC = new Set(["min_len", "max_len", "len", "min_bytes", "max_bytes", "len_bytes", "min_items", "max_items"]);
const NUMERIC_PAIRS = new Set(["min_pairs", "max_pairs"]);
const NUMBER_RULES = /^(?:s?fixed|s?int|uint)(?:32|64)$|^(?:float|double)$/;
const BOUNDS = new Set(["lt", "lte", "gt", "gte", "const"]);
const LISTS = new Set(["in", "not_in"]);

/** The rules of one field (a FieldRules message) in the normal form. */
export function normalizeRules(rules: TextMessage): TextMessage {
  const result: TextMessage = {};
  for (const [kind, value] of Object.entries(rules)) {
    if (isMessage(value)) result[kind] = normalizeKind(kind, value);
    else result[kind] = value;
  }
  return result;
}

function normalizeKind(kind: string, rules: TextMessage): TextMessage {
  const result: TextMessage = {};
  for (const [name, value] of Object.entries(rules)) {
    if (isMessage(value) && (name === "items" || name === "keys" || name === "values")) {
      result[name] = normalizeRules(value);
    } else if (kind === "duration" && BOUNDS.has(name)) {
      result[name] = durationMs(value);
    } else if (LISTS.has(name)) {
      const list = Array.isArray(value) ? value : [value];
      result[name] = NUMBER_RULES.test(kind) || kind === "enum" ? list.map(Number) : list;
    } else if (NUMERIC.has(name) || NUMERIC_PAIRS.has(name) || (NUMBER_RULES.test(kind) && BOUNDS.has(name))) {
      result[name] = Number(value);
    } else {
      result[name] = value;
    }
  }
  return result;
}

function durationMs(value: TextValue | TextValue[] | undefined): number {
  if (typeof value === "string") return Number(value.replace(/s$/, "")) * 1000;
  if (!isMessage(value)) throw new Error(`not a duration: ${JSON.stringify(value)}`);
  return Number(value.seconds ?? 0) * 1000 + Number(value.nanos ?? 0) / 1e6;
}

function isMessage(value: TextValue | TextValue[] | undefined): value is TextMessage {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

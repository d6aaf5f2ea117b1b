/**
 * Prints a canonical tree as protobuf's JSON, the way `/config_dump` shows it: snake_case names in the order of their numbers,
 * defaults left out, 64-bit numbers as strings, durations as "1.500s". What the API marks as sensitive is `[redacted]`.
 */

import { formatDuration } from "./decode/duration.ts";
import { type FieldDesc, findMessage } from "./schema.ts";
import type { Any, Json, JsonObject } from "./types/core.ts";

const REDACTED = "[redacted]";
const TYPE_PREFIX = "type.googleapis.com/";

/** A message of a known type. Throws TypeError for a type that the schema does not have: our own fault. */
export function printMessage(typeName: string, message: object): JsonObject {
  return print(typeName, message, false);
}

/** A message with its type in front, as an `Any` that holds it is printed. */
export function printTyped(typeName: string, message: object, isSensitive = false): JsonObject {
  // A wrapper or Struct inside an `Any` has its JSON as `value` in the tree already.
  if (typeName.startsWith("google.protobuf.")) return { ...(message as JsonObject), "@type": TYPE_PREFIX + typeName };
  return { "@type": TYPE_PREFIX + typeName, ...print(typeName, message, isSensitive) };
}

function print(typeName: string, message: object, isSensitive: boolean): JsonObject {
  const desc = findMessage(typeName);
  if (desc === undefined) throw new TypeError(`no message ${typeName}`);
  const printed: Record<string, Json> = {};
  for (const field of desc.fields) {
    const value = (message as Record<string, unknown>)[field.name];
    if (value === undefined) continue;
    printed[field.name] = printField(field, value, isSensitive || field.sensitive);
  }
  return printed;
}

function printField(field: FieldDesc, value: unknown, isSensitive: boolean): Json {
  if (field.mapKey !== undefined) {
    const entries = Object.entries(value as object).map(([key, item]) => [key, printValue(field, item, isSensitive)]);
    return Object.fromEntries(entries) as JsonObject;
  }
  if (field.repeated) return (value as readonly unknown[]).map((item) => printValue(field, item, isSensitive));
  return printValue(field, value, isSensitive);
}

function printValue(field: FieldDesc, value: unknown, isSensitive: boolean): Json {
  const { typeName } = field;
  if (field.isEnum) return value as string;
  if (typeName === undefined) return printScalar(value, field.scalar === "l" || field.scalar === "L", isSensitive);
  if (typeName === "google.protobuf.Duration") return formatDuration(value as number);
  if (typeName === "google.protobuf.Any") return printTyped((value as Any)["@type"], value as object, isSensitive);
  if (typeName.startsWith("google.protobuf.")) {
    const is64Bit = typeName.endsWith(".Int64Value") || typeName.endsWith(".UInt64Value");
    return typeof value === "object"
      ? isSensitive
        ? REDACTED
        : (value as Json)
      : printScalar(value, is64Bit, isSensitive);
  }
  return print(typeName, value as object, isSensitive);
}

function printScalar(value: unknown, is64Bit: boolean, isSensitive: boolean): Json {
  if (isSensitive && typeof value === "string") return REDACTED;
  return is64Bit || typeof value === "bigint" ? String(value) : (value as Json);
}

/** Walking a decoded config by its schema. */
import type { Message } from "./decode/decode.ts";
import { type FieldDesc, findMessage, type MessageDesc } from "./schema.ts";

/** The description by which a value of a field is walked: undefined for scalars and for values of a form of their own. */
export function messageOf(field: FieldDesc, value: unknown): MessageDesc | undefined {
  if (field.typeName === undefined || field.isEnum || typeof value !== "object" || value === null) return undefined;
  return descOf(field.typeName, value);
}

/** The description of a message object: that of its own type for an `Any`. */
export function descOf(typeName: string, value: object): MessageDesc | undefined {
  if (typeName === "google.protobuf.Any") {
    const own = (value as { "@type"?: unknown })["@type"];
    return typeof own === "string" && !own.startsWith("google.protobuf.") ? findMessage(own) : undefined;
  }
  if (typeName.startsWith("google.protobuf.") && typeName !== "google.protobuf.Empty") return undefined;
  return findMessage(typeName);
}

/** The values of a field with the key that each has below the message; a single value has the field's name. */
export function* valuesOf(
  field: FieldDesc,
  value: unknown,
): Generator<[holder: object | undefined, key: string | number, value: unknown]> {
  if (field.repeated) {
    const list = value as unknown[];
    for (const [index, item] of list.entries()) yield [list, index, item];
  } else if (field.mapKey !== undefined) {
    const map = value as Message;
    for (const key of Object.keys(map)) yield [map, key, map[key]];
  } else {
    yield [undefined, field.name, value];
  }
}

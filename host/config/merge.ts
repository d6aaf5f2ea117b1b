/**
 * Protobuf's merge, by which `--config-yaml` is laid over the config file: set scalars replace, messages merge, lists are appended,
 * maps merge by key, and a set member of a oneof unsets the others. An `Any` is replaced as a whole.
 */
import type { Message } from "./decode/decode.ts";
import type { Places } from "./decode/places.ts";
import { type FieldDesc, findMessage, type MessageDesc } from "./schema.ts";

/** Lays `over` over `base` and returns `base`, changed. */
export function mergeMessages(desc: MessageDesc, base: Message, over: Message, places: Places): Message {
  for (const field of desc.fields) {
    const value = over[field.name];
    if (value === undefined) continue;
    if (field.oneof !== undefined) {
      for (const other of desc.fields) {
        if (other.oneof === field.oneof && other !== field) delete base[other.name];
      }
    }
    base[field.name] = mergeValues(field, base[field.name], value, places);
  }
  places.merge(base, over);
  return base;
}

function mergeValues(field: FieldDesc, base: unknown, over: unknown, places: Places): unknown {
  if (base === undefined) return over;
  if (field.repeated) {
    const list = base as unknown[];
    const offset = list.length;
    list.push(...(over as unknown[]));
    places.merge(list, over as object, (key) => Number(key) + offset);
    return list;
  }
  if (field.mapKey !== undefined || field.typeName === "google.protobuf.Struct") {
    Object.assign(base as object, over);
    places.merge(base as object, over as object);
    return base;
  }
  const isOpaque = field.isEnum || field.typeName === undefined || field.typeName.startsWith("google.protobuf.");
  const desc = isOpaque ? undefined : findMessage(field.typeName as string);
  if (desc === undefined) return over;
  return mergeMessages(desc, base as Message, over as Message, places);
}

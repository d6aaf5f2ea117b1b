/**
 * ApiModel -> the compact schema that the proxy loads. One JSON document whose messages and enums are strings of JSON, so
 * that a start pays for the few messages that a config names and not for all. `host/config/schema.ts` is the reader.
 *
 * `{names: [full name], bodies: [JSON text]}`, the same index in both. A message's body is
 * `[[required oneof], [number, name, type, flags, oneof | 0, rules | 0]...]`, an enum's `{"values": [name, number...], "disallowed": [name]}`.
 * A type is a scalar code or `@` and an index into `names`; in a map the key's code and `:` stand before it. A name without
 * a body is a type that a field mentions and we know nothing of.
 */
import type { ApiModel, FieldModel } from "./model.ts";

export const FLAG_REPEATED = 1;
export const FLAG_MAP = 2;
export const FLAG_PRESENCE = 4;
export const FLAG_DEPRECATED = 8;
export const FLAG_DISALLOWED = 16;
export const FLAG_SENSITIVE = 32;

/** Types that configs never hold, dropped unless a field of a kept message refers to them. */
const DROPPED =
  /^(?:envoy\.(?:annotations|service|admin|api|data|watchdog)\.|google\.(?:protobuf|api|rpc|longrunning)\.|udpa\.annotations\.|xds\.(?:annotations|service)\.)/;
/** Well-known types that may stand in an `Any` on their own. */
const ALWAYS = ["Struct", "Any", "Empty", "Duration", "Timestamp", "ListValue", "Value"].map(
  (name) => `google.protobuf.${name}`,
);

/** The schema's text, deterministic: names in order of the alphabet. */
export function writeSchema(model: ApiModel): string {
  const kept = reachable(model);
  const names = [...kept].sort();
  const index = new Map(names.map((name, at) => [name, at]));
  const bodies = names.map((name) => {
    const message = model.messages.get(name);
    if (message !== undefined) {
      const fields = [...message.fields].sort((a, b) => a.number - b.number);
      return JSON.stringify([message.requiredOneofs, ...fields.map((field) => fieldRow(field, index))]);
    }
    const values = model.enums.get(name)?.values;
    if (values === undefined) return "";
    return JSON.stringify({
      values: values.flatMap((value) => [value.name, value.number]),
      disallowed: values.filter((value) => value.disallowed).map((value) => value.name),
    });
  });
  return `${JSON.stringify({ names, bodies })}\n`;
}

function reachable(model: ApiModel): Set<string> {
  const kept = new Set<string>();
  const queue = [...model.messages.keys()].filter((name) => !DROPPED.test(name)).concat(ALWAYS);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    for (const field of model.messages.get(name)?.fields ?? []) {
      if (field.type.kind !== "scalar") queue.push(field.type.name);
    }
  }
  return kept;
}

function fieldRow(field: FieldModel, index: ReadonlyMap<string, number>): unknown[] {
  const flags =
    (field.repeated ? FLAG_REPEATED : 0) |
    (field.mapKey === undefined ? 0 : FLAG_MAP) |
    (field.presence ? FLAG_PRESENCE : 0) |
    (field.deprecated ? FLAG_DEPRECATED : 0) |
    (field.disallowed ? FLAG_DISALLOWED : 0) |
    (field.sensitive ? FLAG_SENSITIVE : 0);
  const own = field.type.kind === "scalar" ? field.type.code : `@${index.get(field.type.name)}`;
  const row: unknown[] = [field.number, field.name, field.mapKey === undefined ? own : `${field.mapKey}:${own}`, flags];
  if (field.oneof !== undefined || field.rules !== undefined) row.push(field.oneof ?? 0);
  if (field.rules !== undefined) row.push(field.rules);
  return row;
}

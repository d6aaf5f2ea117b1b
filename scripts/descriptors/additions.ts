/** Brings a model of the npm package's API to that of Envoy 1.40: the facts of `envoy_1.40_additions.tsv` are merged in. */
import type { ApiModel, FieldModel, FieldType, MessageModel, ScalarCode } from "./model.ts";
import { normalizeRules } from "./rules.ts";
import { parseTextFormat } from "./text_format.ts";

const SCALARS: Readonly<Record<string, ScalarCode>> = {
  string: "s",
  bytes: "y",
  bool: "b",
  int32: "i",
  sint32: "i",
  sfixed32: "i",
  uint32: "u",
  fixed32: "u",
  int64: "l",
  uint64: "L",
  fixed64: "L",
  float: "f",
  double: "d",
};

/** Merges the rows of `tsv` (its columns are explained at its head) into `model`. */
export function mergeAdditions(model: ApiModel, tsv: string): void {
  const rows = tsv
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t"));
  for (const [kind, name] of rows as [string, string][]) {
    if (kind === "enum" && !model.enums.has(name)) model.enums.set(name, { values: [] });
    if (kind === "message" && !model.messages.has(name)) model.messages.set(name, { fields: [], requiredOneofs: [] });
  }
  for (const [kind, name, number, field, type, notes] of rows as [string, string, string, string, string, string?][]) {
    if (kind === "value") {
      const values = model.enums.get(name)?.values ?? [];
      model.enums.set(name, { values });
      if (!values.some((value) => value.name === field)) {
        values.push({ name: field, number: Number(number), disallowed: false });
      }
    } else if (kind === "field") {
      addField(model, name, Number(number), field, type, notes ?? "");
    } else if (kind === "rule") {
      const known = knownField(model, name, field);
      const rules = rulesIn(notes ?? "");
      if (rules === undefined) delete known.rules;
      else known.rules = rules;
    } else if (kind === "type") {
      knownField(model, name, field).type = typeNamed(model, type.replace(/^repeated /, ""));
    } else if (kind === "optional") {
      const owner = model.messages.get(name);
      if (!owner?.requiredOneofs.includes(field)) throw new Error(`no required oneof ${name}.${field}`);
      owner.requiredOneofs = owner.requiredOneofs.filter((oneof) => oneof !== field);
    } else if (kind === "deprecated") {
      knownField(model, name, field).deprecated = true;
    } else if (kind !== "message" && kind !== "enum") {
      throw new Error(`a row of an unknown kind: ${kind} ${name}`);
    }
  }
}

function knownField(model: ApiModel, message: string, name: string): FieldModel {
  const field = model.messages.get(message)?.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no field ${message}.${name} to change`);
  return field;
}

function addField(model: ApiModel, message: string, number: number, name: string, type: string, notes: string): void {
  const owner: MessageModel = model.messages.get(message) ?? { fields: [], requiredOneofs: [] };
  model.messages.set(message, owner);
  const map = /^map<(\w+),(.+)>$/.exec(type);
  const oneof = /(?:^| )oneof=(\w+)(!?)/.exec(notes);
  const rules = rulesIn(notes);
  if (oneof !== null) {
    const others = owner.requiredOneofs.filter((other) => other !== oneof[1]);
    owner.requiredOneofs = oneof[2] === "!" ? [...others, oneof[1] as string] : others;
  }
  const field: FieldModel = {
    number,
    name,
    type: typeNamed(model, map?.[2] ?? type.replace(/^repeated /, "")),
    repeated: type.startsWith("repeated "),
    ...(map === null ? {} : { mapKey: SCALARS[map[1] as string] as ScalarCode }),
    ...(oneof === null ? {} : { oneof: oneof[1] as string }),
    presence: /(?:^| )optional(?: |$)/.test(notes),
    deprecated: /(?:^| )deprecated(?: |$)/.test(notes),
    disallowed: false,
    sensitive: false,
    ...(rules === undefined ? {} : { rules }),
  };
  owner.fields = [...owner.fields.filter((other) => other.name !== name), field];
}

function typeNamed(model: ApiModel, name: string): FieldType {
  const code = SCALARS[name];
  if (code !== undefined) return { kind: "scalar", code };
  return { kind: model.enums.has(name) ? "enum" : "message", name };
}

function rulesIn(notes: string): FieldModel["rules"] {
  const body = /(?:^| )rules\{(.*)\}$/.exec(notes)?.[1];
  if (body === undefined || body.trim() === "") return undefined;
  return normalizeRules(parseTextFormat(body));
}

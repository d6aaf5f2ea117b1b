/**
 * Nodes -> the canonical tree (`types/core.ts` says what that is), by the schema and with Envoy's leniences: either spelling of a
 * name, one value for a list of one, null for unset, enum names in any case or as numbers, `Any` by its `@type`, TypedStruct
 * unpacked. Whatever does not fit is an issue, and reading goes on, so that one run shows everything.
 */
import { nearestName } from "../nearest.ts";
import { type EnumDesc, enumNamed, type FieldDesc, findMessage, type MessageDesc } from "../schema.ts";
import { describeNode, type MapEntry, NESTING_MAX, quote, type Source, type SourceNode } from "../source/node.ts";
import { decodeAny } from "./any.ts";
import { fieldPath, type Issues, itemPath, type Places } from "./places.ts";
import { decodeScalar, scalarDefault } from "./scalar.ts";
import { wellKnownDecoder } from "./well_known.ts";

/** A decoded message. */
export type Message = { [field: string]: unknown };

/** Values that one config may hold: aliases make small texts large. */
const VALUES_MAX = 1_000_000;

/** Thrown when a config is given up as a whole; the issue has been added. */
export class DecodeLimit extends Error {}

export class Decoder {
  readonly source: Source;
  readonly places: Places;
  readonly issues: Issues;
  /** What is accepted but deserves a word. */
  readonly warnings: Issues;
  #values = 0;

  constructor(source: Source, places: Places, issues: Issues, warnings: Issues) {
    this.source = source;
    this.places = places;
    this.issues = issues;
    this.warnings = warnings;
  }

  fail(at: number, path: string, reason: string, suggestion?: string): undefined {
    this.issues.addAt(this.source, at, path, reason, suggestion);
    return undefined;
  }

  /** One value of a message type, well-known ones included. Undefined after an issue. */
  message(typeName: string, node: SourceNode, path: string, depth: number): unknown {
    if (depth > NESTING_MAX) return this.fail(node.at, path, `nested deeper than ${NESTING_MAX} levels`);
    this.count(node, path);
    if (typeName === "google.protobuf.Any") return decodeAny(this, node, path, depth);
    const wellKnown = wellKnownDecoder(typeName);
    if (wellKnown !== undefined) return wellKnown(this, node, path, depth);
    const desc = findMessage(typeName);
    if (desc === undefined) return this.fail(node.at, path, `${typeName} is not supported yet`);
    if (node.kind !== "map") {
      return this.fail(node.at, path, `expected an object (${typeName}), found ${describeNode(node)}`);
    }
    const result: Message = {};
    this.places.add(result, this.source, node.at);
    this.fields(desc, result, node.entries, path, depth);
    return result;
  }

  /** Reads `entries` as fields of `desc` into `into`. */
  fields(desc: MessageDesc, into: Message, entries: readonly MapEntry[], path: string, depth: number): void {
    const oneofs = new Map<string, FieldDesc>();
    for (const entry of entries) {
      const field = desc.byName.get(entry.key);
      if (field === undefined) {
        const names = desc.fields.map(({ name }) => name);
        const near = nearestName(entry.key, names);
        this.fail(entry.at, fieldPath(path, entry.key), `no such field in ${desc.name}: ${quote(entry.key)}`, near);
        continue;
      }
      const at = fieldPath(path, field.name);
      if (entry.value.kind === "null" && !takesNull(field)) continue;
      if (field.oneof !== undefined) {
        const other = oneofs.get(field.oneof);
        if (other !== undefined && other !== field) {
          this.fail(entry.at, at, `only one of ${other.name} and ${field.name} may be set`);
          continue;
        }
        oneofs.set(field.oneof, field);
      }
      if (field.disallowed) {
        this.fail(entry.at, at, "deprecated and no longer allowed by Envoy");
        continue;
      }
      if (field.deprecated) this.warnings.addAt(this.source, entry.at, at, "deprecated");
      const value = this.#field(field, entry.value, at, depth);
      if (value === undefined) {
        this.places.addBroken(into, field.name);
      } else if (field.hasPresence || !isDefault(field, value)) {
        into[field.name] = value;
        this.places.addKey(into, field.name, this.source, entry.at);
      } else {
        delete into[field.name];
      }
    }
  }

  #field(field: FieldDesc, node: SourceNode, path: string, depth: number): unknown {
    if (field.mapKey !== undefined) return this.#map(field, node, path, depth);
    if (!field.repeated) return this.#single(field, node, path, depth);
    // One value stands for a list of one.
    const items = node.kind === "list" ? node.items : [node];
    const list: unknown[] = [];
    this.places.add(list, this.source, node.at);
    let whole = true;
    for (const [index, item] of items.entries()) {
      const value = this.#single(field, item, itemPath(path, index), depth + 1);
      if (value === undefined) {
        whole = false;
        continue;
      }
      this.places.addKey(list, list.length, this.source, item.at);
      list.push(value);
    }
    // A list that lost an element still shows what else is wrong in it, but counts as unread for the rules.
    if (!whole && list.length === 0) return undefined;
    return list;
  }

  #map(field: FieldDesc, node: SourceNode, path: string, depth: number): unknown {
    if (node.kind !== "map") return this.fail(node.at, path, `expected an object, found ${describeNode(node)}`);
    const map = Object.create(null) as Message;
    this.places.add(map, this.source, node.at);
    for (const entry of node.entries) {
      const at = itemPath(path, entry.key);
      if (field.mapKey !== "s") {
        const key = decodeScalar(field.mapKey as "u", { kind: "string", at: entry.at, text: entry.key });
        if ("reason" in key) {
          this.fail(entry.at, at, `in a key: ${key.reason}`);
          continue;
        }
      }
      const value = this.#single(field, entry.value, at, depth + 1);
      if (value === undefined) continue;
      map[entry.key] = value;
      this.places.addKey(map, entry.key, this.source, entry.at);
    }
    return map;
  }

  #single(field: FieldDesc, node: SourceNode, path: string, depth: number): unknown {
    if (field.scalar !== undefined) {
      this.count(node, path);
      if (node.kind === "null") return scalarDefault(field.scalar);
      const result = decodeScalar(field.scalar, node);
      return "reason" in result ? this.fail(node.at, path, result.reason) : result.value;
    }
    const typeName = field.typeName as string;
    if (field.isEnum) return this.#enum(enumNamed(typeName), node, path);
    if (node.kind === "null" && typeName !== "google.protobuf.Value") {
      return this.message(typeName, { kind: "map", at: node.at, entries: [] }, path, depth + 1);
    }
    return this.message(typeName, node, path, depth + 1);
  }

  #enum(desc: EnumDesc, node: SourceNode, path: string): unknown {
    this.count(node, path);
    if (node.kind === "null") return desc.byNumber.get(0) ?? 0;
    if (node.kind !== "string" && node.kind !== "number") {
      return this.fail(node.at, path, `expected one of ${listed(desc)}, found ${describeNode(node)}`);
    }
    const number = enumNumber(desc, node.text);
    if (number === undefined) {
      const near = nearestName(node.text, desc.byName.keys());
      return this.fail(
        node.at,
        path,
        `no such value of ${desc.name}: ${quote(node.text)}; one of ${listed(desc)}`,
        near,
      );
    }
    const name = desc.byNumber.get(number);
    if (name !== undefined && desc.disallowed.has(name)) {
      return this.fail(node.at, path, `${name} is deprecated and no longer allowed by Envoy`);
    }
    return name ?? number;
  }

  /** Counts a value that is about to be read. Throws DecodeLimit when there are too many. */
  count(node: SourceNode, path: string): void {
    if (++this.#values <= VALUES_MAX) return;
    this.fail(node.at, path, `more than ${VALUES_MAX} values in one config`);
    throw new DecodeLimit();
  }
}

function takesNull(field: FieldDesc): boolean {
  return field.typeName === "google.protobuf.Value" || field.typeName === "google.protobuf.NullValue";
}

function enumNumber(desc: EnumDesc, text: string): number | undefined {
  const exact = desc.byName.get(text);
  if (exact !== undefined) return exact;
  const result = decodeScalar("i", { kind: "string", at: 0, text });
  if ("value" in result) return Number(result.value);
  const wanted = text.toUpperCase();
  for (const [name, number] of desc.byName) if (name.toUpperCase() === wanted) return number;
  return undefined;
}

function listed(desc: EnumDesc): string {
  const names = [...desc.byName.keys()];
  return names.length > 12 ? `${names.slice(0, 12).join(", ")}, ...` : names.join(", ");
}

/** Without presence, a default value and an unset field are the same thing. */
function isDefault(field: FieldDesc, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (field.mapKey !== undefined) return Object.keys(value as object).length === 0;
  if (field.isEnum) return value === (enumNamed(field.typeName as string).byNumber.get(0) ?? 0);
  return value === scalarDefault(field.scalar ?? "s");
}

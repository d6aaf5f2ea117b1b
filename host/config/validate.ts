/**
 * The validation rules that Envoy's API carries (protoc-gen-validate), over a decoded config: ranges, lengths, required fields and
 * oneofs, header characters, defined enum values.
 */
import type { Message } from "./decode/decode.ts";
import { formatDuration } from "./decode/duration.ts";
import { fieldPath, type Issues, itemPath, type Places } from "./decode/places.ts";
import { scalarDefault } from "./decode/scalar.ts";
import { enumNamed, type FieldDesc, type FieldRules, type MessageDesc, type ValueRules } from "./schema.ts";
import { quote } from "./source/node.ts";
import { messageOf, valuesOf } from "./tree.ts";

/** well_known_regex of protoc-gen-validate, strict and not; `+-.` is a range there, so that a comma passes. */
const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$/;
const HEADER_VALUE = /^[^\u0000-\u0008\u000A-\u001F\u007F]*$/;
const HEADER_LOOSE = /^[^\u0000\u000A\u000D]*$/;

const patterns = new Map<string, RegExp>();

/** Checks `message` and all below it. */
export function validateMessage(
  desc: MessageDesc,
  message: Message,
  path: string,
  places: Places,
  issues: Issues,
): void {
  new Validator(places, issues).message(desc, message, path);
}

class Validator {
  readonly #places: Places;
  readonly #issues: Issues;

  constructor(places: Places, issues: Issues) {
    this.#places = places;
    this.#issues = issues;
  }

  message(desc: MessageDesc, message: Message, path: string): void {
    for (const oneof of desc.requiredOneofs) {
      const members = desc.fields.filter((field) => field.oneof === oneof);
      const given = members.some(({ name }) => message[name] !== undefined || this.#places.isBroken(message, name));
      if (!given) {
        const names = members.map(({ name }) => name).join(", ");
        this.#issues.add(message, undefined, path, `one of ${names} is required`);
      }
    }
    for (const field of desc.fields) this.#field(field, message, path);
  }

  #field(field: FieldDesc, message: Message, path: string): void {
    const value = message[field.name];
    const { rules } = field;
    if (value === undefined && (rules === undefined || field.oneof !== undefined)) return;
    if (value === undefined && this.#places.isBroken(message, field.name)) return;
    const at = fieldPath(path, field.name);
    if (rules !== undefined) {
      for (const reason of fieldReasons(field, rules, value)) this.#issues.add(message, field.name, at, reason);
    }
    if (value === undefined || rules?.message?.skip === true) return;
    for (const [holder, key, item] of valuesOf(field, value)) {
      const itemAt = holder === undefined ? at : itemPath(at, key);
      const own = field.repeated ? rules?.repeated?.items : field.mapKey === undefined ? undefined : rules?.map?.values;
      if (own !== undefined && holder !== undefined) {
        for (const reason of valueReasons(field, own, item)) this.#issues.add(holder, key, itemAt, reason);
      }
      const inner = messageOf(field, item);
      if (inner !== undefined) this.message(inner, item as Message, itemAt);
    }
  }
}

/** What is wrong with a field as a whole. `value` undefined: not set. */
function fieldReasons(field: FieldDesc, rules: FieldRules, value: unknown): string[] {
  if (field.repeated)
    return rules.repeated === undefined ? [] : listReasons(field, rules.repeated, (value ?? []) as unknown[]);
  if (field.mapKey !== undefined) return rules.map === undefined ? [] : mapReasons(rules.map, (value ?? {}) as object);
  if (value !== undefined) return valueReasons(field, rules, value);
  const kinds = ["message", "any", "duration", "timestamp"] as const;
  if (kinds.some((kind) => rules[kind]?.required === true)) return ["is required"];
  // A scalar without presence is checked with its default.
  if (field.hasPresence) return [];
  const unset = field.isEnum ? 0 : scalarDefault(field.scalar ?? "s");
  return valueReasons(field, rules, unset).map((reason) => (unset === "" ? "is required" : reason));
}

function listReasons(field: FieldDesc, rules: ValueRules, list: readonly unknown[]): string[] {
  if (rules.ignore_empty === true && list.length === 0) return [];
  const reasons: string[] = [];
  if (list.length < (rules.min_items ?? 0)) {
    reasons.push(list.length === 0 ? "must not be empty" : `needs at least ${rules.min_items} items`);
  }
  if (list.length > (rules.max_items ?? Number.POSITIVE_INFINITY))
    reasons.push(`takes at most ${rules.max_items} items`);
  if (rules.unique === true && field.scalar !== undefined && new Set(list).size < list.length) {
    reasons.push("the items must differ from each other");
  }
  return reasons;
}

function mapReasons(rules: ValueRules, map: object): string[] {
  const keys = Object.keys(map);
  const reasons: string[] = [];
  if (keys.length < (rules.min_pairs ?? 0)) reasons.push(`needs at least ${rules.min_pairs} entries`);
  if (keys.length > (rules.max_pairs ?? Number.POSITIVE_INFINITY))
    reasons.push(`takes at most ${rules.max_pairs} entries`);
  const ofKeys = rules.keys?.string;
  if (ofKeys !== undefined) {
    for (const key of keys) reasons.push(...stringReasons(ofKeys, key).map((reason) => `key ${quote(key)}: ${reason}`));
  }
  return reasons;
}

/** What is wrong with one value by the rules for its kind. */
function valueReasons(field: FieldDesc, rules: FieldRules, value: unknown): string[] {
  for (const [kind, own] of Object.entries(rules)) {
    if (kind === "message") continue;
    if (kind === "enum") return enumReasons(field, own, value as string | number);
    if (kind === "duration") return numberReasons(own, value as number, formatDuration);
    if (typeof value === "string") return kind === "bytes" ? bytesReasons(own, value) : stringReasons(own, value);
    if (typeof value === "number" || typeof value === "bigint") return numberReasons(own, value, String);
    if (typeof value === "boolean" && own.const !== undefined && own.const !== value) return [`must be ${own.const}`];
    if (kind === "any" && Array.isArray(own.in)) {
      const type = (value as { "@type": string })["@type"];
      if (!own.in.some((url) => String(url).endsWith(`/${type}`))) return [`must be one of ${own.in.join(", ")}`];
    }
  }
  return [];
}

function enumReasons(field: FieldDesc, rules: ValueRules, value: string | number): string[] {
  const desc = enumNamed(field.typeName as string);
  const number = typeof value === "number" ? value : (desc.byName.get(value) as number);
  if (rules.defined_only === true && !desc.byNumber.has(number)) {
    return [`${number} is no value of ${desc.name}; one of ${[...desc.byName.keys()].join(", ")}`];
  }
  const name = desc.byNumber.get(number) ?? number;
  if (rules.const !== undefined && rules.const !== number) return [`must be ${desc.byNumber.get(Number(rules.const))}`];
  if (rules.in?.includes(number) === false || rules.not_in?.includes(number) === true) return [`must not be ${name}`];
  return [];
}

function numberReasons(rules: ValueRules, value: number | bigint, format: (value: number) => string): string[] {
  if (rules.ignore_empty === true && Number(value) === 0) return [];
  const { gt, gte, lt, lte } = rules;
  const least = gt ?? gte ?? Number.NEGATIVE_INFINITY;
  const most = lt ?? lte ?? Number.POSITIVE_INFINITY;
  const low = (gt !== undefined && !(value > gt)) || (gte !== undefined && !(value >= gte));
  const high = (lt !== undefined && !(value < lt)) || (lte !== undefined && !(value <= lte));
  // A lower bound above the upper one means: outside of the two.
  if (least >= most ? low && high : low || high) {
    const bounds = [
      ...(gt === undefined ? [] : [`greater than ${format(gt)}`]),
      ...(gte === undefined ? [] : [`at least ${format(gte)}`]),
      ...(lt === undefined ? [] : [`less than ${format(lt)}`]),
      ...(lte === undefined ? [] : [`at most ${format(lte)}`]),
    ];
    return [`must be ${bounds.join(" and ")}`];
  }
  if (rules.const !== undefined && value !== rules.const) return [`must be ${rules.const}`];
  if (rules.in?.includes(Number(value)) === false) return [`must be one of ${rules.in.join(", ")}`];
  if (rules.not_in?.includes(Number(value)) === true) return [`must not be ${value}`];
  return [];
}

function bytesReasons(rules: ValueRules, base64: string): string[] {
  const length = Buffer.from(base64, "base64").length;
  if (rules.ignore_empty === true && length === 0) return [];
  if (length < (rules.min_len ?? 0)) return [`needs at least ${rules.min_len} bytes`];
  if (length > (rules.max_len ?? Number.POSITIVE_INFINITY)) return [`takes at most ${rules.max_len} bytes`];
  return [];
}

function stringReasons(rules: ValueRules, value: string): string[] {
  if (rules.ignore_empty === true && value === "") return [];
  const reasons: string[] = [];
  const characters = rules.min_len === undefined && rules.max_len === undefined ? 0 : [...value].length;
  if (rules.min_len !== undefined && characters < rules.min_len) {
    reasons.push(value === "" ? "must not be empty" : `needs at least ${rules.min_len} characters`);
  }
  if (rules.max_len !== undefined && characters > rules.max_len)
    reasons.push(`takes at most ${rules.max_len} characters`);
  if (rules.min_bytes !== undefined && Buffer.byteLength(value) < rules.min_bytes) {
    reasons.push(value === "" ? "must not be empty" : `needs at least ${rules.min_bytes} bytes`);
  }
  if (rules.max_bytes !== undefined && Buffer.byteLength(value) > rules.max_bytes) {
    reasons.push(`takes at most ${rules.max_bytes} bytes`);
  }
  if (rules.const !== undefined && value !== rules.const) reasons.push(`must be ${quote(String(rules.const))}`);
  if (rules.prefix !== undefined && !value.startsWith(rules.prefix))
    reasons.push(`must begin with ${quote(rules.prefix)}`);
  if (rules.suffix !== undefined && !value.endsWith(rules.suffix)) reasons.push(`must end with ${quote(rules.suffix)}`);
  if (rules.in?.includes(value) === false) reasons.push(`must be one of ${rules.in.join(", ")}`);
  if (rules.not_in?.includes(value) === true) reasons.push(`must not be ${quote(value)}`);
  if (rules.pattern !== undefined && !patternOf(rules.pattern).test(value)) {
    reasons.push(`${quote(value)} does not match ${rules.pattern}`);
  }
  const allowed = headerCharacters(rules);
  if (allowed !== undefined && !allowed.test(value))
    reasons.push(`${quote(value)} has characters that no header may have`);
  return reasons;
}

function headerCharacters(rules: ValueRules): RegExp | undefined {
  if (rules.well_known_regex === undefined) return undefined;
  if (rules.strict === false) return HEADER_LOOSE;
  return rules.well_known_regex === "HTTP_HEADER_NAME" ? HEADER_NAME : HEADER_VALUE;
}

function patternOf(text: string): RegExp {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    pattern = new RegExp(text, "u");
    patterns.set(text, pattern);
  }
  return pattern;
}

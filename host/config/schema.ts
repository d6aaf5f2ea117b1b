/**
 * Envoy's v3 API as the config door sees it, read from the compact document that the build makes
 * (`scripts/descriptors/write_schema.ts` describes it). A message's description is unpacked when it is first asked for.
 */
import packed from "./proto/schema.gen.json" with { type: "json" };

export type ScalarCode = "s" | "y" | "b" | "i" | "u" | "l" | "L" | "f" | "d";

export interface FieldDesc {
  readonly number: number;
  /** snake_case. */
  readonly name: string;
  readonly jsonName: string;
  /** Set for scalars; `typeName` for messages and enums. */
  readonly scalar?: ScalarCode;
  readonly typeName?: string;
  readonly isEnum: boolean;
  readonly repeated: boolean;
  readonly mapKey?: ScalarCode;
  readonly oneof?: string;
  /** Whether being set can be told from having the default value. */
  readonly hasPresence: boolean;
  readonly deprecated: boolean;
  readonly disallowed: boolean;
  readonly sensitive: boolean;
  readonly rules?: FieldRules;
}

export interface MessageDesc {
  readonly name: string;
  /** In order of their numbers. */
  readonly fields: readonly FieldDesc[];
  /** By both spellings. */
  readonly byName: ReadonlyMap<string, FieldDesc>;
  readonly requiredOneofs: readonly string[];
}

export interface EnumDesc {
  readonly name: string;
  readonly byName: ReadonlyMap<string, number>;
  /** The first name of each number. */
  readonly byNumber: ReadonlyMap<number, string>;
  readonly disallowed: ReadonlySet<string>;
}

/** The rules of one kind of value; which of them occur depends on the kind. Durations are milliseconds. */
export interface ValueRules {
  readonly required?: boolean;
  readonly skip?: boolean;
  readonly const?: string | number | boolean;
  readonly lt?: number;
  readonly lte?: number;
  readonly gt?: number;
  readonly gte?: number;
  readonly in?: readonly (string | number)[];
  readonly not_in?: readonly (string | number)[];
  readonly len?: number;
  readonly min_len?: number;
  readonly max_len?: number;
  readonly min_bytes?: number;
  readonly max_bytes?: number;
  readonly pattern?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly not_contains?: string;
  readonly well_known_regex?: string;
  readonly strict?: boolean;
  readonly ignore_empty?: boolean;
  readonly defined_only?: boolean;
  readonly min_items?: number;
  readonly max_items?: number;
  readonly unique?: boolean;
  readonly items?: FieldRules;
  readonly min_pairs?: number;
  readonly max_pairs?: number;
  readonly keys?: FieldRules;
  readonly values?: FieldRules;
  readonly [formatRule: string]: unknown;
}

/** protoc-gen-validate's FieldRules: at most one kind besides `message`. */
export type FieldRules = { readonly [kind: string]: ValueRules };

type PackedField = [number, string, string, number, (string | 0)?, FieldRules?];

const REPEATED = 1;
const MAP = 2;
const PRESENCE = 4;
const DEPRECATED = 8;
const DISALLOWED = 16;
const SENSITIVE = 32;

const names: readonly string[] = packed.names;
const bodies: readonly string[] = packed.bodies;
let indexes: Map<string, number> | undefined;
const messages = new Map<string, MessageDesc>();
const enums = new Map<string, EnumDesc>();

function indexOf(name: string): number | undefined {
  indexes ??= new Map(names.map((known, index) => [known, index]));
  return indexes.get(name);
}

/** The names of all messages and enums. */
export function typeNames(): readonly string[] {
  return names;
}

/** The message of this full name, if there is one. */
export function findMessage(name: string): MessageDesc | undefined {
  const known = messages.get(name);
  if (known !== undefined) return known;
  const body = bodies[indexOf(name) ?? -1];
  if (body === undefined || body === "" || body.startsWith("{")) return undefined;
  const desc = unpackMessage(name, body);
  messages.set(name, desc);
  return desc;
}

/** The enum of this full name; asked for only with names from the schema itself. */
export function enumNamed(name: string): EnumDesc {
  const known = enums.get(name);
  if (known !== undefined) return known;
  const body = bodies[indexOf(name) ?? -1] ?? "";
  const { values, disallowed } = JSON.parse(body) as { values: (string | number)[]; disallowed: string[] };
  const byName = new Map<string, number>();
  const byNumber = new Map<number, string>();
  for (let at = 0; at < values.length; at += 2) {
    const [value, number] = [values[at] as string, values[at + 1] as number];
    byName.set(value, number);
    if (!byNumber.has(number)) byNumber.set(number, value);
  }
  const desc: EnumDesc = { name, byName, byNumber, disallowed: new Set(disallowed) };
  enums.set(name, desc);
  return desc;
}

function unpackMessage(name: string, body: string): MessageDesc {
  const [requiredOneofs, ...rows] = JSON.parse(body) as [string[], ...PackedField[]];
  const fields = rows.map(unpackField);
  const byName = new Map<string, FieldDesc>();
  for (const field of fields) byName.set(field.jsonName, field);
  for (const field of fields) byName.set(field.name, field);
  return { name, fields, byName, requiredOneofs };
}

function unpackField([number, name, type, flags, oneof, rules]: PackedField): FieldDesc {
  const isMap = (flags & MAP) !== 0;
  const own = isMap ? type.slice(2) : type;
  const index = own.startsWith("@") ? Number(own.slice(1)) : -1;
  const isEnum = index >= 0 && (bodies[index] as string).startsWith("{");
  const isScalar = index < 0 || isEnum;
  const repeated = (flags & REPEATED) !== 0;
  return {
    number,
    name,
    jsonName: name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    ...(index < 0 ? { scalar: own as ScalarCode } : { typeName: names[index] as string }),
    isEnum,
    repeated,
    ...(isMap ? { mapKey: type[0] as ScalarCode } : {}),
    ...(typeof oneof === "string" ? { oneof } : {}),
    hasPresence: !repeated && !isMap && (!isScalar || typeof oneof === "string" || (flags & PRESENCE) !== 0),
    deprecated: (flags & DEPRECATED) !== 0,
    disallowed: (flags & DISALLOWED) !== 0,
    sensitive: (flags & SENSITIVE) !== 0,
    ...(rules === undefined ? {} : { rules }),
  };
}

/** google.protobuf.Any: the message that its `@type` names, or the one inside a TypedStruct. */
import { nearestName } from "../nearest.ts";
import { findMessage, typeNames } from "../schema.ts";
import { describeNode, type MapEntry, quote, type SourceNode } from "../source/node.ts";
import type { Decoder, Message } from "./decode.ts";
import { fieldPath } from "./places.ts";
import { wellKnownDecoder } from "./well_known.ts";

const TYPED_STRUCT = /^(?:xds\.type\.v3|udpa\.type\.v1)\.TypedStruct$/;
const OLD_API = /\.(?:v1|v2)(?:alpha\d*|beta\d*)?\.|^envoy\.api\.v2\./;

/** `{"@type": full name, ...fields}`; an empty object is an Any of no type, `@type: ""`. Undefined after an issue. */
export function decodeAny(decoder: Decoder, node: SourceNode, path: string, depth: number): unknown {
  if (node.kind !== "map") {
    return decoder.fail(node.at, path, `expected an object with an "@type", found ${describeNode(node)}`);
  }
  const type = node.entries.find((entry) => entry.key === "@type");
  const rest = node.entries.filter((entry) => entry.key !== "@type");
  if (type === undefined || type.value.kind === "null") {
    if (rest.length > 0) return decoder.fail(node.at, path, 'an "@type" is missing');
    return start(decoder, node.at, node.at, "");
  }
  const name = typeName(decoder, type.value, fieldPath(path, "@type"));
  if (name === undefined) return undefined;
  if (TYPED_STRUCT.test(name)) return decodeTypedStruct(decoder, node.at, rest, path, depth);
  return decodeNamed(decoder, { name, at: node.at, typeAt: type.at }, rest, path, depth);
}

interface NamedType {
  readonly name: string;
  readonly at: number;
  readonly typeAt: number;
}

function decodeNamed(
  decoder: Decoder,
  { name, at, typeAt }: NamedType,
  entries: readonly MapEntry[],
  path: string,
  depth: number,
): unknown {
  const desc = findMessage(name);
  const wellKnown = name === "google.protobuf.Any" ? decodeAny : wellKnownDecoder(name);
  if (desc === undefined && wellKnown === undefined) {
    const reason = OLD_API.test(name)
      ? `${name} belongs to the v2 API, which Envoy removed; use its v3 successor`
      : `no such type: ${quote(name)}`;
    return decoder.fail(typeAt, fieldPath(path, "@type"), reason, nearestName(name, typeNames()));
  }
  const result = start(decoder, at, typeAt, name);
  if (wellKnown !== undefined) {
    for (const entry of entries) {
      if (entry.key !== "value") {
        decoder.fail(entry.at, fieldPath(path, entry.key), `no such field beside the value of ${name}`);
      } else if (entry.value.kind !== "null") {
        result.value = wellKnown(decoder, entry.value, fieldPath(path, "value"), depth + 1);
      }
    }
  } else if (desc !== undefined) {
    decoder.fields(desc, result, entries, path, depth);
  }
  return result;
}

/** TypedStruct is `{type_url, value: Struct}`: the value read as a message of that type. */
function decodeTypedStruct(
  decoder: Decoder,
  at: number,
  entries: readonly MapEntry[],
  path: string,
  depth: number,
): unknown {
  let type: MapEntry | undefined;
  let value: MapEntry | undefined;
  for (const entry of entries) {
    if (entry.key === "type_url" || entry.key === "typeUrl") type = entry;
    else if (entry.key === "value") value = entry;
    else decoder.fail(entry.at, fieldPath(path, entry.key), `no such field in a TypedStruct: ${quote(entry.key)}`);
  }
  if (type === undefined || type.value.kind === "null")
    return decoder.fail(at, path, 'a TypedStruct needs a "type_url"');
  const inside = fieldPath(path, "value");
  const name = typeName(decoder, type.value, fieldPath(path, "type_url"), false);
  if (name === undefined) return undefined;
  if (value !== undefined && value.value.kind !== "map" && value.value.kind !== "null") {
    return decoder.fail(value.at, inside, `expected an object, found ${describeNode(value.value)}`);
  }
  const fields = value?.value.kind === "map" ? value.value.entries : [];
  return decodeNamed(decoder, { name, at, typeAt: type.at }, fields, inside, depth + 1);
}

/** The full name in a type URL. An `@type` needs a host before its slash, a TypedStruct's URL none. */
function typeName(decoder: Decoder, node: SourceNode, path: string, needsHost = true): string | undefined {
  if (node.kind !== "string") return decoder.fail(node.at, path, `expected a type URL, found ${describeNode(node)}`);
  const slash = node.text.lastIndexOf("/");
  if (needsHost && slash < 1) {
    const reason = `${quote(node.text)} is no type URL: it needs a prefix, such as type.googleapis.com/`;
    return decoder.fail(node.at, path, reason);
  }
  return node.text.slice(slash + 1);
}

function start(decoder: Decoder, at: number, typeAt: number, name: string): Message {
  const result: Message = { "@type": name };
  decoder.places.add(result, decoder.source, at);
  decoder.places.addKey(result, "@type", decoder.source, typeAt);
  return result;
}

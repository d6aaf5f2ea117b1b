/** The messages that protobuf's JSON writes in a form of their own: wrappers, durations, Struct and its kin. */
import { describeNode, NESTING_MAX, type SourceNode } from "../source/node.ts";
import type { Decoder } from "./decode.ts";
import { decodeDuration } from "./duration.ts";
import { itemPath } from "./places.ts";
import { decodeScalar, scalarDefault } from "./scalar.ts";

type WellKnown = (decoder: Decoder, node: SourceNode, path: string, depth: number) => unknown;

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Wrapper messages by the scalar they wrap. */
const WRAPPERS = {
  "google.protobuf.StringValue": "s",
  "google.protobuf.BytesValue": "y",
  "google.protobuf.BoolValue": "b",
  "google.protobuf.Int32Value": "i",
  "google.protobuf.UInt32Value": "u",
  "google.protobuf.Int64Value": "l",
  "google.protobuf.UInt64Value": "L",
  "google.protobuf.FloatValue": "f",
  "google.protobuf.DoubleValue": "d",
} as const;

const DECODERS = new Map<string, WellKnown>([
  ["google.protobuf.Duration", duration],
  ["google.protobuf.Timestamp", timestamp],
  ["google.protobuf.FieldMask", fieldMask],
  ["google.protobuf.Struct", struct],
  ["google.protobuf.ListValue", listValue],
  ["google.protobuf.Value", json],
  ...Object.entries(WRAPPERS).map(([name, code]): [string, WellKnown] => [name, wrapper(code)]),
]);

export function wellKnownDecoder(typeName: string): WellKnown | undefined {
  return DECODERS.get(typeName);
}

function wrapper(code: (typeof WRAPPERS)[keyof typeof WRAPPERS]): WellKnown {
  return (decoder, node, path) => {
    let inner = node;
    if (node.kind === "map") {
      const entry = node.entries.find(({ key }) => key === "value");
      const stranger = node.entries.find(({ key }) => key !== "value");
      if (stranger !== undefined) return decoder.fail(stranger.at, path, `no such field in a wrapper: ${stranger.key}`);
      if (entry === undefined || entry.value.kind === "null") return scalarDefault(code);
      inner = entry.value;
    }
    const result = decodeScalar(code, inner);
    return "reason" in result ? decoder.fail(inner.at, path, result.reason) : result.value;
  };
}

function duration(decoder: Decoder, node: SourceNode, path: string): unknown {
  const result = decodeDuration(node);
  return "reason" in result ? decoder.fail(node.at, path, result.reason) : result.value;
}

function timestamp(decoder: Decoder, node: SourceNode, path: string): unknown {
  if (node.kind === "string" && TIMESTAMP.test(node.text) && !Number.isNaN(Date.parse(node.text))) return node.text;
  return decoder.fail(node.at, path, `expected a time such as "2026-01-31T12:00:00Z", found ${describeNode(node)}`);
}

function fieldMask(decoder: Decoder, node: SourceNode, path: string): unknown {
  if (node.kind === "string") return node.text;
  if (node.kind === "map" && node.entries.length === 0) return "";
  return decoder.fail(node.at, path, `expected field names with commas between, found ${describeNode(node)}`);
}

function struct(decoder: Decoder, node: SourceNode, path: string, depth: number): unknown {
  if (node.kind !== "map") return decoder.fail(node.at, path, `expected an object, found ${describeNode(node)}`);
  return json(decoder, node, path, depth);
}

function listValue(decoder: Decoder, node: SourceNode, path: string, depth: number): unknown {
  if (node.kind !== "list") return decoder.fail(node.at, path, `expected a list, found ${describeNode(node)}`);
  return json(decoder, node, path, depth);
}

/** Free JSON, with its places. */
function json(decoder: Decoder, node: SourceNode, path: string, depth: number): unknown {
  if (depth > NESTING_MAX) return decoder.fail(node.at, path, `nested deeper than ${NESTING_MAX} levels`);
  decoder.count(node, path);
  switch (node.kind) {
    case "map": {
      const object = Object.create(null) as Record<string, unknown>;
      decoder.places.add(object, decoder.source, node.at);
      for (const entry of node.entries) {
        object[entry.key] = json(decoder, entry.value, itemPath(path, entry.key), depth + 1);
        decoder.places.addKey(object, entry.key, decoder.source, entry.at);
      }
      return object;
    }
    case "list": {
      const list = node.items.map((item, index) => json(decoder, item, itemPath(path, index), depth + 1));
      decoder.places.add(list, decoder.source, node.at);
      for (const [index, item] of node.items.entries()) decoder.places.addKey(list, index, decoder.source, item.at);
      return list;
    }
    case "string":
      return node.text;
    case "number":
      return Number(node.text);
    case "bool":
      return node.value;
    case "null":
      return null;
  }
}

/**
 * Scalars as Envoy's JSON reader takes them: numbers also as quoted decimal, exponent or hexadecimal when whole, booleans also as quoted
 * words, strings only as strings, base64 of either alphabet. A result is the value or a reason.
 */
import type { ScalarCode } from "../schema.ts";
import { describeNode, quote, type SourceNode } from "../source/node.ts";

export type Scalar = string | number | bigint | boolean;
export type ScalarResult = { readonly value: Scalar } | { readonly reason: string };

const QUOTED_NUMBER = /^[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|0[xX][0-9a-fA-F]+)$/;
const WHOLE = /^[+-]?[0-9]+$/;
const TRUE = /^(?:true|t|yes|y|1)$/i;
const FALSE = /^(?:false|f|no|n|0)$/i;

const RANGES: Readonly<Record<"i" | "u" | "l" | "L", readonly [string, bigint, bigint]>> = {
  i: ["int32", -(2n ** 31n), 2n ** 31n - 1n],
  u: ["uint32", 0n, 2n ** 32n - 1n],
  l: ["int64", -(2n ** 63n), 2n ** 63n - 1n],
  L: ["uint64", 0n, 2n ** 64n - 1n],
};

/** The default of a scalar that is not set. */
export function scalarDefault(code: ScalarCode): Scalar {
  if (code === "s" || code === "y") return "";
  return code === "b" ? false : 0;
}

/** Reads one scalar; null has been dealt with. */
export function decodeScalar(code: ScalarCode, node: SourceNode): ScalarResult {
  switch (code) {
    case "s":
      return node.kind === "string" ? { value: node.text } : { reason: expected("a string", node, stringHint(node)) };
    case "y":
      return node.kind === "string" ? decodeBytes(node.text) : { reason: expected("a base64 string", node) };
    case "b":
      return decodeBool(node);
    case "f":
    case "d":
      return decodeDouble(code, node);
    default:
      return decodeInteger(code, node);
  }
}

function expected(what: string, node: SourceNode, hint = ""): string {
  return `expected ${what}, found ${describeNode(node)}${hint}`;
}

/** What a plain word or number is in YAML surprises people: say how to write the string. */
function stringHint(node: SourceNode): string {
  return node.kind === "number" || node.kind === "bool" ? "; quote it to make it a string" : "";
}

function decodeBool(node: SourceNode): ScalarResult {
  if (node.kind === "bool") return { value: node.value };
  if (node.kind === "string" && TRUE.test(node.text)) return { value: true };
  if (node.kind === "string" && FALSE.test(node.text)) return { value: false };
  return { reason: expected("true or false", node) };
}

function decodeDouble(code: "f" | "d", node: SourceNode): ScalarResult {
  if (node.kind === "string" && /^(?:NaN|-?Infinity)$/.test(node.text)) return { value: Number(node.text) };
  if (node.kind !== "number" && !(node.kind === "string" && QUOTED_NUMBER.test(node.text))) {
    return { reason: expected("a number", node) };
  }
  const value = Number(node.text);
  const fits = Number.isFinite(value) && (code === "d" || Number.isFinite(Math.fround(value)));
  return fits ? { value } : { reason: `${node.text} is out of range` };
}

function decodeInteger(code: "i" | "u" | "l" | "L", node: SourceNode): ScalarResult {
  const [name, least, most] = RANGES[code];
  if (node.kind !== "number" && !(node.kind === "string" && QUOTED_NUMBER.test(node.text))) {
    return { reason: expected(`a whole number (${name})`, node) };
  }
  let value: bigint;
  if (WHOLE.test(node.text)) {
    value = BigInt(node.text.replace(/^\+/, ""));
  } else {
    const double = Number(node.text);
    if (!Number.isInteger(double)) return { reason: `expected a whole number (${name}), found ${node.text}` };
    value = BigInt(double);
  }
  if (value < least || value > most) return { reason: `${node.text} is out of range for ${name}` };
  const number = Number(value);
  return { value: Number.isSafeInteger(number) ? number : value };
}

/** Takes base64 of both alphabets, padded or not, and gives it back padded in the standard alphabet. */
function decodeBytes(text: string): ScalarResult {
  const digits = text
    .replace(/={0,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  if (/[^A-Za-z0-9+/]/.test(digits) || digits.length % 4 === 1) return { reason: `${quote(text)} is not base64` };
  return { value: digits + "=".repeat((4 - (digits.length % 4)) % 4) };
}

/** JSON formats: every string of the structure is a format of its own; a lone operator keeps the type of its value. */

import type { Json, JsonObject } from "../config/types/core.ts";
import type { StreamInfo } from "../stream_info/stream_info.ts";
import { latin1AsUtf8, utf8AsLatin1 } from "../wasm/text.ts";
import { constantText } from "./format_text.ts";
import { compileValue, type Formatter } from "./formatter.ts";
import type { FormatValue } from "./operators/operator.ts";

/** JSON text of a part; undefined: not known. */
type Part = (info: StreamInfo) => string | undefined;

/**
 * Compiles a JSON format; each line ends with a newline. Properties come in the order of their names, as in Envoy.
 * `omitEmpty`: what is not known is left out, instead of `null`. Throws FormatError.
 */
export function compileJson(format: JsonObject, omitEmpty: boolean): Formatter {
  const object = compileObject(format, omitEmpty);
  return (info) => `${object(info)}\n`;
}

function compile(value: Json, omitEmpty: boolean): Part {
  if (typeof value === "string") {
    const constant = constantText(value);
    if (constant !== undefined) return always(JSON.stringify(constant));
    const read = compileValue(value, omitEmpty);
    return (info) => encode(read(info));
  }
  if (value === null) return () => undefined;
  if (Array.isArray(value)) return compileList(value, omitEmpty);
  if (typeof value === "object") return compileObject(value as JsonObject, omitEmpty);
  return always(String(value));
}

function compileObject(format: JsonObject, omitEmpty: boolean): (info: StreamInfo) => string {
  const names = Object.keys(format).sort();
  const properties = names.map((name) => ({
    key: `${utf8AsLatin1(JSON.stringify(name))}:`,
    part: compile(format[name] ?? null, omitEmpty),
  }));
  return (info) => {
    let text = "";
    for (const { key, part } of properties) {
      const value = part(info) ?? (omitEmpty ? undefined : "null");
      if (value !== undefined) text += text === "" ? key + value : `,${key}${value}`;
    }
    return `{${text}}`;
  };
}

function compileList(format: readonly Json[], omitEmpty: boolean): Part {
  const parts = format.map((value) => compile(value, omitEmpty));
  return (info) => {
    const values = parts.map((part) => part(info) ?? (omitEmpty ? undefined : "null"));
    return `[${values.filter((value) => value !== undefined).join(",")}]`;
  };
}

/** Printable ASCII that JSON takes as it is: nearly every value. */
const PLAIN = /^[ !#-[\]-~]*$/;

function always(json: string): Part {
  const text = utf8AsLatin1(json);
  return () => text;
}

function encode(value: FormatValue): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") {
    if (PLAIN.test(value)) return `"${value}"`;
    // Bytes of a header that are no UTF-8 would make the line no JSON.
    return utf8AsLatin1(JSON.stringify(latin1AsUtf8(value)));
  }
  return typeof value === "object" ? utf8AsLatin1(JSON.stringify(value)) : String(value);
}

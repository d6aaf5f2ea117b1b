/**
 * Format strings compiled to functions over a StreamInfo. Text is latin1 throughout, one character for each byte on the
 * wire, as in header maps; whoever writes a line to a file writes it as latin1.
 */

import type { StreamInfo } from "../stream_info/stream_info.ts";
import { utf8AsLatin1 } from "../wasm/text.ts";
import { parseFormat } from "./format_text.ts";
import { compileOperator } from "./operators/list.ts";
import type { FormatValue, Operator } from "./operators/operator.ts";

export type Formatter = (info: StreamInfo) => string;

/** What text formats show for what is not known. */
const MISSING = "-";

/** Compiles a text format. `omitEmpty`: what is not known leaves nothing instead of "-". Throws FormatError. */
export function compileText(format: string, omitEmpty: boolean): Formatter {
  const missing = omitEmpty ? "" : MISSING;
  const parts: (string | Operator)[] = parseFormat(format).map((piece) =>
    "literal" in piece ? utf8AsLatin1(piece.literal) : compileOperator(piece),
  );
  const [first, second] = parts;
  if (first === undefined) return () => "";
  if (second === undefined) {
    return typeof first === "string" ? () => first : (info) => textOf(first(info), missing);
  }
  return (info) => {
    let text = "";
    for (const part of parts) text += typeof part === "string" ? part : textOf(part(info), missing);
    return text;
  };
}

/** Compiles a string of a JSON format: a lone operator keeps the type of its value (undefined: not known). Throws FormatError. */
export function compileValue(format: string, omitEmpty: boolean): Operator {
  const pieces = parseFormat(format);
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && "command" in only) return compileOperator(only);
  return compileText(format, omitEmpty);
}

function textOf(value: FormatValue, missing: string): string {
  if (typeof value === "string") return value;
  if (value === undefined) return missing;
  return typeof value === "object" ? utf8AsLatin1(JSON.stringify(value)) : String(value);
}

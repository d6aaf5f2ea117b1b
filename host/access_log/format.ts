/** `config.core.v3.SubstitutionFormatString` -> Formatter, and the format that Envoy uses where none is given. */

import type { SubstitutionFormatString } from "../config/types/core.ts";
import { compileText, type Formatter } from "./formatter.ts";
import { compileJson } from "./json_format.ts";

/** Envoy's default access log line. */
export const DEFAULT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" ' +
  "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% " +
  "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% " +
  '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" ' +
  '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

/** Reads a file that a format names. */
export type ReadFile = (path: string) => Uint8Array;

/** Throws FormatError, or what `readFile` throws. */
export function compileFormat(format: SubstitutionFormatString | undefined, readFile: ReadFile): Formatter {
  const omitEmpty = format?.omit_empty_values === true;
  if (format?.json_format !== undefined) return compileJson(format.json_format, omitEmpty);
  return compileText(textOf(format, readFile), omitEmpty);
}

function textOf(format: SubstitutionFormatString | undefined, readFile: ReadFile): string {
  const source = format?.text_format_source;
  if (source === undefined) return format?.text_format || DEFAULT_FORMAT;
  if (source.inline_string !== undefined) return source.inline_string;
  if (source.inline_bytes !== undefined) return Buffer.from(source.inline_bytes, "base64").toString("utf8");
  if (source.filename !== undefined) return Buffer.from(readFile(source.filename)).toString("utf8");
  return process.env[source.environment_variable ?? ""] ?? "";
}

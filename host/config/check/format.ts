/** Format strings of access logs and header values. Their grammar and operators belong to the access log, which judges them. */
import type { FileAccessLog } from "../types/access_log.ts";
import type { Json, SubstitutionFormatString } from "../types/core.ts";
import { type At, type Context, rule } from "./rule.ts";

export const formatRules = [
  rule<SubstitutionFormatString>("envoy.config.core.v3.SubstitutionFormatString", (format, at, context) => {
    checkText("text_format", format.text_format, at, context);
    checkText("text_format_source", format.text_format_source?.inline_string, at, context);
    checkJson("json_format", format.json_format, at, context);
  }),
  rule<FileAccessLog>("envoy.extensions.access_loggers.file.v3.FileAccessLog", (log, at, context) => {
    checkText("format", log.format, at, context);
    checkJson("json_format", log.json_format, at, context);
    checkJson("typed_json_format", log.typed_json_format, at, context);
  }),
];

function checkText(field: string, format: string | undefined, at: At, context: Context): void {
  const reason = format === undefined ? undefined : context.formatReason(format);
  if (reason !== undefined) at.failField(field, reason);
}

function checkJson(field: string, value: Json | undefined, at: At, context: Context): void {
  if (typeof value === "string") checkText(field, value, at, context);
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value) as Json[]) checkJson(field, inner, at, context);
  }
}

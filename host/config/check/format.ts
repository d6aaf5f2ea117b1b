/** Format strings of access logs and header values: text and command operators, `%COMMAND(argument):length%`. */
import { nearestName } from "../nearest.ts";
import { quote } from "../source/node.ts";
import { operators } from "../supported.ts";
import type { FileAccessLog } from "../types/access_log.ts";
import type { Json, SubstitutionFormatString } from "../types/core.ts";
import { type At, rule } from "./check.ts";

const COMMAND = /%(?:%|([A-Z0-9_]+)(?:\(([\s\S]*?)\))?(?::([0-9]+))?%)/y;
/** Operators whose argument names a header: `NAME` or `NAME?OTHER`. */
const HEADER_OPERATORS = /^(?:REQ|RESP|TRAILER)$/;

export const formatRules = [
  rule<SubstitutionFormatString>("envoy.config.core.v3.SubstitutionFormatString", (format, at) => {
    checkText("text_format", format.text_format, at);
    checkText("text_format_source", format.text_format_source?.inline_string, at);
    checkJson("json_format", format.json_format, at);
  }),
  rule<FileAccessLog>("envoy.extensions.access_loggers.file.v3.FileAccessLog", (log, at) => {
    checkText("format", log.format, at);
    checkJson("json_format", log.json_format, at);
    checkJson("typed_json_format", log.typed_json_format, at);
  }),
];

/** What is wrong with a format string; empty when all is well. */
export function formatReasons(format: string): string[] {
  const reasons: string[] = [];
  for (let at = format.indexOf("%"); at >= 0; at = format.indexOf("%", at)) {
    COMMAND.lastIndex = at;
    const match = COMMAND.exec(format);
    if (match === null) return [...reasons, `no valid command operator at position ${at} of ${quote(format)}`];
    const [whole, command, argument] = match;
    if (command !== undefined) reasons.push(...commandReasons(command, argument));
    at += whole.length;
  }
  return reasons;
}

function commandReasons(command: string, argument: string | undefined): string[] {
  const wanted = operators[command];
  if (wanted === undefined) {
    const near = nearestName(command, Object.keys(operators));
    return [
      `the command operator %${command}% is not supported yet${near === undefined ? "" : `; did you mean %${near}%?`}`,
    ];
  }
  if (wanted === "required" && (argument ?? "") === "") return [`%${command}% needs an argument: %${command}(NAME)%`];
  if (wanted === "none" && argument !== undefined) return [`%${command}% takes no argument`];
  if (HEADER_OPERATORS.test(command) && (argument ?? "").split("?").length > 2) {
    return [`%${command}(${argument})% has more than one alternative`];
  }
  return [];
}

function checkText(field: string, format: string | undefined, at: At): void {
  for (const reason of formatReasons(format ?? "")) at.failField(field, reason);
}

function checkJson(field: string, value: Json | undefined, at: At): void {
  if (typeof value === "string") checkText(field, value, at);
  else if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) checkJson(field, inner as Json, at);
}

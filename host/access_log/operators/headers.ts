/** Operators over the heads of request and response, and their trailers. */

import type { StreamInfo } from "../../stream_info/stream_info.ts";
import type { HeaderMap } from "../../wasm/header_view.ts";
import { FormatError } from "../format_text.ts";
import { type Command, type Operator, type OperatorFamily, type OperatorKind, plain } from "./operator.ts";

type Head = (info: StreamInfo) => HeaderMap | null;

const request: Head = (info) => info.requestHeaders;
const response: Head = (info) => info.responseHeaders;
const trailers: Head = (info) => info.responseTrailers;

/** RFC 9110 5.6.2, with the colon of pseudo fields in front. */
const FIELD_NAME = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `NAME` or `NAME?ALTERNATIVE`: the first value of the first of them that is there. */
function header(head: Head): OperatorKind {
  return {
    argument: "required",
    takesLength: true,
    compile(argument, command) {
      const names = argument.split("?");
      if (names.length > 2) {
        throw new FormatError(
          command.position,
          `more than 1 alternative header specified in ${command.command}(${argument})`,
        );
      }
      const [name, alternative] = names.filter((name) => name !== "").map((name) => fieldName(name, command));
      if (name === undefined)
        throw new FormatError(command.position, `${command.command} requires the name of a header`);
      if (alternative === undefined) return (info) => firstValue(head(info), name);
      return (info) => firstValue(head(info), name) ?? firstValue(head(info), alternative);
    },
  };
}

function fieldName(name: string, command: Command): string {
  if (!FIELD_NAME.test(name)) throw new FormatError(command.position, `${JSON.stringify(name)} is no name of a header`);
  const lower = name.toLowerCase();
  return lower === "host" ? ":authority" : lower;
}

function firstValue(headers: HeaderMap | null, name: string): string | undefined {
  if (headers === null || !headers.isAttached) return undefined;
  const at = headers.find(name, 0);
  return at < 0 ? undefined : headers.valueAt(at);
}

/** Names and values of all fields, as Envoy counts them. */
function byteSize(head: Head): OperatorKind {
  return plain((info) => {
    const headers = head(info);
    if (headers === null || !headers.isAttached) return 0;
    let bytes = 0;
    for (const [name, value] of headers.entries()) bytes += name.length + value.length;
    return bytes;
  });
}

/** `PATH(WQ|NQ:ORIG|PATH|ORIG_OR_PATH)`: with or without query; which path. */
const path: OperatorKind = {
  argument: "optional",
  takesLength: true,
  compile(argument, command) {
    const [query = "", source = ""] = argument.split(":");
    if (!["", "WQ", "NQ"].includes(query)) {
      throw new FormatError(command.position, `PATH takes WQ or NQ first, not ${JSON.stringify(query)}`);
    }
    if (!["", "ORIG", "PATH", "ORIG_OR_PATH"].includes(source)) {
      throw new FormatError(command.position, `PATH takes ORIG, PATH or ORIG_OR_PATH, not ${JSON.stringify(source)}`);
    }
    const read: Operator = (info) => {
      const original = source === "PATH" ? undefined : firstValue(info.requestHeaders, "x-envoy-original-path");
      if (source === "ORIG") return original;
      return original ?? firstValue(info.requestHeaders, ":path");
    };
    if (query !== "NQ") return read;
    return (info) => {
      const value = read(info);
      return typeof value === "string" ? value.split("?", 1)[0] : value;
    };
  },
};

/** The first value of a query parameter, as it stands. */
const queryParameter: OperatorKind = {
  argument: "required",
  takesLength: true,
  compile: (argument) => (info) => {
    const value = firstValue(info.requestHeaders, ":path");
    const start = value?.indexOf("?") ?? -1;
    if (value === undefined || start < 0) return undefined;
    for (const parameter of value.slice(start + 1).split("&")) {
      const equals = parameter.indexOf("=");
      const name = equals < 0 ? parameter : parameter.slice(0, equals);
      if (name === argument) return equals < 0 ? "" : parameter.slice(equals + 1);
    }
    return undefined;
  },
};

export const headerOperators: OperatorFamily = {
  REQ: header(request),
  RESP: header(response),
  TRAILER: header(trailers),
  REQUEST_HEADER: header(request),
  RESPONSE_HEADER: header(response),
  RESPONSE_TRAILER: header(trailers),
  STREAM_INFO_REQ: header(request),
  REQUEST_HEADERS_BYTES: byteSize(request),
  RESPONSE_HEADERS_BYTES: byteSize(response),
  RESPONSE_TRAILERS_BYTES: byteSize(trailers),
  PATH: path,
  QUERY_PARAM: queryParameter,
};

/** Operators over the stream's identity and its place in the config, and over the process. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { PROTOCOL_NONE } from "../../stream_info/stream_info.ts";
import { utf8AsLatin1 } from "../../wasm/text.ts";
import { FormatError } from "../format_text.ts";
import { type OperatorFamily, type OperatorKind, plain, plainText } from "./operator.ts";

/** Read once, when the config is compiled. */
const environment: OperatorKind = {
  argument: "required",
  takesLength: true,
  compile(argument) {
    const value = utf8AsLatin1(process.env[argument] ?? "-");
    return () => value;
  },
};

/** No filter that we have sets filter state: every path leads nowhere, as in an Envoy with the same filters. */
const filterState: OperatorKind = {
  argument: "required",
  takesLength: true,
  compile(argument, { position }) {
    const [key = "", form = "TYPED", field = ""] = argument.split(":");
    if (key === "") throw new FormatError(position, "invalid filter state configuration, key cannot be empty");
    if (!["PLAIN", "TYPED", "FIELD"].includes(form)) {
      throw new FormatError(position, "invalid filter state serialize type, only support PLAIN/TYPED/FIELD");
    }
    if ((form === "FIELD") !== (field !== "")) {
      throw new FormatError(position, "invalid filter state serialize type, FIELD should be used with the field name");
    }
    return () => undefined;
  },
};

export const streamOperators: OperatorFamily = {
  ROUTE_NAME: plainText((info) => info.routeName),
  VIRTUAL_CLUSTER_NAME: plainText((info) => info.virtualClusterName),
  STREAM_ID: plainText((info) => info.requestId),
  UNIQUE_ID: plain(() => randomUUID()),
  ACCESS_LOG_TYPE: plain((info) =>
    info.protocol === PROTOCOL_NONE && info.requestHeaders === null ? "TcpConnectionEnd" : "DownstreamEnd",
  ),
  HOSTNAME: { argument: "none", compile: () => always(utf8AsLatin1(hostname())) },
  ENVIRONMENT: environment,
  FILTER_STATE: filterState,
  UPSTREAM_FILTER_STATE: filterState,
  CUSTOM_FLAGS: plain(() => undefined),
  // Nothing is traced yet: no span is active.
  TRACE_ID: plain(() => undefined),
  SPAN_ID: plain(() => undefined),
};

function always(text: string): () => string {
  return () => text;
}

/** Operators over the stream's identity and its place in the config, and over the process. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { FilterState } from "../../stream_info/filter_state.ts";
import { PROTOCOL_NONE, type StreamInfo } from "../../stream_info/stream_info.ts";
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

/** @param read the state under a key */
const filterState = (read: (info: StreamInfo, key: string) => FilterState | undefined): OperatorKind => ({
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
    if (form === "PLAIN") return (info) => read(info, key)?.text;
    // What our filters leave has no fields that can be asked for, nor has it with Envoy's.
    if (form === "FIELD") return () => undefined;
    return (info) => read(info, key)?.message;
  },
});

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
  FILTER_STATE: filterState((info, key) => info.filterState(key)),
  // Filters of upstreams are not there yet.
  UPSTREAM_FILTER_STATE: filterState(() => undefined),
  CUSTOM_FLAGS: plain(() => undefined),
  // Nothing is traced yet: no span is active.
  TRACE_ID: plain(() => undefined),
  SPAN_ID: plain(() => undefined),
};

function always(text: string): () => string {
  return () => text;
}

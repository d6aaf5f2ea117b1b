/** Operators over how the stream went: codes, flags, bytes. */

import { longFlags, shortFlags } from "../../stream_info/response_flags.ts";
import { PROTOCOL_NONE, PROTOCOLS } from "../../stream_info/stream_info.ts";
import { type OperatorFamily, plain, plainText } from "./operator.ts";

export const responseOperators: OperatorFamily = {
  PROTOCOL: plain((info) => (info.protocol === PROTOCOL_NONE ? undefined : PROTOCOLS[info.protocol])),
  RESPONSE_CODE: plain((info) => info.responseCode),
  RESPONSE_CODE_DETAILS: {
    argument: "optional",
    compile: (argument) => (info) => {
      if (info.responseCodeDetails === "") return undefined;
      return argument === "ALLOW_WHITESPACES" ? info.responseCodeDetails : info.responseCodeDetails.replace(/\s/g, "_");
    },
  },
  RESPONSE_FLAGS: plain((info) => shortFlags(info.responseFlags)),
  RESPONSE_FLAGS_LONG: plain((info) => longFlags(info.responseFlags)),
  CONNECTION_TERMINATION_DETAILS: plainText((info) => info.connection.terminationDetails),
  BYTES_RECEIVED: plain((info) => info.bytesReceived),
  BYTES_SENT: plain((info) => info.bytesSent),
  DOWNSTREAM_WIRE_BYTES_RECEIVED: plain((info) => info.downstreamWireBytesReceived),
  DOWNSTREAM_WIRE_BYTES_SENT: plain((info) => info.downstreamWireBytesSent),
  DOWNSTREAM_HEADER_BYTES_RECEIVED: plain((info) => info.requestHeaderBytes),
  DOWNSTREAM_HEADER_BYTES_SENT: plain((info) => info.responseHeaderBytes),
  UPSTREAM_WIRE_BYTES_RECEIVED: plain((info) => info.upstreamWireBytesReceived),
  UPSTREAM_WIRE_BYTES_SENT: plain((info) => info.upstreamWireBytesSent),
  // Bodies of local replies are seen by local reply formats alone; an access log always shows nothing, as in Envoy.
  LOCAL_REPLY_BODY: plain(() => ""),
};

/** `%GRPC_STATUS%`: from the trailers, else the head of the response, else from the HTTP status (gRPC's http-grpc-status-mapping). */

import {
  GRPC_STATUS_NAMES,
  grpcStatusOfHttp,
  isGrpcContentType,
  readGrpcStatus,
} from "../../stream_info/grpc_status.ts";
import type { StreamInfo } from "../../stream_info/stream_info.ts";
import { FormatError } from "../format_text.ts";
import { type OperatorFamily, plain } from "./operator.ts";

const FORMATS = ["CAMEL_STRING", "SNAKE_STRING", "NUMBER"] as const;
type Format = (typeof FORMATS)[number];

/** Undefined where the request is none of gRPC's, or nothing was answered. */
function grpcStatus(info: StreamInfo): number | undefined {
  const contentType = info.requestHeaders?.isAttached ? info.requestHeaders.get("content-type") : undefined;
  return isGrpcContentType(contentType) ? answeredStatus(info) : undefined;
}

/** The status of the answer, whatever was asked; undefined: nothing was answered. */
export function answeredStatus(info: StreamInfo): number | undefined {
  for (const headers of [info.responseTrailers, info.responseHeaders]) {
    const status = readGrpcStatus(headers?.isAttached ? headers.get("grpc-status") : undefined);
    if (status !== undefined) return status;
  }
  return info.responseCode === 0 ? undefined : grpcStatusOfHttp(info.responseCode);
}

function formatted(status: number | undefined, format: Format): string | number | undefined {
  if (status === undefined || format === "NUMBER") return status;
  const names = GRPC_STATUS_NAMES[status];
  return names === undefined ? String(status) : names[format === "CAMEL_STRING" ? 0 : 1];
}

export const grpcOperators: OperatorFamily = {
  GRPC_STATUS: {
    argument: "optional",
    compile(argument, command) {
      const format = argument === "" ? "CAMEL_STRING" : FORMATS.find((name) => name === argument);
      if (format === undefined) {
        throw new FormatError(command.position, "GRPC_STATUS only supports CAMEL_STRING, SNAKE_STRING or NUMBER");
      }
      return (info) => formatted(grpcStatus(info), format);
    },
  },
  GRPC_STATUS_NUMBER: plain(grpcStatus),
};

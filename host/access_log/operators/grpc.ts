/** `%GRPC_STATUS%`: from the trailers, else the head of the response, else from the HTTP status (gRPC's http-grpc-status-mapping). */

import type { StreamInfo } from "../../stream_info/stream_info.ts";
import { FormatError } from "../format_text.ts";
import { type OperatorFamily, plain } from "./operator.ts";

const NAMES = [
  ["OK", "OK"],
  ["Canceled", "CANCELLED"],
  ["Unknown", "UNKNOWN"],
  ["InvalidArgument", "INVALID_ARGUMENT"],
  ["DeadlineExceeded", "DEADLINE_EXCEEDED"],
  ["NotFound", "NOT_FOUND"],
  ["AlreadyExists", "ALREADY_EXISTS"],
  ["PermissionDenied", "PERMISSION_DENIED"],
  ["ResourceExhausted", "RESOURCE_EXHAUSTED"],
  ["FailedPrecondition", "FAILED_PRECONDITION"],
  ["Aborted", "ABORTED"],
  ["OutOfRange", "OUT_OF_RANGE"],
  ["Unimplemented", "UNIMPLEMENTED"],
  ["Internal", "INTERNAL"],
  ["Unavailable", "UNAVAILABLE"],
  ["DataLoss", "DATA_LOSS"],
  ["Unauthenticated", "UNAUTHENTICATED"],
] as const;

export const UNKNOWN_GRPC_STATUS = 2;
const OF_HTTP: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

const FORMATS = ["CAMEL_STRING", "SNAKE_STRING", "NUMBER"] as const;
type Format = (typeof FORMATS)[number];

/** Number of a status by its name in a config (`NOT_FOUND`). */
export function grpcStatusNumber(name: string): number {
  return name === "CANCELED" ? 1 : NAMES.findIndex(([, snake]) => snake === name);
}

/** Undefined where the request is none of gRPC's, or nothing was answered. */
function grpcStatus(info: StreamInfo): number | undefined {
  const contentType = info.requestHeaders?.isAttached ? info.requestHeaders.get("content-type") : undefined;
  if (contentType === undefined || !/^application\/grpc(?:$|\+)/.test(contentType)) return undefined;
  return answeredStatus(info);
}

/** The status of the answer, whatever was asked; undefined: nothing was answered. */
export function answeredStatus(info: StreamInfo): number | undefined {
  for (const headers of [info.responseTrailers, info.responseHeaders]) {
    const value = headers?.isAttached ? headers.get("grpc-status") : undefined;
    if (value !== undefined && /^\d+$/.test(value)) return Number(value);
  }
  if (info.responseCode === 0) return undefined;
  return OF_HTTP[info.responseCode] ?? UNKNOWN_GRPC_STATUS;
}

function formatted(status: number | undefined, format: Format): string | number | undefined {
  if (status === undefined || format === "NUMBER") return status;
  const names = NAMES[status];
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

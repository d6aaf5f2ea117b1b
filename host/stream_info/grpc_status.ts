/** Statuses of gRPC (grpc/doc/statuscodes.md), their names, and what an HTTP status means as one (http-grpc-status-mapping.md). */

export const GRPC_OK = 0;
export const GRPC_UNKNOWN = 2;
export const GRPC_DEADLINE_EXCEEDED = 4;
export const GRPC_INTERNAL = 13;

/** Camel case as Envoy prints it, snake case as configs have it; by number. */
export const GRPC_STATUS_NAMES = [
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

/** What a client of gRPC shall think of an answer that has an HTTP status alone. */
export function grpcStatusOfHttp(status: number): number {
  return OF_HTTP[status] ?? GRPC_UNKNOWN;
}

/** Number of a status by its name in a config (`NOT_FOUND`). */
export function grpcStatusNumber(name: string): number {
  return name === "CANCELED" ? 1 : GRPC_STATUS_NAMES.findIndex(([, snake]) => snake === name);
}

/** A content type of gRPC: `application/grpc`, alone or followed by `+`. */
export function isGrpcContentType(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:$|\+)/.test(contentType);
}

/** A status as `grpc-status` says it; undefined when it is no number. */
export function readGrpcStatus(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

const HEX = "0123456789ABCDEF";

/** Text as `grpc-message` carries it (PROTOCOL-HTTP2.md, "Percent-Encoded"): what is no visible ASCII, `~` and `%` as %XX. */
export function encodeGrpcMessage(text: Uint8Array): string {
  let encoded = "";
  for (const byte of text) {
    const isPlain = byte >= 0x20 && byte < 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
  }
  return encoded;
}

/** Answers that the proxy gives itself: what stands in their bodies, and how a client of gRPC is told. */

import { encodeGrpcMessage, grpcStatusOfHttp } from "../stream_info/grpc_status.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import {
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_TYPE,
  HEADER_GRPC_MESSAGE,
  HEADER_GRPC_STATUS,
  HEADER_STATUS,
} from "../wasm/layout.gen.ts";

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  413: "Payload Too Large",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Where the codec or the connection manager refuses. The reason phrase that stands as the body of a codec's refusal. */
export function codecErrorBody(status: number): string {
  return REASONS[status] ?? "";
}

/** The head of an answer with a text as its body. The status stands in it; whether the text goes on is the caller's to say. */
export function becomeTextReply(headers: HeaderMap, status: number, bodyBytes: number): void {
  headers.setId(HEADER_STATUS, String(status));
  if (bodyBytes === 0) return;
  headers.setIdNumber(HEADER_CONTENT_LENGTH, bodyBytes);
  headers.setId(HEADER_CONTENT_TYPE, "text/plain");
}

/**
 * Makes an answer one of gRPC, its head alone: 200, and in fields what its status and its body would have said
 * (PROTOCOL-HTTP2.md, "Trailers-Only"). A `grpc-status` that is there stays; a message for which the head has no room is left out.
 */
export function becomeGrpcReply(headers: HeaderMap, status: number, message?: Uint8Array, grpcStatus?: number): void {
  headers.setId(HEADER_STATUS, "200");
  headers.setId(HEADER_CONTENT_TYPE, "application/grpc");
  headers.removeId(HEADER_CONTENT_LENGTH);
  if (!headers.hasId(HEADER_GRPC_STATUS)) {
    headers.setIdNumber(HEADER_GRPC_STATUS, grpcStatus ?? grpcStatusOfHttp(status));
  }
  if (message !== undefined && message.length > 0) headers.setId(HEADER_GRPC_MESSAGE, encodeGrpcMessage(message));
}

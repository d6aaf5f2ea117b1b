/**
 * envoy.filters.http.grpc_http1_bridge: an HTTP/1.1 client without trailers calls a server of gRPC. `grpc-status` and `grpc-message` of the
 * trailers become fields of the head, which waits for them; a failed call is a 503. Bare protobuf may be made a call, and back.
 */

import {
  CONTINUE,
  type FilterStatus,
  type FilterStream,
  type HttpFilter,
  type HttpFilterFactory,
  STOP,
} from "../../../host/http/filter.ts";
import { HeldBody } from "../../../host/http/held_body.ts";
import { isGrpcContentType } from "../../../host/stream_info/grpc_status.ts";
import { PROTOCOL_HTTP2 } from "../../../host/stream_info/stream_info.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_TYPE,
  HEADER_GRPC_MESSAGE,
  HEADER_GRPC_STATUS,
  HEADER_PATH,
  HEADER_STATUS,
} from "../../../host/wasm/layout.gen.ts";
import { FRAME_HEADER_BYTES, frameHeader } from "../grpc_frames.ts";
import { type BridgeConfig, decodeBridgeConfig } from "./config.ts";

/** Of a request that gets a prefix with its length, and of an answer whose status comes behind it. Envoy's buffers hold as much. */
const BODY_BYTES_MAX = 1_048_576;

const NOTHING = new Uint8Array(0);

export const grpcHttp1Bridge: HttpFilterFactory<BridgeConfig> = {
  name: "envoy.filters.http.grpc_http1_bridge",
  typeNames: ["envoy.extensions.filters.http.grpc_http1_bridge.v3.Config"],
  decode: decodeBridgeConfig,
  create: (config, { memory }) => ({
    onStream: ({ info, requestHeaders }) => {
      const contentType = requestHeaders.getId(HEADER_CONTENT_TYPE);
      const isProtobuf = config.upgradesProtobuf && contentType === "application/x-protobuf";
      if (info.protocol >= PROTOCOL_HTTP2) return isProtobuf ? RENAMED : PASSES;
      return isProtobuf || isGrpcContentType(contentType) ? new BridgedCall(config, memory, isProtobuf) : PASSES;
    },
  }),
};

const PASSES: HttpFilter = {};

/** Bare protobuf of an HTTP/2 client: Envoy gives it the name of gRPC, and no prefix. */
const RENAMED: HttpFilter = {
  onRequestHeaders(stream, headers) {
    becomeGrpc(stream, headers);
    return CONTINUE;
  },
};

class BridgedCall implements HttpFilter {
  private readonly config: BridgeConfig;
  private readonly memory: Uint8Array;
  /** The client speaks bare protobuf: the prefix is ours to add and to take. */
  private readonly isFramed: boolean;
  private readonly request = new HeldBody();
  private readonly response = new HeldBody();
  private responseHeaders: HeaderMap | null = null;

  constructor(config: BridgeConfig, memory: Uint8Array, isFramed: boolean) {
    this.config = config;
    this.memory = memory;
    this.isFramed = isFramed;
  }

  onRequestHeaders(stream: FilterStream, headers: HeaderMap): FilterStatus {
    if (this.isFramed) becomeGrpc(stream, headers);
    if (this.config.ignoresQuery) {
      const path = headers.getId(HEADER_PATH) ?? "";
      if (path.includes("?")) headers.setId(HEADER_PATH, path.slice(0, path.indexOf("?")));
    }
    return CONTINUE;
  }

  onRequestData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    if (!this.isFramed) return CONTINUE;
    const { request } = this;
    request.push(this.memory, address, length, endStream);
    if (request.bytes > BODY_BYTES_MAX) {
      stream.sendLocalReply(413, "Payload Too Large", "request_payload_too_large", 0);
      return STOP;
    }
    stream.requestBody.replace(endStream ? joined(frameHeader(request.bytes), request) : NOTHING);
    return CONTINUE;
  }

  onResponseHeaders(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus {
    if (endStream) return CONTINUE;
    this.responseHeaders = headers;
    stream.responseBody.watch();
    return STOP;
  }

  onResponseData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    const { response } = this;
    response.push(this.memory, address, length, endStream);
    if (response.bytes > BODY_BYTES_MAX) {
      stream.sendLocalReply(500, "Internal Server Error", "response_payload_too_large", 0);
      return STOP;
    }
    stream.responseBody.replace(endStream ? joined(NOTHING, response) : NOTHING);
    return endStream ? CONTINUE : STOP;
  }

  onResponseTrailers(stream: FilterStream, trailers: HeaderMap): FilterStatus {
    const headers = this.responseHeaders as HeaderMap;
    const body = joined(NOTHING, this.response).subarray(this.isFramed ? FRAME_HEADER_BYTES : 0);
    const status = trailers.getId(HEADER_GRPC_STATUS);
    if (status !== undefined) {
      if (!/^0+$/.test(status)) headers.setId(HEADER_STATUS, "503");
      headers.setId(HEADER_GRPC_STATUS, status);
    }
    const message = trailers.getId(HEADER_GRPC_MESSAGE);
    if (message !== undefined) headers.setId(HEADER_GRPC_MESSAGE, message);
    // With a length the client can tell a whole answer from one that was cut.
    headers.setIdNumber(HEADER_CONTENT_LENGTH, body.length);
    stream.responseBody.append(body);
    return CONTINUE;
  }
}

function becomeGrpc(stream: FilterStream, headers: HeaderMap): void {
  headers.setId(HEADER_CONTENT_TYPE, "application/grpc");
  headers.removeId(HEADER_CONTENT_LENGTH);
  stream.clearRouteCache();
}

/** Takes all of a body out. */
function joined(first: Uint8Array, body: HeldBody): Uint8Array {
  const pieces = [first];
  for (let piece = body.shift(); piece !== undefined; piece = body.shift()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * envoy.filters.http.grpc_http1_reverse_bridge: a client of gRPC calls an HTTP/1.1 server that knows nothing of it. The answer's status
 * becomes `grpc-status` in trailers; where the server wants bare messages, their prefix is taken off and put on here.
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
import {
  GRPC_INTERNAL,
  GRPC_OK,
  GRPC_UNKNOWN,
  grpcStatusOfHttp,
  isGrpcContentType,
} from "../../../host/stream_info/grpc_status.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_ACCEPT,
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_TYPE,
  HEADER_GRPC_STATUS,
  HEADER_STATUS,
} from "../../../host/wasm/layout.gen.ts";
import { FRAME_HEADER_BYTES, frameHeader } from "../grpc_frames.ts";
import {
  decodeReverseBridgeConfig,
  decodeReverseBridgeRoute,
  type ReverseBridgeConfig,
  type ReverseBridgeRoute,
} from "./config.ts";

const NAME = "envoy.filters.http.grpc_http1_reverse_bridge";
const TYPE = "envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3";

/** Of an answer whose length is not told beforehand. Envoy's buffers hold as much. */
const BODY_BYTES_MAX = 1_048_576;

const NOTHING = new Uint8Array(0);

export const grpcHttp1ReverseBridge: HttpFilterFactory<ReverseBridgeConfig> = {
  name: NAME,
  typeNames: [`${TYPE}.FilterConfig`],
  routeTypeNames: [`${TYPE}.FilterConfigPerRoute`],
  decode: decodeReverseBridgeConfig,
  decodeRoute: decodeReverseBridgeRoute,
  create: (config, { filterName, memory }) => ({
    onStream: ({ requestHeaders }) =>
      isGrpcContentType(requestHeaders.getId(HEADER_CONTENT_TYPE))
        ? new ReverseBridgedCall(config, filterName, memory)
        : PASSES,
  }),
};

const PASSES: HttpFilter = {};

class ReverseBridgedCall implements HttpFilter {
  private readonly config: ReverseBridgeConfig;
  private readonly filterName: string;
  private readonly memory: Uint8Array;
  private isEnabled = false;
  private contentType = "";
  private prefixTaken = 0;
  private grpcStatus = GRPC_OK;
  /** Of the message, as the upstream told it; -1: it did not. */
  private announcedBytes = -1;
  private responseBytes = 0;
  private isPrefixed = false;
  private readonly response = new HeldBody();

  constructor(config: ReverseBridgeConfig, filterName: string, memory: Uint8Array) {
    this.config = config;
    this.filterName = filterName;
    this.memory = memory;
  }

  onRequestHeaders(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus {
    if (endStream || stream.routeConfig<ReverseBridgeRoute>(this.filterName)?.isDisabled) return CONTINUE;
    const { contentType, withholdsFrames } = this.config;
    this.isEnabled = true;
    this.contentType = headers.getId(HEADER_CONTENT_TYPE) as string;
    headers.setId(HEADER_CONTENT_TYPE, contentType);
    headers.setId(HEADER_ACCEPT, contentType);
    if (withholdsFrames) adjustLength(headers, -FRAME_HEADER_BYTES);
    stream.clearRouteCache();
    return CONTINUE;
  }

  onRequestData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    if (!this.isEnabled || !this.config.withholdsFrames || this.prefixTaken === FRAME_HEADER_BYTES) return CONTINUE;
    const taken = Math.min(length, FRAME_HEADER_BYTES - this.prefixTaken);
    this.prefixTaken += taken;
    if (endStream && this.prefixTaken < FRAME_HEADER_BYTES) {
      stream.sendLocalReply(200, "invalid request body", "grpc_bridge_data_too_small", 0, undefined, GRPC_UNKNOWN);
      return STOP;
    }
    stream.requestBody.replace(this.copy(address + taken, length - taken));
    return CONTINUE;
  }

  onResponseHeaders(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus {
    if (!this.isEnabled) return CONTINUE;
    const { contentType, responseSizeHeader, withholdsFrames } = this.config;
    if (headers.getId(HEADER_CONTENT_TYPE) !== contentType) {
      return this.refuse(stream, badContentType(headers), "grpc_bridge_content_type_wrong", GRPC_UNKNOWN);
    }
    if (withholdsFrames && responseSizeHeader !== "") {
      this.announcedBytes = numberOf(headers.getAll(responseSizeHeader)[0]);
      if (this.announcedBytes < 0) {
        const text = "envoy reverse bridge: upstream did not set content length";
        return this.refuse(stream, text, "grpc_bridge_content_length_missing", GRPC_INTERNAL);
      }
      headers.setIdNumber(HEADER_CONTENT_LENGTH, this.announcedBytes + FRAME_HEADER_BYTES);
    } else if (withholdsFrames) {
      adjustLength(headers, FRAME_HEADER_BYTES);
    }
    const status = headers.getId(HEADER_STATUS);
    this.grpcStatus = status === "200" ? GRPC_OK : grpcStatusOfHttp(Number(status));
    headers.setId(HEADER_CONTENT_TYPE, this.contentType);
    headers.setId(HEADER_STATUS, "200");
    if (endStream && withholdsFrames) {
      headers.setIdNumber(HEADER_CONTENT_LENGTH, FRAME_HEADER_BYTES);
      stream.responseBody.append(frameHeader(0));
      this.tellStatus(stream.responseBody.addTrailers());
    }
    return CONTINUE;
  }

  onResponseData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    if (!this.isEnabled) return CONTINUE;
    const { responseBody } = stream;
    this.responseBytes += length;
    if (endStream) this.tellStatus(responseBody.addTrailers());
    if (!this.config.withholdsFrames) return CONTINUE;
    if (this.announcedBytes >= 0) {
      if (endStream && this.responseBytes !== this.announcedBytes) {
        const text = "envoy reverse bridge: upstream set incorrect content length";
        return this.refuse(stream, text, "grpc_bridge_content_length_wrong", GRPC_INTERNAL);
      }
      if (!this.isPrefixed) {
        this.isPrefixed = true;
        responseBody.replace(Buffer.concat([frameHeader(this.announcedBytes), this.copy(address, length)]));
      }
      return CONTINUE;
    }
    const { response } = this;
    response.push(this.memory, address, length, endStream);
    if (response.bytes > BODY_BYTES_MAX) {
      return this.refuse(stream, "Internal Server Error", "response_payload_too_large", GRPC_INTERNAL);
    }
    responseBody.replace(endStream ? this.framed() : NOTHING);
    return CONTINUE;
  }

  onResponseTrailers(stream: FilterStream, trailers: HeaderMap): FilterStatus {
    if (!this.isEnabled) return CONTINUE;
    this.tellStatus(trailers);
    if (this.config.withholdsFrames && this.announcedBytes < 0) stream.responseBody.append(this.framed());
    return CONTINUE;
  }

  private tellStatus(trailers: HeaderMap | null): void {
    trailers?.setIdNumber(HEADER_GRPC_STATUS, this.grpcStatus);
  }

  private refuse(stream: FilterStream, text: string, details: string, grpcStatus: number): FilterStatus {
    stream.sendLocalReply(200, text, details, 0, undefined, grpcStatus);
    return STOP;
  }

  /** All of the answer as one message. */
  private framed(): Uint8Array {
    const pieces = [frameHeader(this.response.bytes)];
    for (let piece = this.response.shift(); piece !== undefined; piece = this.response.shift()) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  private copy(address: number, length: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.memory, address, address + length);
  }
}

function badContentType(headers: HeaderMap): string {
  const contentType = headers.getId(HEADER_CONTENT_TYPE);
  const what = contentType === undefined ? "no content-type header" : `unsupported content-type ${contentType}`;
  return `envoy reverse bridge: upstream responded with ${what}, status code ${headers.getId(HEADER_STATUS)}`;
}

/** A length that is there follows what is taken from the body or added to it. */
function adjustLength(headers: HeaderMap, byBytes: number): void {
  const length = numberOf(headers.getId(HEADER_CONTENT_LENGTH));
  if (length > 0) headers.setIdNumber(HEADER_CONTENT_LENGTH, Math.max(length + byBytes, 0));
}

/** -1: it is none. */
function numberOf(value: string | undefined): number {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : -1;
}

/**
 * envoy.filters.http.grpc_web (PROTOCOL-WEB.md): a browser's calls become calls of gRPC, and their answers come back with the trailers as a
 * last message in the body. Both directions in binary or, as `application/grpc-web-text`, in base64.
 */

import {
  CONTINUE,
  type FilterStatus,
  type FilterStream,
  type HttpFilter,
  type HttpFilterContext,
  type HttpFilterFactory,
  STOP,
} from "../../../host/http/filter.ts";
import { encodeGrpcMessage, grpcStatusOfHttp, isGrpcContentType } from "../../../host/stream_info/grpc_status.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_ACCEPT,
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_TYPE,
  HEADER_GRPC_ACCEPT_ENCODING,
  HEADER_GRPC_MESSAGE,
  HEADER_GRPC_STATUS,
  HEADER_PATH,
  HEADER_STATUS,
  HEADER_TE,
} from "../../../host/wasm/layout.gen.ts";
import { callOf, GrpcCallStats, type MethodStats } from "../grpc_call_stats.ts";
import { FRAME_HEADER_BYTES, FrameReader } from "../grpc_frames.ts";
import { Base64Decoder, Base64Encoder } from "./base64.ts";

const BINARY = new Set(["application/grpc-web", "application/grpc-web+proto"]);
const TEXT = new Set(["application/grpc-web-text", "application/grpc-web-text+proto"]);

/** Of an answer that is none of gRPC: bytes of its body that become `grpc-message`. */
const MESSAGE_BYTES_MAX = 16_384;

/** The first byte of the message that carries the trailers. */
const TRAILERS_FLAG = 0x80;

const NOTHING = new Uint8Array(0);
const BAD_BASE64 = "Bad gRPC-web request, invalid base64 data.";

export const grpcWeb: HttpFilterFactory<object> = {
  name: "envoy.filters.http.grpc_web",
  typeNames: ["envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"],
  decode: (config) => config,
  create(_config, context) {
    const stats = new GrpcCallStats("grpc-web");
    return {
      onStream: ({ requestHeaders }) => {
        const contentType = requestHeaders.getId(HEADER_CONTENT_TYPE) ?? "";
        return BINARY.has(contentType) || TEXT.has(contentType) ? new WebCall(context, stats) : PASSES;
      },
    };
  },
};

/** For requests that are none of gRPC-Web. */
const PASSES: HttpFilter = {};

class WebCall implements HttpFilter {
  private readonly context: HttpFilterContext;
  private readonly allStats: GrpcCallStats;
  private stats: MethodStats | null = null;
  private request: Base64Decoder | null = null;
  private response: Base64Encoder | null = null;
  private readonly responses = new FrameReader();
  /** The answer is none of gRPC: its body, as far as it is told. */
  private foreignBody: Uint8Array[] | null = null;
  private foreignBytes = 0;
  private foreignHeaders: HeaderMap | null = null;

  constructor(context: HttpFilterContext, stats: GrpcCallStats) {
    this.context = context;
    this.allStats = stats;
  }

  onRequestHeaders(stream: FilterStream, headers: HeaderMap): FilterStatus {
    const cluster = this.context.clusters.get(stream.routedCluster);
    const call = callOf(headers.getId(HEADER_PATH) ?? "");
    if (cluster !== undefined && call !== null) this.stats = this.allStats.of(cluster, call);
    if (TEXT.has(headers.getId(HEADER_CONTENT_TYPE) ?? "")) this.request = new Base64Decoder();
    if (TEXT.has(headers.getId(HEADER_ACCEPT) ?? "")) this.response = new Base64Encoder();
    headers.removeId(HEADER_CONTENT_LENGTH);
    headers.setId(HEADER_CONTENT_TYPE, "application/grpc");
    headers.setId(HEADER_TE, "trailers");
    if (!headers.hasId(HEADER_GRPC_ACCEPT_ENCODING)) headers.setId(HEADER_GRPC_ACCEPT_ENCODING, "identity");
    return CONTINUE;
  }

  onRequestData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    const { request } = this;
    if (request === null) return CONTINUE;
    const bytes = request.push(this.shown(address, length));
    if (bytes === null || (endStream && !request.isBetween)) {
      const details = bytes === null ? "grpc_base_64_decode_failed" : "grpc_base_64_decode_failed_bad_size";
      stream.sendLocalReply(400, BAD_BASE64, details, 0);
      return STOP;
    }
    stream.requestBody.replace(bytes);
    return CONTINUE;
  }

  onResponseHeaders(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus {
    this.stats?.ended(headers);
    const isForeign = !isAnswer(headers, endStream);
    headers.removeId(HEADER_CONTENT_LENGTH);
    headers.setId(
      HEADER_CONTENT_TYPE,
      this.response === null ? "application/grpc-web+proto" : "application/grpc-web-text+proto",
    );
    if (endStream || !isForeign) return CONTINUE;
    this.foreignBody = [];
    this.foreignHeaders = headers;
    stream.responseBody.watch();
    return STOP;
  }

  onResponseData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    const { foreignBody, foreignBytes, response } = this;
    if (foreignBody !== null) {
      const told = Math.min(length, MESSAGE_BYTES_MAX - foreignBytes);
      foreignBody.push(Uint8Array.prototype.slice.call(this.context.memory, address, address + told));
      this.foreignBytes += told;
      stream.responseBody.replace(NOTHING);
      if (!endStream) return STOP;
      this.tellForeign();
      return CONTINUE;
    }
    if (response !== null) stream.responseBody.replace(this.encode(response, this.shown(address, length), endStream));
    return CONTINUE;
  }

  onResponseTrailers(stream: FilterStream, trailers: HeaderMap): FilterStatus {
    this.stats?.ended(trailers);
    if (this.foreignBody !== null) {
      this.tellForeign();
      return CONTINUE;
    }
    const message = trailersMessage(trailers);
    const { response } = this;
    stream.responseBody.append(
      response === null ? message : Buffer.concat([response.finish(), response.push(message), response.finish()]),
    );
    stream.responseBody.dropTrailers();
    return CONTINUE;
  }

  /** Each message is in base64 for itself, padded at its end. */
  private encode(encoder: Base64Encoder, bytes: Uint8Array, endStream: boolean): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = this.responses.next(bytes, at);
      pieces.push(encoder.push(bytes.subarray(at, end)));
      if (this.responses.isBetween) pieces.push(encoder.finish());
      at = end;
    }
    if (endStream) pieces.push(encoder.finish());
    return Buffer.concat(pieces);
  }

  /** An answer of HTTP alone: its status and its body in gRPC's words. */
  private tellForeign(): void {
    const headers = this.foreignHeaders as HeaderMap;
    const message = encodeGrpcMessage(Buffer.concat(this.foreignBody ?? []));
    this.foreignBody = null;
    headers.setIdNumber(HEADER_GRPC_STATUS, grpcStatusOfHttp(Number(headers.getId(HEADER_STATUS))));
    // Where the head has no room for it, the status has to do.
    if (message !== "") headers.setId(HEADER_GRPC_MESSAGE, message);
    headers.setIdNumber(HEADER_CONTENT_LENGTH, 0);
  }

  private shown(address: number, length: number): Uint8Array {
    return this.context.memory.subarray(address, address + length);
  }
}

/** An answer of gRPC, or one that is gRPC-Web already. */
function isAnswer(headers: HeaderMap, endStream: boolean): boolean {
  if (endStream) return headers.hasId(HEADER_GRPC_STATUS);
  if (headers.getId(HEADER_STATUS) !== "200") return false;
  const contentType = headers.getId(HEADER_CONTENT_TYPE) ?? "";
  return isGrpcContentType(contentType) || BINARY.has((contentType.split(";", 1)[0] as string).trimEnd().toLowerCase());
}

/** Trailers as the last message of a body: a line for each. */
function trailersMessage(trailers: HeaderMap): Uint8Array {
  let lines = "";
  for (const [name, value] of trailers.entries()) lines += `${name}:${value}\r\n`;
  const message = Buffer.alloc(FRAME_HEADER_BYTES + lines.length);
  message[0] = TRAILERS_FLAG;
  message.writeUInt32BE(lines.length, 1);
  message.write(lines, FRAME_HEADER_BYTES, "latin1");
  return message;
}

/**
 * envoy.filters.http.grpc_stats: counts calls of gRPC, their messages in both directions and how they end. Connect (connectrpc.com), which Envoy's
 * filter counts too, is not gRPC here.
 */

import {
  CONTINUE,
  type FilterStatus,
  type FilterStream,
  type HttpFilter,
  type HttpFilterFactory,
} from "../../../host/http/filter.ts";
import { isGrpcContentType } from "../../../host/stream_info/grpc_status.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import { HEADER_CONTENT_TYPE, HEADER_GRPC_STATUS, HEADER_PATH } from "../../../host/wasm/layout.gen.ts";
import { callOf, GrpcCallStats, type MethodStats } from "../grpc_call_stats.ts";
import { FrameReader } from "../grpc_frames.ts";
import { decodeGrpcStatsConfig, type GrpcStatsConfig } from "./config.ts";

const NAME = "envoy.filters.http.grpc_stats";

export const grpcStats: HttpFilterFactory<GrpcStatsConfig> = {
  name: NAME,
  typeNames: ["envoy.extensions.filters.http.grpc_stats.v3.FilterConfig"],
  decode: decodeGrpcStatsConfig,
  create(config, { clusters, memory }) {
    const stats = new GrpcCallStats("grpc");
    const counted = (stream: FilterStream): MethodStats | null => {
      const cluster = clusters.get(stream.routedCluster);
      const call = callOf(stream.requestHeaders.getId(HEADER_PATH) ?? "");
      return cluster === undefined || call === null ? null : stats.of(cluster, config.nameOf(call));
    };
    return { onStream: () => new CountedCall(config, memory, counted) };
  },
};

class CountedCall implements HttpFilter {
  private readonly config: GrpcStatsConfig;
  private readonly memory: Uint8Array;
  private readonly find: (stream: FilterStream) => MethodStats | null;
  private isCall = false;
  private answersCall = false;
  private stats: MethodStats | null = null;
  private readonly requests = new FrameReader();
  private readonly responses = new FrameReader();
  private requestMessages = 0;
  private responseMessages = 0;

  constructor(config: GrpcStatsConfig, memory: Uint8Array, find: (stream: FilterStream) => MethodStats | null) {
    this.config = config;
    this.memory = memory;
    this.find = find;
  }

  onRequestHeaders(stream: FilterStream, headers: HeaderMap): FilterStatus {
    this.isCall = isGrpcContentType(headers.getId(HEADER_CONTENT_TYPE));
    if (this.isCall) this.stats = this.find(stream);
    return CONTINUE;
  }

  onRequestData(stream: FilterStream, address: number, length: number): FilterStatus {
    if (!this.isCall) return CONTINUE;
    const begun = this.requests.count(this.memory.subarray(address, address + length));
    if (begun > 0) {
      this.requestMessages += begun;
      this.stats?.requestMessages(begun);
      this.emit(stream);
    }
    return CONTINUE;
  }

  onResponseHeaders(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus {
    this.answersCall = endStream
      ? headers.hasId(HEADER_GRPC_STATUS)
      : headers.get(":status") === "200" && isGrpcContentType(headers.getId(HEADER_CONTENT_TYPE));
    this.stats?.ended(headers);
    if (endStream) this.recordTime(stream);
    return CONTINUE;
  }

  onResponseData(stream: FilterStream, address: number, length: number): FilterStatus {
    if (!this.answersCall) return CONTINUE;
    const begun = this.responses.count(this.memory.subarray(address, address + length));
    if (begun > 0) {
      this.responseMessages += begun;
      this.stats?.responseMessages(begun);
      this.emit(stream);
    }
    return CONTINUE;
  }

  onResponseTrailers(stream: FilterStream, trailers: HeaderMap): FilterStatus {
    if (!this.isCall) return CONTINUE;
    this.stats?.ended(trailers);
    this.recordTime(stream);
    return CONTINUE;
  }

  private emit(stream: FilterStream): void {
    if (!this.config.emitsFilterState) return;
    const { requestMessages, responseMessages } = this;
    stream.setFilterState(NAME, {
      text: `${requestMessages},${responseMessages}`,
      message: {
        ...(requestMessages > 0 ? { requestMessageCount: String(requestMessages) } : {}),
        ...(responseMessages > 0 ? { responseMessageCount: String(responseMessages) } : {}),
      },
    });
  }

  private recordTime({ info }: FilterStream): void {
    if (!this.config.recordsTime || info.upstreamLastTxMs < 0 || info.upstreamLastRxMs < 0) return;
    this.stats?.recordTime(info.upstreamLastRxMs - info.upstreamLastTxMs);
  }
}

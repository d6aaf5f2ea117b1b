/**
 * The contract of an HTTP filter (decision 11): two statuses; everything else is a verb on the stream.
 *
 *   request:   onRequestHeaders -> onRequestData* -> onRequestTrailers?      down the chain, the last one is `router`
 *   response:  onResponseHeaders -> onResponseData* -> onResponseTrailers?   up the chain, in reverse order
 *   end:       onStreamEnd, once, on every path
 *
 * A filter object serves all streams of its chain. What belongs to one stream lives in the object that `onStream`
 * returns for it; a filter without per-stream state leaves `onStream` out and costs nothing per stream.
 */

import type { Timers } from "../net/clock.ts";
import type { Scope } from "../stats/scope.ts";
import type { FilterState } from "../stream_info/filter_state.ts";
import type { StreamInfo } from "../stream_info/stream_info.ts";
import type { ClusterManager } from "../upstream/cluster_manager.ts";
import type { HeaderMap } from "../wasm/header_view.ts";

/** Go on to the next filter. */
export const CONTINUE = 0;
/** Stay here until the filter calls `stream.continueRequest()` or `continueResponse()`. Body that comes meanwhile waits. */
export const STOP = 1;
export type FilterStatus = typeof CONTINUE | typeof STOP;

/**
 * Body bytes on their way: `length` bytes of core memory at `address`, valid during the callback alone.
 * Who wants to keep them copies them.
 */
export interface HttpFilter {
  onRequestHeaders?(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus;
  onRequestData?(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus;
  onRequestTrailers?(stream: FilterStream, trailers: HeaderMap): FilterStatus;
  onResponseHeaders?(stream: FilterStream, headers: HeaderMap, endStream: boolean): FilterStatus;
  onResponseData?(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus;
  onResponseTrailers?(stream: FilterStream, trailers: HeaderMap): FilterStatus;
  /** The client reads too slowly: stop producing response bytes until `onDownstreamDrained`. */
  onDownstreamBlocked?(stream: FilterStream): void;
  onDownstreamDrained?(stream: FilterStream): void;
  /** The stream is over, however it ended. */
  onStreamEnd?(stream: FilterStream): void;
  /** A filter with per-stream state returns the object that serves this stream. */
  onStream?(stream: FilterStream): HttpFilter;
}

/**
 * What a filter may make of a message beside letting it pass: each verb is for inside the callback that it names, and what it says
 * is seen by the filters behind and never by those before. Bytes may be of any length; they are the filter's no longer.
 */
export interface BodyEdit {
  /** Headers, before returning STOP: the body is shown all the same. CONTINUE for a part of it lets the headers go on, too. */
  watch(): void;
  /** Data: these bytes go on in place of those that were shown. Nothing but the end of the message goes on for none. */
  replace(bytes: Uint8Array): void;
  /** Headers that end the message, or trailers: these bytes go behind the headers or before the trailers. */
  append(bytes: Uint8Array): void;
  /** Headers or data that end the message: trailers end it instead. Empty ones, or null: the core has no block left. */
  addTrailers(): HeaderMap | null;
  /** Trailers: the message ends without them, with what `append` says or with an empty piece. */
  dropTrailers(): void;
}

/** What a filter may ask of the stream it serves. */
export interface FilterStream {
  readonly info: StreamInfo;
  readonly requestBody: BodyEdit;
  readonly responseBody: BodyEdit;
  readonly requestHeaders: HeaderMap;
  /** The answer to the route match; null: no route. Matching again is `clearRouteCache` + the next read. */
  routeConfig<T>(filterName: string): T | undefined;
  /** All levels of it that the route has, least specific first: for filters that merge them. */
  routeConfigs<T>(filterName: string): readonly T[];
  /** Name of the cluster to which the route leads; empty: to none. */
  readonly routedCluster: string;
  clearRouteCache(): void;
  continueRequest(): void;
  continueResponse(): void;
  /**
   * Before returning STOP for the headers: lets the whole request body gather in front of this filter; more than
   * `maxBytes` is answered 413. When it is complete the request goes on by itself, and `onRequestData` sees the body.
   */
  bufferRequest(maxBytes: number): void;
  /** Answers for the upstream. `details` is Envoy's response code details. */
  sendLocalReply(
    status: number,
    body: string,
    details: string,
    flags: number,
    /** May add fields to the head. */
    edit?: (headers: HeaderMap) => void,
    /** What a client of gRPC is told; without it, what `status` means there. */
    grpcStatus?: number,
  ): void;
  setFlag(bits: number): void;
  /** Leaves something with the stream for access logs; what was there under this key goes. */
  setFilterState(key: string, state: FilterState): void;
}

/** What a factory is given when a chain is built, once per worker and config. */
export interface HttpFilterContext {
  /** `http.<stat_prefix>.` of the connection manager. */
  readonly scope: Scope;
  readonly timers: Timers;
  readonly clusters: ClusterManager;
  readonly statPrefix: string;
  /** The name in `http_filters`: what per-route config is found by. */
  readonly filterName: string;
  /** Core memory: where the data of callbacks lie. */
  readonly memory: Uint8Array;
  /** 32 bits, from the worker's seed. */
  random(): number;
}

/** One row of `filters/registry.ts`. `C` is the decoded, immutable configuration. */
export interface HttpFilterFactory<C> {
  /** Envoy's name: `envoy.filters.http.buffer`. */
  readonly name: string;
  /** Full names of the config messages, without the type URL's prefix. */
  readonly typeNames: readonly string[];
  /** The same of its per-route config. */
  readonly routeTypeNames?: readonly string[];
  /** The canonical tree of the config door -> C. Throws ConfigError. */
  decode(config: object): C;
  /** Per-route config, if the filter has one. */
  decodeRoute?(config: object): unknown;
  create(config: C, context: HttpFilterContext): HttpFilter;
  /** A terminal filter ends its chain: `router`. What it may do more: terminal_stream.ts. */
  readonly isTerminal?: boolean;
}

/**
 * What the filter at the end of a chain (`router`) may do, beyond `FilterStream`: know the request's route, give the answer,
 * pause the client, and note what it learns of the upstream.
 */

import type { Metadata } from "../config/types/core.ts";
import type { Address } from "../net/address.ts";
import type { RouteEntry } from "../route/route_entry.ts";
import type { VirtualCluster } from "../route/virtual_cluster.ts";
import type { UpstreamInfo } from "../stream_info/stream_info.ts";
import type { UpstreamWorker } from "../upstream/upstream_worker.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import type { FilterStream, HttpFilter } from "./filter.ts";

/** The filter that ends a chain: `HttpFilterFactory.isTerminal`. */
export interface TerminalFilter extends HttpFilter {
  onStream(stream: TerminalStream): HttpFilter;
}

export interface TerminalStream extends FilterStream, UpstreamFacts {
  readonly worker: UpstreamWorker;

  // --- the request

  /** METHOD_... */
  readonly method: number;
  /** It asks for an upgrade, or is a CONNECT. */
  readonly isUpgrade: boolean;
  /** It came with a content type of gRPC. */
  readonly isGrpc: boolean;
  readonly requestEnded: boolean;
  /** When its last byte came, NEVER before. */
  readonly requestEndMs: number;
  /** Matches again after `clearRouteCache`; before this is called, `route` is of the head that was matched last. */
  ensureRoute(): void;
  /** Null: no route. */
  readonly route: RouteEntry | null;
  readonly flow: RequestFlow;

  // --- the answer

  /** Its head has left. */
  readonly responseStarted: boolean;
  /** It is the proxy's own; what an upstream still says has no reader. */
  readonly repliesItself: boolean;
  responseCodeDetails: string;
  /** An empty head for an answer of our own; null: the core has no block left. */
  newResponse(): HeaderMap | null;
  /** Takes over the head that came from the upstream. */
  takeResponse(block: number): HeaderMap;
  /** The head of `newResponse` or `takeResponse` goes up the chain. */
  respondHeaders(status: number, endStream: boolean): void;
  respondData(address: number, length: number, endStream: boolean): void;
  respondTrailers(block: number): void;
  /** An informational response (1xx); takes the block over. */
  respondInformational(block: number, status: number): void;
  /** The head of `newResponse()` with a ready body. */
  respondBytes(status: number, body: Uint8Array | undefined, details: string): void;
  /** Gives up in the middle of a response: the client sees the connection end. */
  abort(details: string): void;
  /** Puts bytes into core memory for as long as one callback needs them; their address. */
  lend(bytes: Uint8Array): number;
}

/** Pauses the client. */
export interface RequestFlow {
  /** As many `resumeRequest` calls, or the end of the stream, let the client go on. */
  pauseRequest(): void;
  resumeRequest(): void;
  /** Notes that the client has to wait for the upstream, or no longer. */
  countPause(): void;
  countResume(): void;
}

/** What access logs and `explain` read of the upstream. Moments are those of the worker's clock. */
interface UpstreamFacts {
  upstream: UpstreamInfo | null;
  upstreamSocket: { readonly local: Address } | null;
  virtualCluster: VirtualCluster | null;
  attemptCount: number;
  upstreamFirstTxMs: number;
  upstreamLastTxMs: number;
  upstreamFirstRxMs: number;
  upstreamLastRxMs: number;
  upstreamWireBytesSent: number;
  upstreamWireBytesReceived: number;
  upstreamTransportFailureReason: string;
  /** The cluster is found. */
  onCluster(cluster: { readonly name: string; readonly config: { readonly metadata?: Metadata } }): void;
  /** The request gets a connection. */
  onUpstream(connection: {
    readonly id: number;
    readonly protocol: number;
    readonly socket: { readonly local: Address };
  }): void;
}

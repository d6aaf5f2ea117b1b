/**
 * What is known of a stream: the part of it that access logs, header formatters and `explain` read. The stream (stream.ts)
 * writes it as it lives, the router what it learns of the upstream.
 */

import type { Metadata } from "../config/types/core.ts";
import type { Address } from "../net/address.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { RouteEntry } from "../route/route_entry.ts";
import type { VirtualCluster } from "../route/virtual_cluster.ts";
import type { FilterState } from "../stream_info/filter_state.ts";
import type { FilterMetadata, MetadataKind } from "../stream_info/metadata.ts";
import {
  type ConnectionInfo,
  NEVER,
  PROTOCOL_HTTP11,
  PROTOCOL_NONE,
  type StreamInfo,
  type UpstreamInfo,
} from "../stream_info/stream_info.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import { HEADER_AUTHORITY, HEADER_PATH } from "../wasm/layout.gen.ts";
import { ForwardedConnection } from "./forwarded_connection.ts";
import type { HttpWorker } from "./http_worker.ts";
import type { ServerExchange } from "./server_exchange.ts";

/** What is asked of the socket to the upstream. */
interface UpstreamSocketFacts {
  readonly local: Address;
  readonly tls: TlsFacts | null;
}

interface UpstreamConnectionFacts {
  readonly id: number;
  /** PROTOCOL_... */
  readonly protocol: number;
  readonly socket: UpstreamSocketFacts;
}

export abstract class StreamFacts implements StreamInfo {
  readonly worker: HttpWorker;
  /** The connection under the stream, or its own share of one. */
  http!: ServerExchange;
  readonly requestHeaders: HeaderMap;
  protected readonly responseMap: HeaderMap;
  protected readonly responseTrailerMap: HeaderMap;
  route: RouteEntry | null = null;

  protocol = PROTOCOL_HTTP11;
  startMs = 0;
  requestEndMs = NEVER;
  upstreamFirstTxMs = NEVER;
  upstreamLastTxMs = NEVER;
  upstreamFirstRxMs = NEVER;
  upstreamLastRxMs = NEVER;
  downstreamFirstTxMs = NEVER;
  downstreamLastTxMs = NEVER;
  endMs = NEVER;
  bytesReceived = 0;
  bytesSent = 0;
  requestHeaderBytes = 0;
  responseHeaderBytes = 0;
  upstreamWireBytesSent = 0;
  upstreamWireBytesReceived = 0;
  responseCode = 0;
  responseCodeDetails = "";
  responseFlags = 0;
  upstream: UpstreamInfo | null = null;
  /** The socket of the upstream connection: it knows our end. */
  upstreamSocket: UpstreamSocketFacts | null = null;
  upstreamConnectionId = 0;
  upstreamProtocol = PROTOCOL_NONE;
  upstreamTransportFailureReason = "";
  attemptCount = 0;
  clusterName = "";
  /** Where the router counts it; null: the virtual host names none, or it did not get there. */
  virtualCluster: VirtualCluster | null = null;
  private clusterMetadata: FilterMetadata | undefined;
  private filterStates: Map<string, FilterState> | null = null;
  /** The client as x-forwarded-for tells it, by `forwardRequest`; empty: the socket's peer. */
  forwardedClient = "";
  private wireReceivedAtStart = 0;
  private wireSentAtStart = 0;

  constructor(worker: HttpWorker) {
    this.worker = worker;
    this.requestHeaders = new HeaderMap(worker.core);
    this.responseMap = new HeaderMap(worker.core);
    this.responseTrailerMap = new HeaderMap(worker.core);
  }

  /** A new life: nothing is known yet. */
  protected beginFacts(http: ServerExchange): void {
    this.http = http;
    this.route = null;
    this.startMs = this.worker.clock.now();
    this.requestEndMs = NEVER;
    this.upstreamFirstTxMs = NEVER;
    this.upstreamLastTxMs = NEVER;
    this.upstreamFirstRxMs = NEVER;
    this.upstreamLastRxMs = NEVER;
    this.downstreamFirstTxMs = NEVER;
    this.downstreamLastTxMs = NEVER;
    this.endMs = NEVER;
    this.bytesReceived = 0;
    this.bytesSent = 0;
    this.requestHeaderBytes = 0;
    this.responseHeaderBytes = 0;
    this.upstreamWireBytesSent = 0;
    this.upstreamWireBytesReceived = 0;
    this.responseCode = 0;
    this.responseCodeDetails = "";
    this.responseFlags = 0;
    this.upstream = null;
    this.upstreamSocket = null;
    this.upstreamConnectionId = 0;
    this.upstreamProtocol = PROTOCOL_NONE;
    this.upstreamTransportFailureReason = "";
    this.attemptCount = 0;
    this.clusterName = "";
    this.virtualCluster = null;
    this.clusterMetadata = undefined;
    this.filterStates = null;
    this.forwardedClient = "";
    this.wireReceivedAtStart = http.wireBytesReceived;
    this.wireSentAtStart = http.wireBytesSent;
  }

  get connection(): ConnectionInfo {
    return this.forwardedClient === "" ? this.http.info : new ForwardedConnection(this.http.info, this.forwardedClient);
  }

  get startWallMs(): number {
    return this.worker.clock.wallAt(this.startMs);
  }

  get downstreamWireBytesReceived(): number {
    return this.http.wireBytesReceived - this.wireReceivedAtStart;
  }

  get downstreamWireBytesSent(): number {
    return this.http.wireBytesSent - this.wireSentAtStart;
  }

  get responseHeaders(): HeaderMap | null {
    return this.responseMap.isAttached ? this.responseMap : null;
  }

  get responseTrailers(): HeaderMap | null {
    return this.responseTrailerMap.isAttached ? this.responseTrailerMap : null;
  }

  get upstreamLocalAddress(): string {
    return this.upstreamSocket?.local.text ?? "";
  }

  get upstreamTls(): TlsFacts | null {
    return this.upstreamSocket?.tls ?? null;
  }

  get routeName(): string {
    return this.route?.name ?? "";
  }

  get virtualHostName(): string {
    return this.route?.virtualHost.name ?? "";
  }

  get virtualClusterName(): string {
    return this.virtualCluster?.name ?? "";
  }

  /** The router has found its cluster. */
  onCluster({ name, config }: { readonly name: string; readonly config: { readonly metadata?: Metadata } }): void {
    this.clusterName = name;
    this.clusterMetadata = config.metadata?.filter_metadata;
  }

  metadataOf(kind: MetadataKind): FilterMetadata | undefined {
    switch (kind) {
      case "ROUTE":
        return this.route?.metadata;
      case "VIRTUAL_HOST":
        return this.route?.virtualHost.metadata;
      case "CLUSTER":
        return this.clusterMetadata;
      case "UPSTREAM_HOST":
        return this.upstream?.metadata;
      case "LISTENER":
        return this.connection.listenerMetadata;
      case "DYNAMIC":
        return undefined; // No HTTP filter that we have sets any, and what listener filters set is the connection's.
    }
  }

  setFilterState(key: string, state: FilterState): void {
    this.filterStates ??= new Map();
    this.filterStates.set(key, state);
  }

  filterState(key: string): FilterState | undefined {
    return this.filterStates?.get(key);
  }

  /** The request gets a connection. */
  onUpstream({ id, protocol, socket }: UpstreamConnectionFacts): void {
    this.upstreamConnectionId = id;
    this.upstreamProtocol = protocol;
    this.upstreamSocket = socket;
    this.virtualCluster?.rqTotal.inc();
  }

  get requestId(): string {
    return this.requestHeaders.isAttached ? (this.requestHeaders.get("x-request-id") ?? "") : "";
  }

  get path(): string {
    return this.requestHeaders.isAttached ? (this.requestHeaders.getId(HEADER_PATH) ?? "") : "";
  }

  get authority(): string {
    return this.requestHeaders.isAttached ? (this.requestHeaders.getId(HEADER_AUTHORITY) ?? "") : "";
  }

  nowMs(): number {
    return this.worker.clock.now();
  }
}

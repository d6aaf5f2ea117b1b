/**
 * A connection as the access logs of its listener see it when it has ended, be it that it never got to its filters. A raw
 * connection is its own record; of one that carried streams its connection is told here.
 */

import type { Clock } from "../net/clock.ts";
import type { FilterMetadata, MetadataKind } from "../stream_info/metadata.ts";
import { NO_ROUTE_FOUND } from "../stream_info/response_flags.ts";
import { type ConnectionInfo, NEVER, PROTOCOL_NONE, type StreamInfo } from "../stream_info/stream_info.ts";
import type { ConnectionTotals } from "../tcp/downstream.ts";

/** What a connection carried, and how it ended where that has a name. */
export interface ConnectionEnd extends ConnectionTotals {
  readonly flags?: number;
  readonly details?: string;
}

export const NO_TOTALS: ConnectionEnd = { bytesReceived: 0, bytesSent: 0, protocol: PROTOCOL_NONE };
/** No filter chain would have it. */
export const UNMATCHED: ConnectionEnd = { ...NO_TOTALS, flags: NO_ROUTE_FOUND, details: "filter_chain_not_found" };

export function connectionRecord(connection: ConnectionInfo, end: ConnectionEnd, clock: Clock): StreamInfo {
  const { acceptedMs } = connection;
  const nowMs = clock.now();
  return {
    connection,
    protocol: end.protocol,
    startWallMs: clock.wallMs() - (nowMs - acceptedMs),
    startMs: acceptedMs,
    requestEndMs: NEVER,
    upstreamFirstTxMs: NEVER,
    upstreamLastTxMs: NEVER,
    upstreamFirstRxMs: NEVER,
    upstreamLastRxMs: NEVER,
    downstreamFirstTxMs: NEVER,
    downstreamLastTxMs: NEVER,
    endMs: nowMs,
    bytesReceived: end.bytesReceived,
    bytesSent: end.bytesSent,
    requestHeaderBytes: 0,
    responseHeaderBytes: 0,
    upstreamWireBytesSent: 0,
    upstreamWireBytesReceived: 0,
    downstreamWireBytesSent: 0,
    downstreamWireBytesReceived: 0,
    responseCode: 0,
    responseCodeDetails: end.details ?? "",
    responseFlags: end.flags ?? 0,
    upstream: null,
    upstreamLocalAddress: "",
    upstreamTls: null,
    upstreamConnectionId: 0,
    upstreamProtocol: 0,
    upstreamTransportFailureReason: "",
    attemptCount: 0,
    clusterName: "",
    routeName: "",
    virtualHostName: "",
    virtualClusterName: "",
    requestId: "",
    requestHeaders: null,
    responseHeaders: null,
    responseTrailers: null,
    metadataOf: (kind: MetadataKind): FilterMetadata | undefined =>
      kind === "DYNAMIC" ? connection.facts.metadata : kind === "LISTENER" ? connection.listenerMetadata : undefined,
    filterState: () => undefined,
    nowMs: () => nowMs,
  };
}

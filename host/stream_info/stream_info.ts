/**
 * What is known of a stream or raw connection: what access logs, header formatters and `explain` read.
 * Filled as the stream lives; every field has a value from the start, so that readers need no checks.
 */

import type { Address } from "../net/address.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import type { ConnectionFacts } from "./connection_facts.ts";
import type { FilterState } from "./filter_state.ts";
import type { FilterMetadata, MetadataKind } from "./metadata.ts";

/** `%PROTOCOL%`. */
export const PROTOCOLS = ["-", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"] as const;
export const PROTOCOL_NONE = 0;
export const PROTOCOL_HTTP10 = 1;
export const PROTOCOL_HTTP11 = 2;
export const PROTOCOL_HTTP2 = 3;

/** A moment that has not come. All moments are milliseconds of the worker's monotonic clock. */
export const NEVER = -1;

/** The downstream connection. */
export interface ConnectionInfo {
  /** Unique in the process. */
  readonly id: number;
  /** The peer of the socket. */
  readonly directRemote: Address;
  /** The client: the socket's peer, or who the PROXY header or a trusted x-forwarded-for says. */
  readonly remote: Address;
  readonly local: Address;
  /** What listener filters have learnt. */
  readonly facts: Readonly<ConnectionFacts>;
  /** From TLS; empty without. */
  readonly serverName: string;
  /** Null: the connection is plain. */
  readonly tls: TlsFacts | null;
  readonly filterChainName: string;
  readonly listenerName: string;
  /** Of the listener; undefined without any. */
  readonly listenerMetadata: FilterMetadata | undefined;
  /** Moment at which it was accepted. */
  readonly acceptedMs: number;
  readonly terminationDetails: string;
  /** Milliseconds from its accept to the end of its handshake; NEVER: there was none, or it did not end well. */
  readonly handshakeMs: number;
  /** Why there is no TLS, in Envoy's words; empty: there is, or none was wanted. */
  readonly transportFailure: string;
}

/** The upstream host of a stream, as far as readers care. */
export interface UpstreamInfo {
  /** `127.0.0.1:80` */
  readonly addressText: string;
  /** Name of the endpoint, or the name that was resolved; may be empty. */
  readonly hostname: string;
  readonly metadata: FilterMetadata | undefined;
}

export interface StreamInfo {
  /** HTTP or raw TCP. */
  readonly connection: ConnectionInfo;
  readonly protocol: number;
  /** Milliseconds since the epoch at the start. */
  readonly startWallMs: number;
  readonly startMs: number;
  /** The last byte of the request arrived. */
  readonly requestEndMs: number;
  readonly upstreamFirstTxMs: number;
  readonly upstreamLastTxMs: number;
  readonly upstreamFirstRxMs: number;
  readonly upstreamLastRxMs: number;
  readonly downstreamFirstTxMs: number;
  readonly downstreamLastTxMs: number;
  readonly endMs: number;
  /** Body bytes from and to the client (for TCP: all bytes). */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly requestHeaderBytes: number;
  readonly responseHeaderBytes: number;
  /** Wire bytes on the upstream connection. */
  readonly upstreamWireBytesSent: number;
  readonly upstreamWireBytesReceived: number;
  readonly downstreamWireBytesSent: number;
  readonly downstreamWireBytesReceived: number;
  /** 0 while there is no response. */
  readonly responseCode: number;
  /** Envoy's response code details, empty while unknown. */
  readonly responseCodeDetails: string;
  readonly responseFlags: number;
  readonly upstream: UpstreamInfo | null;
  /** Address of our end of the upstream connection as text, empty without one. */
  readonly upstreamLocalAddress: string;
  /** Null: the upstream connection is plain, or there is none. */
  readonly upstreamTls: TlsFacts | null;
  readonly upstreamConnectionId: number;
  /** PROTOCOL_... that the upstream is spoken to in; PROTOCOL_NONE without a connection, and for raw TCP. */
  readonly upstreamProtocol: number;
  readonly upstreamTransportFailureReason: string;
  readonly attemptCount: number;
  /** The cluster that the route chose, also when no host could be picked. */
  readonly clusterName: string;
  readonly routeName: string;
  readonly virtualHostName: string;
  /** Empty without one. */
  readonly virtualClusterName: string;
  /** x-request-id, empty without one. */
  readonly requestId: string;
  /** Null for raw TCP, and where the head never became complete. */
  readonly requestHeaders: HeaderMap | null;
  readonly responseHeaders: HeaderMap | null;
  readonly responseTrailers: HeaderMap | null;
  metadataOf(kind: MetadataKind): FilterMetadata | undefined;
  /** Undefined: no filter has left any under this key. */
  filterState(key: string): FilterState | undefined;
  /** The worker's clock, for operators that ask for "now". */
  nowMs(): number;
}

/** An accepted connection: its socket and what is known of it, until the terminal filter of its chain says that it is over. */

import type { Address } from "../net/address.ts";
import type { Socket } from "../net/socket.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";
import type { FilterMetadata } from "../stream_info/metadata.ts";
import type { ConnectionInfo, StreamInfo } from "../stream_info/stream_info.ts";

/** Whom the connection tells that it is over. */
export interface DownstreamOwner {
  /** @param end what the connection was, as its terminal filter knows it: a raw connection is a stream itself */
  onConnectionClosed(connection: DownstreamConnection, end: ConnectionTotals | StreamInfo): void;
}

/** What a connection carried. */
export interface ConnectionTotals {
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** PROTOCOL_... */
  readonly protocol: number;
}

export class DownstreamConnection implements ConnectionInfo {
  readonly id: number;
  readonly socket: Socket;
  readonly acceptedMs: number;
  readonly listenerName: string;
  readonly listenerMetadata: FilterMetadata | undefined;
  readonly filterChainName: string;
  readonly facts: Readonly<ConnectionFacts>;
  readonly tls: TlsFacts | null;
  readonly handshakeMs: number;
  readonly transportFailure = "";
  terminationDetails = "";
  /** Null once it is over: who remembers the connection shall not hold its whole filter chain. */
  private owner: DownstreamOwner | null;

  constructor(
    id: number,
    socket: Socket,
    acceptedMs: number,
    listener: { readonly name: string; readonly metadata: FilterMetadata | undefined },
    filterChainName: string,
    facts: Readonly<ConnectionFacts>,
    tls: TlsFacts | null,
    handshakeMs: number,
    owner: DownstreamOwner,
  ) {
    this.id = id;
    this.socket = socket;
    this.acceptedMs = acceptedMs;
    this.listenerName = listener.name;
    this.listenerMetadata = listener.metadata;
    this.filterChainName = filterChainName;
    this.facts = facts;
    this.tls = tls;
    this.handshakeMs = handshakeMs;
    this.owner = owner;
  }

  get directRemote(): Address {
    return this.socket.remote;
  }

  get remote(): Address {
    return this.facts.remote ?? this.socket.remote;
  }

  get local(): Address {
    return this.facts.local ?? this.socket.local;
  }

  /** As Envoy, what a listener filter has found, and nothing without one. */
  get serverName(): string {
    return this.facts.serverName;
  }

  /** Called by the terminal filter, once. */
  closed(end: ConnectionTotals | StreamInfo): void {
    const { owner } = this;
    this.owner = null;
    owner?.onConnectionClosed(this, end);
  }
}

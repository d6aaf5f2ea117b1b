/** A connection whose client is another than the socket's peer: x-forwarded-for says so, from a proxy that is trusted. */

import { type Address, ipAddress } from "../net/address.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";
import type { FilterMetadata } from "../stream_info/metadata.ts";
import type { ConnectionInfo } from "../stream_info/stream_info.ts";

export class ForwardedConnection implements ConnectionInfo {
  readonly remote: Address;
  private readonly base: ConnectionInfo;

  /** @param client an IP address without port */
  constructor(base: ConnectionInfo, client: string) {
    this.base = base;
    // The header names no port: Envoy shows 0.
    this.remote = ipAddress(client, 0) ?? base.remote;
  }

  get id(): number {
    return this.base.id;
  }

  get directRemote(): Address {
    return this.base.directRemote;
  }

  get local(): Address {
    return this.base.local;
  }

  get facts(): Readonly<ConnectionFacts> {
    return this.base.facts;
  }

  get serverName(): string {
    return this.base.serverName;
  }

  get tls(): TlsFacts | null {
    return this.base.tls;
  }

  get filterChainName(): string {
    return this.base.filterChainName;
  }

  get listenerName(): string {
    return this.base.listenerName;
  }

  get listenerMetadata(): FilterMetadata | undefined {
    return this.base.listenerMetadata;
  }

  get acceptedMs(): number {
    return this.base.acceptedMs;
  }

  get handshakeMs(): number {
    return this.base.handshakeMs;
  }

  get transportFailure(): string {
    return this.base.transportFailure;
  }

  get terminationDetails(): string {
    return this.base.terminationDetails;
  }
}

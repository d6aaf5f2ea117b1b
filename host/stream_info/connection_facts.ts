/** What is known of an accepted connection before its filters begin. Listener filters write it, a chain's match reads it. */

import type { Json } from "../config/types/core.ts";
import type { Address } from "../net/address.ts";
import type { ProxyTlv } from "../net/proxy_protocol.ts";

/** What a PROXY header said, for those who pass it on. */
export interface ProxiedConnection {
  readonly source: Address;
  readonly destination: Address;
  readonly tlvs: readonly ProxyTlv[];
}

export class ConnectionFacts {
  /** The client, where it is another than the socket's peer; else null. */
  remote: Address | null = null;
  /** Where the client meant to go, where that is not our end of the socket; else null. */
  local: Address | null = null;
  /** `tls`, `raw_buffer`; empty: nobody has looked. */
  transportProtocol = "";
  /** In lower case; empty: none, or nobody has looked. */
  serverName = "";
  applicationProtocols: readonly string[] = [];
  ja3 = "";
  ja4 = "";
  /** Null: there was no header. */
  proxied: ProxiedConnection | null = null;
  /** Dynamic metadata, by namespace. */
  metadata: Record<string, Record<string, Json>> | undefined = undefined;

  /** The first value of a key stays. */
  setMetadata(namespace: string, key: string, value: Json): void {
    this.metadata ??= {};
    this.metadata[namespace] ??= {};
    const values = this.metadata[namespace];
    if (!Object.hasOwn(values, key)) values[key] = value;
  }
}

/** Of connections that nobody looks at. */
export const NO_FACTS: Readonly<ConnectionFacts> = Object.freeze(new ConnectionFacts());

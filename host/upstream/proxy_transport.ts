/**
 * envoy.transport_sockets.upstream_proxy_protocol: each connection of a cluster begins with a PROXY header that says on whose behalf it is
 * made. What goes out for one client never travels for another: connections for requests are kept apart by the addresses in the header.
 */

import type { Cluster } from "../config/types/cluster.ts";
import type { Any } from "../config/types/core.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { ProxyTlv } from "../net/proxy_protocol.ts";
import { proxyBinary, proxyLine } from "../net/proxy_protocol_header.ts";
import { type Socket, type SocketOwner, WRITE_FAILED } from "../net/socket.ts";
import type { ProxiedConnection } from "../stream_info/connection_facts.ts";
import type { ConnectionInfo } from "../stream_info/stream_info.ts";

const PROXY_TRANSPORT = "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport";

interface ProxyProtocolUpstreamTransport extends Any {
  readonly config?: {
    /** Absent: V1. */
    readonly version?: "V1" | "V2";
    readonly pass_through_tlvs?: {
      readonly match_type?: "INCLUDE_ALL" | "INCLUDE";
      readonly tlv_type?: readonly number[];
    };
    readonly added_tlvs?: readonly { readonly type?: number; readonly value?: string }[];
  };
}

export class ProxyTransport {
  private readonly isBinary: boolean;
  private readonly added: readonly ProxyTlv[];
  private readonly passesOn: (type: number) => boolean;

  constructor({ config = {} }: ProxyProtocolUpstreamTransport) {
    const { version, pass_through_tlvs: passed, added_tlvs: added = [] } = config;
    this.isBinary = version === "V2";
    this.added = added.map(({ type = 0, value = "" }) => ({ type, value: Buffer.from(value, "base64") }));
    const types = new Set(passed?.tlv_type ?? []);
    this.passesOn =
      passed === undefined ? () => false : passed.match_type === "INCLUDE" ? (type) => types.has(type) : () => true;
  }

  /** The first bytes of a connection. */
  header(proxied: ProxiedConnection): Buffer {
    if (!this.isBinary) return proxyLine(proxied);
    return proxyBinary(proxied, [...this.added, ...proxied.tlvs.filter(({ type }) => this.passesOn(type))]);
  }
}

/** Null: its connections begin with what they carry. */
export function proxyTransportOf({
  transport_socket: socket,
}: Pick<Cluster, "transport_socket">): ProxyTransport | null {
  const config = socket?.typed_config;
  return config?.["@type"] === PROXY_TRANSPORT ? new ProxyTransport(config as ProxyProtocolUpstreamTransport) : null;
}

/** On whose behalf a downstream connection is: the client that its own PROXY header named, or its peer. */
export function proxiedOf({ directRemote, facts, local }: ConnectionInfo): ProxiedConnection {
  return facts.proxied ?? { source: facts.remote ?? directRemote, destination: local, tlvs: [] };
}

/** Tells connections apart that may not be shared. Extensions do not, as in Envoy. */
export function proxiedKey({ source, destination }: ProxiedConnection): string {
  return `${source.text} ${destination.text}`;
}

/** Writes a header when the connection stands, and hands the connection to its owner then. */
export class HeaderFirst implements SocketOwner {
  /** Set before anything happens. */
  socket!: Socket;
  private readonly header: Buffer;
  private readonly owner: SocketOwner;

  constructor(header: Buffer, owner: SocketOwner) {
    this.header = header;
    this.owner = owner;
  }

  onConnect(): void {
    const { header, owner, socket } = this;
    socket.owner = owner;
    const slab = { bytes: header, view: (length: number) => header.subarray(0, length), release() {} };
    // Where it cannot be written the socket is closing, and its owner hears of that.
    if (socket.write(slab, header.length) !== WRITE_FAILED) owner.onConnect();
  }

  onClose(reason: CloseReason): void {
    this.owner.onClose(reason);
  }

  onRead(): void {}

  onEnd(): void {}

  onDrain(): void {}
}

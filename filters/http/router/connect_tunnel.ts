/**
 * A CONNECT that ends here (`upgrade_configs` with `connect_config`): what the client says after our 200 goes to a host of the
 * cluster as plain TCP, and back (RFC 9110 9.3.6).
 */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import { NO_HEALTHY_UPSTREAM } from "../../../host/stream_info/response_flags.ts";
import type { Cluster } from "../../../host/upstream/cluster.ts";
import {
  RESET_CONNECTION_TIMEOUT,
  RESET_OVERFLOW,
  RESET_REMOTE_CONNECTION_FAILURE,
  type ResetReason,
} from "../../../host/upstream/reset_reason.ts";
import { type TcpFailure, TcpUpstream, type TcpUpstreamOwner } from "../../../host/upstream/tcp_upstream.ts";
import { HEADER_STATUS } from "../../../host/wasm/layout.gen.ts";

/** Whom the tunnel tells that there is none. */
export interface TunnelOwner {
  /** The client is answered so. */
  count(status: number): void;
  onUpstreamBlocked(): void;
  onUpstreamDrained(): void;
}

export class ConnectTunnel implements TcpUpstreamOwner {
  private readonly stream: TerminalStream;
  private readonly owner: TunnelOwner;
  private peer: TcpUpstream | null = null;

  constructor(stream: TerminalStream, owner: TunnelOwner) {
    this.stream = stream;
    this.owner = owner;
  }

  open(cluster: Cluster): void {
    const upstream = TcpUpstream.open(cluster, this);
    if (typeof upstream === "string") {
      this.onUpstreamFailed(upstream);
      return;
    }
    this.peer = upstream;
    this.stream.upstream = upstream.host;
  }

  /** Bytes of core memory for the upstream, and the client's end: of HTTP/2 it leaves the other direction open (RFC 9113 8.5). */
  send(address: number, length: number, endStream: boolean): void {
    const { peer } = this;
    if (peer === null) return;
    if (length > 0) this.write(peer, address, length);
    if (!endStream) return;
    this.stream.worker.turn.output.flush();
    peer.socket.end();
  }

  private write(peer: TcpUpstream, address: number, length: number): void {
    const { stream } = this;
    const { core, turn } = stream.worker;
    let at = turn.output.room(peer);
    if (turn.output.space < length) {
      turn.output.flush();
      at = turn.output.room(peer);
    }
    core.bytes.copyWithin(at, address, address + length);
    turn.output.commit(length);
    stream.upstreamWireBytesSent += length;
    peer.cluster.stats.cxTxBytes.add(length);
  }

  /** The client has left, or the stream is over. */
  close(): void {
    this.peer?.close(true);
    this.peer = null;
  }

  pauseReading(): void {
    this.peer?.socket.pauseReading();
  }

  resumeReading(): void {
    this.peer?.socket.resumeReading();
  }

  // --- the upstream ----------------------------------------------------------------------------------------------------

  onUpstreamConnected(): void {
    const { stream } = this;
    this.owner.count(200);
    const response = stream.newResponse();
    if (response === null) {
      stream.abort("no_header_block");
      return;
    }
    response.setId(HEADER_STATUS, "200");
    stream.upstreamSocket = this.peer?.socket ?? null;
    stream.responseCodeDetails = "via_upstream";
    stream.respondHeaders(200, false);
  }

  onUpstreamRead(address: number, length: number): void {
    this.stream.upstreamWireBytesReceived += length;
    this.stream.respondData(address, length, false);
  }

  onUpstreamEnd(): void {
    this.stream.respondData(0, 0, true);
  }

  onUpstreamBlocked(): void {
    this.owner.onUpstreamBlocked();
  }

  onUpstreamDrained(): void {
    this.owner.onUpstreamDrained();
  }

  onUpstreamClosed(): void {
    this.peer = null;
    this.stream.respondData(0, 0, true);
  }

  private fail(body: string, details: string, flag: number): void {
    this.owner.count(503);
    this.stream.sendLocalReply(503, body, details, flag);
  }

  onUpstreamFailed(failure: TcpFailure): void {
    this.peer = null;
    if (failure === "no healthy host") {
      this.fail("no healthy upstream", "no_healthy_upstream", NO_HEALTHY_UPSTREAM);
      return;
    }
    const reason = FAILURES[failure];
    this.fail(
      `upstream connect error or disconnect/reset before headers. reset reason: ${reason.text}`,
      `upstream_reset_before_response_started{${reason.details}}`,
      reason.flag,
    );
  }
}

const FAILURES: Readonly<Record<Exclude<TcpFailure, "no healthy host">, ResetReason>> = {
  overflow: RESET_OVERFLOW,
  "connect failure": RESET_REMOTE_CONNECTION_FAILURE,
  "connect timeout": RESET_CONNECTION_TIMEOUT,
};

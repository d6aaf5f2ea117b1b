/**
 * A connection between its accept and its filters: what it says first is read where a chain's match asks for it, the chain is
 * chosen, TLS is agreed on.
 *
 *   accepted --ClientHello, or none wanted--> chain chosen --plain, or handshake done--> handed to the filters
 *        \________ time is up, FIN, no chain, no agreement ________\____> gone
 *
 * Filters see a connection when it can be used, as Envoy's do when it begins: a handshake that fails never reaches them.
 */

import type { Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { Socket } from "../net/socket.ts";
import type { Handshake, HandshakeOwner, TlsServerContext } from "../net/tls/server_context.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { TlsSocket } from "../net/tls/tls_socket.ts";
import type { ClientHello } from "./client_hello.ts";
import type { ListenerStats } from "./listener_stats.ts";
import { type InspectionFailure, type InspectionOwner, type InspectionParts, TlsInspection } from "./tls_inspection.ts";

/** What a chain says about its connections. */
export interface ChainTransport {
  /** Null: plain. */
  readonly tls: TlsServerContext | null;
  /** `transport_socket_connect_timeout`; 0: none. */
  readonly handshakeTimeoutMs: number;
}

export interface ArrivalOwner<C extends ChainTransport> {
  readonly stats: ListenerStats;
  readonly timers: Timers;
  /** Null: no chain needs to know more than the address. */
  readonly inspection: InspectionParts | null;
  chainFor(socket: Socket, hello: ClientHello | null): C | null;
  /** It can be used; the owner takes the socket over. Empty: no server name was sent. */
  onArrived(arrival: Arrival<C>, socket: Socket, chain: C, serverName: string, tls: TlsFacts | null): void;
  /** It is closed. */
  onLost(arrival: Arrival<C>): void;
}

export class Arrival<C extends ChainTransport> implements InspectionOwner, HandshakeOwner, TimerOwner {
  readonly acceptedMs: number;
  private readonly owner: ArrivalOwner<C>;
  private readonly socket: Socket;
  /** Of the handshake; null until there is one to wait for. */
  private timer: Timer | null = null;
  private chain: C | null = null;
  private handshake: Handshake | null = null;
  private isOver = false;

  constructor(owner: ArrivalOwner<C>, socket: Socket, acceptedMs: number) {
    this.owner = owner;
    this.socket = socket;
    this.acceptedMs = acceptedMs;
  }

  begin(): void {
    const { inspection, stats } = this.owner;
    if (inspection === null) {
      this.choose(null, null);
      return;
    }
    stats.preCxActive.inc();
    new TlsInspection(this.socket, inspection, this);
  }

  /** Gives up. */
  close(): void {
    if (this.isOver) return;
    this.handshake?.close();
    if (this.handshake === null) this.socket.close();
    this.lost();
  }

  onInspected(hello: ClientHello | null, read: Buffer): void {
    this.owner.stats.preCxActive.dec();
    if (!this.isOver) this.choose(hello, read);
  }

  onInspectionFailed(failure: InspectionFailure): void {
    const { stats } = this.owner;
    stats.preCxActive.dec();
    if (failure === "timeout") stats.preCxTimeout.inc();
    else if (failure === "remote close") stats.listenerFilterRemoteClose.inc();
    else stats.listenerFilterError.inc();
    this.lost();
  }

  onSecure(socket: TlsSocket): void {
    this.arrived(socket, socket.tls?.serverName ?? "", socket.tls);
  }

  onHandshakeFailed(_reason: CloseReason): void {
    this.lost();
  }

  /** The handshake takes too long. */
  onTimer(): void {
    this.owner.stats.transportSocketConnectTimeout.inc();
    this.close();
  }

  /** @param read what an inspection has read; null: none was made, and the socket is as it was accepted */
  private choose(hello: ClientHello | null, read: Buffer | null): void {
    const { owner, socket } = this;
    const chain = owner.chainFor(socket, hello);
    this.chain = chain;
    if (chain === null) {
      owner.stats.noFilterChainMatch.inc();
      this.close();
    } else if (chain.tls !== null) {
      const { remote, local } = socket;
      const stream = socket.detach();
      if (read !== null) stream.unshift(read);
      // One pinned slab is as much as may wait, as on every connection.
      this.handshake = chain.tls.handshake(stream, remote, local, 0, this);
      if (chain.handshakeTimeoutMs > 0) {
        this.timer = owner.timers.timer(this);
        this.timer.start(chain.handshakeTimeoutMs);
      }
    } else {
      if (read !== null) socket.unread(read);
      this.arrived(socket, hello?.serverName ?? "", null);
      if (read !== null && socket.isOpen) socket.resumeReading();
    }
  }

  private arrived(socket: Socket, serverName: string, tls: TlsFacts | null): void {
    if (this.isOver) {
      socket.close();
      return;
    }
    this.isOver = true;
    this.timer?.release();
    this.owner.onArrived(this, socket, this.chain as C, serverName, tls);
  }

  private lost(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.release();
    this.owner.onLost(this);
  }
}

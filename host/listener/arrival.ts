/**
 * A connection between its accept and its filters: listener filters look at what it says first, the chain is chosen, TLS is
 * agreed on.
 *
 *   accepted --looked at, or nobody looks--> chain chosen --plain, or handshake done--> handed to the filters
 *        \________ time is up, FIN, refused, no chain, no agreement ________\____> gone
 *
 * It counts as a connection of the listener from the choice of its chain on, as in Envoy. Filters see a connection when it can be used, as Envoy's do when it begins: a handshake that fails never reaches them.
 */

import type { Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { Socket } from "../net/socket.ts";
import type { Handshake, HandshakeOwner, TlsServerContext } from "../net/tls/server_context.ts";
import type { TlsFacts } from "../net/tls/tls_facts.ts";
import type { TlsSocket } from "../net/tls/tls_socket.ts";
import { ConnectionFacts, NO_FACTS } from "../stream_info/connection_facts.ts";
import { Inspection, type InspectionFailure, type InspectionOwner } from "./inspection.ts";
import type { ListenerFilters } from "./listener_filters.ts";
import type { ListenerStats } from "./listener_stats.ts";

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
  readonly filters: ListenerFilters;
  /** Addresses of the lost are asked for. */
  readonly logsConnections: boolean;
  chainFor(socket: Socket, facts: Readonly<ConnectionFacts>): C | null;
  /** It has a chain: it counts. */
  onChosen(): void;
  /** It can be used; the owner takes the socket over. */
  onArrived(arrival: Arrival<C>, socket: Socket, chain: C, tls: TlsFacts | null): void;
  /** It is closed, or being closed. */
  onLost(arrival: Arrival<C>, socket: Socket): void;
}

export class Arrival<C extends ChainTransport> implements InspectionOwner, HandshakeOwner, TimerOwner {
  readonly acceptedMs: number;
  /** What listener filters have learnt. */
  facts: Readonly<ConnectionFacts> = NO_FACTS;
  /** Why it is lost: we would not have it any longer. */
  isLocalEnd = false;
  /** The same, of TLS, in Envoy's words; empty: another reason. */
  transportFailure = "";
  hasTimedOut = false;
  /** No chain would have it. */
  isUnmatched = false;
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
    const { owner, socket } = this;
    // It is known as long as the socket is open.
    if (owner.logsConnections) void socket.local;
    const filters = owner.filters.isEmpty ? [] : owner.filters.at(socket.local);
    if (filters.length === 0) {
      this.choose(null);
      return;
    }
    const facts = new ConnectionFacts();
    this.facts = facts;
    owner.stats.preCxActive.inc();
    new Inspection(socket, facts, filters, owner.filters.parts, this);
  }

  /** Null: none was chosen for it. */
  get chosen(): C | null {
    return this.chain;
  }

  /** Gives up. */
  close(): void {
    if (this.isOver) return;
    this.isLocalEnd = true;
    this.handshake?.close();
    if (this.handshake === null) this.socket.close();
    this.lost();
  }

  onInspected(read: Buffer): void {
    this.owner.stats.preCxActive.dec();
    if (!this.isOver) this.choose(read);
  }

  onInspectionFailed(failure: InspectionFailure): void {
    const { stats } = this.owner;
    stats.preCxActive.dec();
    if (failure === "timeout") stats.preCxTimeout.inc();
    else if (failure === "remote close") stats.listenerFilterRemoteClose.inc();
    this.lost();
  }

  onSecure(socket: TlsSocket): void {
    this.arrived(socket, socket.tls);
  }

  onHandshakeFailed({ transportFailure = "" }: CloseReason): void {
    this.transportFailure = transportFailure;
    this.lost();
  }

  /** The handshake takes too long. */
  onTimer(): void {
    this.owner.stats.transportSocketConnectTimeout.inc();
    this.hasTimedOut = true;
    this.close();
  }

  /** @param read what listener filters have left of what they read; null: none looked, and the socket is as it was accepted */
  private choose(read: Buffer | null): void {
    const { owner, socket } = this;
    const chain = owner.chainFor(socket, this.facts);
    if (chain === null) {
      owner.stats.noFilterChainMatch.inc();
      this.isUnmatched = true;
      // Bytes that nobody reads: the kernel resets.
      if (read !== null && read.length > 0) socket.reset();
      this.close();
      return;
    }
    this.chain = chain;
    owner.onChosen();
    if (chain.tls !== null) {
      const { remote, local } = socket;
      const stream = socket.detach();
      if (read !== null) stream.unshift(read);
      // One pinned slab is as much as may wait, as on every connection.
      this.handshake = chain.tls.handshake(stream, remote, local, 0, this, this.facts.serverName);
      if (chain.handshakeTimeoutMs > 0) {
        this.timer = owner.timers.timer(this);
        this.timer.start(chain.handshakeTimeoutMs);
      }
    } else {
      if (read !== null) socket.unread(read);
      this.arrived(socket, null);
      if (read !== null && socket.isOpen) socket.resumeReading();
    }
  }

  private arrived(socket: Socket, tls: TlsFacts | null): void {
    if (this.isOver) {
      socket.close();
      return;
    }
    this.isOver = true;
    this.timer?.release();
    this.owner.onArrived(this, socket, this.chain as C, tls);
  }

  private lost(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.release();
    this.owner.onLost(this, this.socket);
  }
}

/**
 * One downstream connection of an HTTP connection manager, whatever it speaks: its socket, its timers, its end. What is of one protocol stands
 * in http1_server_connection.ts and http2_server_connection.ts; protocol_detection.ts is a connection of which it is not known yet.
 *
 *   serving --last response written, connection to be closed--> lingering --peer's FIN or delayed_close_timeout--> closed
 *
 * While it lingers, what the peer still sends is read and thrown away: a close with unread bytes would reset the connection
 * and could take the answer with it. Our FIN goes out at once where the peer expects the close; where it is our own
 * decision the peer gets the delay to close first, as with Envoy.
 */

import type { Timer, TimerOwner } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import { NO_PLACE, type OutputTarget } from "../net/output.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import type { ConnectionInfo } from "../stream_info/stream_info.ts";
import type { ConnectionManager } from "./connection_manager.ts";
import type { HttpWorker } from "./http_worker.ts";

/** How long the last bytes of an answer may take to leave when streams may idle for ever. */
const FLUSH_TIMEOUT_MS = 300_000;

/** A connection that is drained is closed when no request has come for so long: more than a request needs to get here. */
export const DRAIN_IDLE_MS = 500;

export const REMOTE_DISCONNECT = "downstream_remote_disconnect";
const CHAIN_REMOVED = "downstream_local_disconnect(filter_chain_is_being_removed)";

/** Whom a connection tells that it is gone. */
export interface ConnectionOwner {
  onConnectionClosed(connection: ServerConnection): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly worker: HttpWorker;
  readonly manager: ConnectionManager;
  readonly socket: Socket;
  readonly info: ConnectionInfo;
  /** Handle of the core's record of the peer, for `forwardRequest`; given back at the end. */
  readonly forwardPeer: number;
  readonly owner: ConnectionOwner;
}

export abstract class ServerConnection implements SocketOwner, OutputTarget, TimerOwner {
  readonly worker: HttpWorker;
  readonly manager: ConnectionManager;
  readonly socket: Socket;
  readonly info: ConnectionInfo;
  readonly forwardPeer: number;
  /** Bytes of this connection, both ways. */
  wireBytesReceived = 0;
  wireBytesSent = 0;
  outputPlace = NO_PLACE;
  protected isLingering = false;
  protected isClosed = false;
  protected peerEnded = false;
  protected readonly idleTimer: Timer;
  protected readonly headersTimer: Timer;
  private readonly owner: ConnectionOwner;
  private readonly durationTimer: Timer | null;
  private lingerStartMs = 0;

  constructor({ worker, manager, socket, info, forwardPeer, owner }: ConnectionParts) {
    this.worker = worker;
    this.manager = manager;
    this.socket = socket;
    this.info = info;
    this.forwardPeer = forwardPeer;
    this.owner = owner;
    const { maxConnectionDurationMs } = manager.timeouts;
    this.idleTimer = worker.timers.timer(this);
    this.headersTimer = worker.timers.timer(this);
    this.durationTimer = maxConnectionDurationMs > 0 ? worker.timers.timer(this) : null;
    this.durationTimer?.start(Math.max(maxConnectionDurationMs - (worker.clock.now() - info.acceptedMs), 1));
    this.startIdleTimer();
  }

  /** The listener or the process ends: this connection does so too, once its requests are answered. */
  abstract drain(): void;

  // --- of the protocol -------------------------------------------------------------------------------------------------

  abstract onRead(address: number, length: number): void;
  abstract onEnd(): void;
  abstract onDrain(): void;
  abstract onOutputBlocked(): void;
  /** request_headers_timeout is over. */
  protected abstract onHeadersTimeout(): void;
  /** Nothing was asked for the time that `idleTimer` was started with. */
  protected abstract onIdle(): void;
  /** max_connection_duration is over: it takes no requests from here on, but answers those it has. */
  protected abstract onDurationReached(): void;
  /** Ends the streams that there are; whether there were any. */
  protected abstract endStreams(details: string): boolean;
  /** It will only be read from now on to see its end. */
  protected abstract onLinger(): void;
  /** The connection is gone: what is left of it goes back. */
  protected abstract onGone(): void;

  // --- the socket ------------------------------------------------------------------------------------------------------

  onConnect(): void {}

  onClose(reason: CloseReason): void {
    if (this.isClosed) return;
    const isLocal = reason.kind === "local";
    // Who closes the socket over our head is the listener, at the end of the drain time.
    const withRequest = this.endStreams(isLocal ? CHAIN_REMOVED : REMOTE_DISCONNECT);
    this.closed(isLocal, withRequest);
    this.worker.turn.end();
  }

  onOutputStarved(): void {
    this.socket.reset();
  }

  onTimer(timer: Timer): void {
    if (timer === this.headersTimer) {
      this.manager.stats.rqHeaderTimeout.inc();
      this.onHeadersTimeout();
    } else if (timer === this.durationTimer) {
      this.manager.stats.cxMaxDurationReached.inc();
      this.onDurationReached();
    } else if (this.isLingering) {
      this.lingeredEnough();
    } else {
      this.onIdle();
    }
    this.worker.turn.end();
  }

  // --- for the protocols -----------------------------------------------------------------------------------------------

  protected received(length: number): void {
    this.wireBytesReceived += length;
    this.manager.stats.cxRxBytes.add(length);
  }

  protected wrote(length: number): number {
    this.wireBytesSent += length;
    this.manager.stats.cxTxBytes.add(length);
    return length;
  }

  protected startIdleTimer(): void {
    const { idleMs } = this.manager.timeouts;
    if (idleMs > 0) this.idleTimer.start(idleMs);
  }

  /** Sees to request_headers_timeout. @param headStarted a head has begun and is not whole */
  protected watchHead(headStarted: boolean): void {
    const { requestHeadersMs } = this.manager.timeouts;
    if (requestHeadersMs === 0) return;
    if (!headStarted) this.headersTimer.stop();
    else if (!this.headersTimer.isArmed) this.headersTimer.start(requestHeadersMs);
  }

  /** The peer is gone or has left. */
  protected disconnected(): void {
    if (this.isClosed) return;
    const withRequest = this.endStreams(REMOTE_DISCONNECT);
    this.worker.turn.output.flush();
    this.socket.close();
    this.closed(false, withRequest);
  }

  /** Sends what is gathered, and our FIN now or when the delay is over, and waits for the peer's. */
  protected closeGently(finNow = true): void {
    if (this.isClosed || this.isLingering) return;
    this.worker.turn.output.flush();
    this.idleTimer.stop();
    this.headersTimer.stop();
    if (this.peerEnded && this.socket.pendingBytes === 0) {
      this.close(true);
      return;
    }
    this.isLingering = true;
    this.lingerStartMs = this.worker.clock.now();
    this.onLinger();
    if (this.peerEnded) this.socket.closeAfterFlush();
    else if (finNow) this.socket.end();
    const { delayedCloseMs } = this.manager.timeouts;
    if (delayedCloseMs > 0 || this.socket.pendingBytes > 0) this.idleTimer.start(Math.max(delayedCloseMs, 1));
    else this.close(true);
  }

  /** A client that still reads the last answer is given the time that a stream may be idle. */
  private lingeredEnough(): void {
    const { stats, timeouts } = this.manager;
    const flushMs = timeouts.streamIdleMs || FLUSH_TIMEOUT_MS;
    if (this.socket.pendingBytes > 0 && this.worker.clock.now() - this.lingerStartMs < flushMs) {
      this.idleTimer.start(Math.max(timeouts.delayedCloseMs, 1));
      return;
    }
    stats.cxDelayedCloseTimeout.inc();
    this.close(true);
  }

  protected close(isLocal: boolean, withRequest = false): void {
    if (this.isClosed) return;
    this.worker.turn.output.flush();
    this.socket.close();
    this.closed(isLocal, withRequest);
  }

  private closed(isLocal: boolean, withRequest: boolean): void {
    if (this.isClosed) return;
    this.leave();
    this.worker.core.exports.forwardPeerClose(this.forwardPeer);
    const { stats } = this.manager;
    stats.cxActive.dec();
    stats.cxDestroy.inc();
    (isLocal ? stats.cxDestroyLocal : stats.cxDestroyRemote).inc();
    if (withRequest) {
      stats.cxDestroyActiveRq.inc();
      (isLocal ? stats.cxDestroyLocalActiveRq : stats.cxDestroyRemoteActiveRq).inc();
    }
    stats.cxLengthMs.record(this.worker.clock.now() - this.info.acceptedMs);
    this.owner.onConnectionClosed(this);
  }

  /** This object is done; the connection may live on in another. */
  protected leave(): void {
    this.isClosed = true;
    this.idleTimer.release();
    this.headersTimer.release();
    this.durationTimer?.release();
    this.onGone();
  }
}

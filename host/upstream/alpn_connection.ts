/** A connection whose protocol TLS agrees on (`auto_config`): until then it is only that, and then it hands its socket over to who speaks it. */

import { HTTP2_PROTOCOL } from "../config/alpn.ts";
import type { Timer, TimerOwner } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import type { ConnectionPool, PooledConnection } from "./pooled_connection.ts";
import type { UpstreamExchange } from "./upstream_exchange.ts";

export class AlpnConnection implements PooledConnection, SocketOwner, TimerOwner {
  socket!: Socket;
  readonly startMs: number;
  readonly requests = 0;
  readonly isConnecting = true;
  readonly expectedExchanges: number;
  readonly freeExchanges = 0;
  isReady = false;
  private readonly pool: ConnectionPool;
  private readonly timer: Timer;
  private isOver = false;

  constructor(pool: ConnectionPool, expectedExchanges: number) {
    this.pool = pool;
    this.expectedExchanges = expectedExchanges;
    this.startMs = pool.worker.clock.now();
    this.timer = pool.worker.timers.timer(this);
    const { connectTimeoutMs } = pool.cluster;
    if (connectTimeoutMs > 0) this.timer.start(connectTimeoutMs);
  }

  openExchange(): UpstreamExchange {
    throw new Error("the protocol of this connection is not agreed on yet");
  }

  drain(): void {
    this.close();
  }

  close(): void {
    if (this.isOver) return;
    this.socket.close();
    this.closed(true);
  }

  onConnect(): void {
    this.timer.release();
    const { socket } = this;
    this.pool.onProtocolChosen(this, socket.tls?.alpn === HTTP2_PROTOCOL ? "http2" : "http1", socket);
    this.pool.worker.turn.end();
  }

  onRead(): void {}

  onEnd(): void {}

  onDrain(): void {}

  onClose(reason: CloseReason): void {
    if (this.isOver) return;
    this.closed(false);
    this.pool.onConnectFailed(reason);
    this.pool.worker.turn.end();
  }

  onTimer(): void {
    if (this.isOver) return;
    this.pool.cluster.stats.cxConnectTimeout.inc();
    this.socket.close();
    this.closed(true);
    this.pool.onConnectFailed(null);
    this.pool.worker.turn.end();
  }

  private closed(isLocal: boolean): void {
    this.isOver = true;
    this.timer.release();
    this.pool.onClosed(this, true, isLocal, false);
  }
}

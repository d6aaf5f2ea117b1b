/**
 * PING on an HTTP/2 connection (`connection_keepalive`): at regular times, and ahead of a request after a long silence. One is under way at a time; any frame
 * in time is an answer.
 */

import type { Http2Keepalive as KeepaliveSettings } from "../codec/http2_settings.ts";
import type { Timer, TimerOwner } from "../net/clock.ts";
import type { UpstreamWorker } from "./upstream_worker.ts";

export interface PingedConnection {
  readonly worker: UpstreamWorker;
  ping(first: number, second: number): void;
  /** No answer came. */
  onKeepaliveTimeout(): void;
}

export class Http2Keepalive implements TimerOwner {
  private readonly connection: PingedConnection;
  private readonly settings: KeepaliveSettings;
  private readonly intervalTimer: Timer;
  private readonly answerTimer: Timer;
  private lastReadMs: number;
  private pings = 0;

  constructor(connection: PingedConnection, settings: KeepaliveSettings) {
    const { clock, timers } = connection.worker;
    this.connection = connection;
    this.settings = settings;
    this.intervalTimer = timers.timer(this);
    this.answerTimer = timers.timer(this);
    this.lastReadMs = clock.now();
    this.startInterval();
  }

  /** Something was read. */
  onRead(): void {
    this.lastReadMs = this.connection.worker.clock.now();
    if (!this.answerTimer.isArmed) return;
    this.answerTimer.stop();
    this.startInterval();
  }

  /** A request is about to begin. */
  onRequest(): void {
    const { idleIntervalMs } = this.settings;
    if (idleIntervalMs > 0 && this.connection.worker.clock.now() - this.lastReadMs > idleIntervalMs) this.ping();
  }

  onTimer(timer: Timer): void {
    if (timer === this.intervalTimer) this.ping();
    else this.connection.onKeepaliveTimeout();
    this.connection.worker.turn.end();
  }

  end(): void {
    this.intervalTimer.release();
    this.answerTimer.release();
  }

  private ping(): void {
    if (this.answerTimer.isArmed) return;
    this.connection.ping(0, ++this.pings);
    this.answerTimer.start(this.settings.timeoutMs);
  }

  private startInterval(): void {
    const { intervalMs, jitterMs } = this.settings;
    if (intervalMs === 0) return;
    const jitter = jitterMs > 0 ? (this.connection.worker.random() / 2 ** 32) * jitterMs : 0;
    this.intervalTimer.start(intervalMs + jitter);
  }
}

/**
 * A downstream connection of which it is not known yet what it speaks (`codec_type: AUTO` without ALPN): the first bytes tell, as HTTP/2 begins
 * with a preface that is no request of HTTP/1 (RFC 9113 3.4). Like Envoy it looks at `PRI * HTTP/2`, but it waits for all of it.
 */

import { H2_PREFACE_START, H2_PREFACE_TOLD } from "../wasm/layout.gen.ts";
import { type ConnectionParts, DRAIN_IDLE_MS, ServerConnection } from "./server_connection.ts";

export type SpokenProtocol = "http1" | "http2";

export interface DetectionOwner {
  /** Makes the connection that speaks it, and gives it the socket; null: there is no place for it, and it is closed. */
  onDetected(detection: ProtocolDetection, protocol: SpokenProtocol): ServerConnection | null;
}

export class ProtocolDetection extends ServerConnection {
  readonly parts: ConnectionParts;
  private readonly decider: DetectionOwner;
  /** Bytes of the preface that have come; nothing else has. */
  private matched = 0;
  private isDraining = false;

  constructor(parts: ConnectionParts, decider: DetectionOwner) {
    super(parts);
    this.parts = parts;
    this.decider = decider;
  }

  drain(): void {
    this.endSoon(DRAIN_IDLE_MS);
  }

  onRead(address: number, length: number): void {
    const { bytes } = this.worker.core;
    const before = this.matched;
    const end = Math.min(length, H2_PREFACE_TOLD - before);
    let at = 0;
    while (at < end && bytes[address + at] === bytes[H2_PREFACE_START + before + at]) at++;
    this.matched = before + at;
    if (at < end) this.decide("http1", before, address, length);
    else if (this.matched === H2_PREFACE_TOLD) this.decide("http2", before, address, length);
    else this.watchHead(true);
  }

  /** @param before what had come before this read */
  private decide(protocol: SpokenProtocol, before: number, address: number, length: number): void {
    const connection = this.decider.onDetected(this, protocol);
    if (connection === null) return;
    this.leave();
    if (this.isDraining) connection.drain();
    if (before > 0) {
      const { core, loan } = this.worker;
      // Bytes that are read may be changed where they lie.
      core.bytes.copyWithin(loan.offset, H2_PREFACE_START, H2_PREFACE_START + before);
      connection.onRead(loan.offset, before);
    }
    connection.onRead(address, length);
  }

  /** There is no place for it. */
  giveUp(): void {
    this.socket.reset();
    this.close(true);
  }

  onEnd(): void {
    this.disconnected();
    this.worker.turn.end();
  }

  onDrain(): void {}

  onOutputBlocked(): void {}

  protected onHeadersTimeout(): void {
    this.close(true);
  }

  protected onIdle(): void {
    const { stats, timeouts } = this.manager;
    if (this.isDraining) {
      this.closeGently();
      return;
    }
    stats.cxIdleTimeout.inc();
    this.endSoon(timeouts.drainMs);
  }

  protected onDurationReached(): void {
    this.endSoon(this.manager.timeouts.drainMs);
  }

  /** A request may be on its way to us just now: it is served, and is the last. */
  private endSoon(ms: number): void {
    this.isDraining = true;
    this.idleTimer.start(Math.max(ms, 1));
  }

  protected endStreams(): boolean {
    return false;
  }

  protected onLinger(): void {}

  protected onGone(): void {}
}

/**
 * Envoy's `tls_inspector`: reads the beginning of a connection until it is known whether it is TLS, and for whom.
 *
 *   accepted --reads--> ... --known--> paused --end of the callback--> onInspected, with what was read
 *       \____ time is up, FIN, close, too large ____> onInspectionFailed
 *
 * The verdict waits for the end of the callback in which the last read came: until then another read of the same pass of the
 * event loop may follow, and belongs to what was read.
 */

import type { Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import { type ClientHello, ClientHelloReader } from "./client_hello.ts";
import type { TlsInspectorStats } from "./tls_inspector_stats.ts";

export type InspectionFailure = "timeout" | "remote close" | "error";

export interface InspectionOwner {
  /** @param hello null: it is not TLS, or nothing is known @param read to be given back to the socket, whose reading is paused */
  onInspected(hello: ClientHello | null, read: Buffer): void;
  /** The socket is closed, or being closed by the owner. */
  onInspectionFailed(failure: InspectionFailure): void;
}

export interface InspectionParts {
  readonly timers: Timers;
  /** The worker's core memory, which reads are in. */
  readonly memory: Uint8Array;
  readonly stats: TlsInspectorStats;
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
  /** `continue_on_listener_filters_timeout` */
  readonly continuesOnTimeout: boolean;
}

export class TlsInspection implements SocketOwner, TimerOwner {
  private readonly socket: Socket;
  private readonly parts: InspectionParts;
  private readonly timer: Timer;
  private owner: InspectionOwner | null;
  private readonly reader = new ClientHelloReader();
  /** [0, length) has come; it grows by doubling, so that single bytes cost no more than bytes. */
  private room: Buffer = Buffer.alloc(0);
  private length = 0;
  private isKnown = false;

  constructor(socket: Socket, parts: InspectionParts, owner: InspectionOwner) {
    this.socket = socket;
    this.parts = parts;
    this.owner = owner;
    this.timer = parts.timers.timer(this);
    socket.owner = this;
    if (parts.timeoutMs > 0) this.timer.start(parts.timeoutMs);
  }

  onConnect(): void {}

  onDrain(): void {}

  onRead(address: number, length: number): void {
    const { memory, stats } = this.parts;
    if (this.length + length > this.room.length) {
      this.room = Buffer.concat([this.read], Math.max(2 * this.room.length, this.length + length));
    }
    this.room.set(memory.subarray(address, address + length), this.length);
    this.length += length;
    if (this.isKnown) return;
    const answer = this.reader.read(this.read);
    if (answer === "more") return;
    if (answer === "too large") {
      stats.clientHelloTooLarge.inc();
      this.fail("error");
      this.socket.close();
      return;
    }
    stats.bytesProcessed.record(this.read.length);
    if (answer === "not TLS") {
      stats.tlsNotFound.inc();
      this.known(null);
      return;
    }
    stats.tlsFound.inc();
    (answer.serverName === "" ? stats.sniNotFound : stats.sniFound).inc();
    (answer.protocols.length === 0 ? stats.alpnNotFound : stats.alpnFound).inc();
    this.known(answer);
  }

  /** Whoever goes before it is known is not served. */
  onEnd(): void {
    this.fail("remote close");
    this.socket.close();
  }

  onClose(_reason: CloseReason): void {
    this.fail("remote close");
  }

  onTimer(): void {
    if (this.parts.continuesOnTimeout) {
      this.known(null);
      return;
    }
    this.fail("timeout");
    this.socket.close();
  }

  /** All that has come. */
  private get read(): Buffer {
    return this.room.subarray(0, this.length);
  }

  private known(hello: ClientHello | null): void {
    this.isKnown = true;
    this.timer.stop();
    this.socket.pauseReading();
    queueMicrotask(() => {
      const { owner } = this;
      if (owner === null) return;
      this.owner = null;
      this.timer.release();
      owner.onInspected(hello, this.read);
    });
  }

  private fail(failure: InspectionFailure): void {
    const { owner } = this;
    if (owner === null) return;
    this.owner = null;
    this.timer.release();
    owner.onInspectionFailed(failure);
  }
}

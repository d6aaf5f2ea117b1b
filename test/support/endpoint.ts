/** One end of a connection in the socket suite: sends with respect for watermarks, keeps what it heard. */

import { createHash } from "node:crypto";
import type { CloseReason } from "../../host/net/close_reason.ts";
import type { SlabPool } from "../../host/net/slab_pool.ts";
import {
  type NetOptions,
  type Socket,
  type SocketOwner,
  WRITE_DONE,
  WRITE_FAILED,
  WRITE_PINNED,
} from "../../host/net/socket.ts";

/** What a net under test is made with, and what went wrong in it. */
export interface SocketRoom {
  readonly options: NetOptions;
  readonly slabs: SlabPool;
  readonly faults: unknown[];
}

export class Endpoint implements SocketOwner {
  readonly room: SocketRoom;
  readonly events: string[] = [];
  socket: Socket | null = null;
  closedBy: CloseReason | null = null;
  receivedBytes = 0;
  /** The largest `pendingBytes` seen after a write. */
  pendingMax = 0;
  /** Lengths of the reads. */
  readonly reads: number[] = [];
  /** What an event does beside being noted. */
  whenRead: (bytes: Buffer) => void = () => {};
  whenEnded: () => void = () => {};
  whenConnected: () => void = () => {};
  private readonly chunks: Buffer[] = [];
  private readonly hash = createHash("sha256");
  private outgoing: Uint8Array = new Uint8Array(0);
  private endsWhenSent = false;
  private waiting: { readonly isTrue: () => boolean; readonly resolve: () => void }[] = [];

  constructor(room: SocketRoom) {
    this.room = room;
  }

  /** The socket; an endpoint is asked for it only once it has one. */
  get connection(): Socket {
    if (this.socket === null) throw new Error("this endpoint has no socket yet");
    return this.socket;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** Resolves when the condition holds, looked at after each event. The test's own time limit bounds it. */
  until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ isTrue, resolve }));
  }

  /** Sends all of it, a slab at a time, stopping while the socket is above its high watermark. */
  send(bytes: Uint8Array | string, thenEnd = false): void {
    this.outgoing = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    this.endsWhenSent = thenEnd;
    this.pump();
  }

  /** One write, whose answer the caller looks at. The slab goes back unless it was pinned. */
  writeOnce(bytes: Uint8Array | string): number {
    const slab = this.room.slabs.take();
    if (slab === null) throw new Error("the test ran out of slabs");
    const content = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    slab.bytes.set(content);
    const result = this.connection.write(slab, content.length);
    // A slab that comes back may be overwritten at once: this makes a wrong WRITE_DONE visible to the peer.
    if (result !== WRITE_PINNED) {
      slab.bytes.fill(0xdd, 0, content.length);
      slab.release();
    }
    this.pendingMax = Math.max(this.pendingMax, this.connection.pendingBytes);
    return result;
  }

  onConnect(): void {
    this.note("connect");
    this.whenConnected();
    this.wake();
  }

  onRead(address: number, length: number): void {
    const memory = this.room.options.readBuffer.bytes.buffer;
    const bytes = Buffer.from(new Uint8Array(memory, address, length));
    this.reads.push(length);
    this.receivedBytes += length;
    this.hash.update(bytes);
    if (this.receivedBytes <= 65_536) this.chunks.push(bytes);
    this.whenRead(bytes);
    this.wake();
  }

  onEnd(): void {
    this.note("end");
    this.whenEnded();
    this.wake();
  }

  onDrain(): void {
    this.note("drain");
    this.pump();
    this.wake();
  }

  onClose(reason: CloseReason): void {
    this.note("close");
    this.closedBy = reason;
    this.wake();
  }

  private pump(): void {
    const socket = this.connection;
    while (this.outgoing.length > 0 && !socket.aboveHighWatermark) {
      const slab = this.room.slabs.take();
      if (slab === null) {
        this.room.slabs.notifyOnRelease(() => this.pump());
        return;
      }
      const part = this.outgoing.subarray(0, slab.bytes.length);
      slab.bytes.set(part);
      const result = socket.write(slab, part.length);
      if (result !== WRITE_PINNED) {
        if (result === WRITE_DONE) slab.bytes.fill(0xdd, 0, part.length);
        slab.release();
      }
      if (result === WRITE_FAILED) return;
      this.outgoing = this.outgoing.subarray(part.length);
      this.pendingMax = Math.max(this.pendingMax, socket.pendingBytes);
    }
    if (this.outgoing.length === 0 && this.endsWhenSent) {
      this.endsWhenSent = false;
      socket.end();
    }
  }

  private note(event: string): void {
    if (this.closedBy !== null) throw new Error(`${event} after close`);
    this.events.push(event);
  }

  private wake(): void {
    const ready = this.waiting.filter(({ isTrue }) => isTrue());
    this.waiting = this.waiting.filter((entry) => !ready.includes(entry));
    for (const { resolve } of ready) resolve();
  }
}

/** One end of a connection in memory. See fake_net.ts. */

import type { Address } from "../../host/net/address.ts";
import { CLOSED_BY_BOTH, CLOSED_LOCALLY, type CloseReason, closeReasonOfCode } from "../../host/net/close_reason.ts";
import {
  COPY_BEHIND_PENDING_MAX,
  type NetOptions,
  type OutputSlab,
  type Socket,
  type SocketOwner,
  WRITE_DONE,
  WRITE_FAILED,
  WRITE_PINNED,
  type WriteResult,
} from "../../host/net/socket.ts";
import type { FakeNetwork } from "./fake_net.ts";

const PEER_RESET = closeReasonOfCode("ECONNRESET");

interface PendingWrite {
  readonly slab: OutputSlab | null;
  rest: Uint8Array;
}

/** What travels towards a reader: bytes, then perhaps a FIN or an RST. */
class Inbox {
  readonly segments: Uint8Array[] = [];
  bytes = 0;
  hasFin = false;
  hasReset = false;

  push(bytes: Uint8Array): void {
    this.segments.push(bytes.slice());
    this.bytes += bytes.length;
  }

  /** Moves up to `into.length` bytes out. */
  take(into: Uint8Array): number {
    let length = 0;
    while (length < into.length) {
      const segment = this.segments[0];
      if (segment === undefined) break;
      const part = segment.subarray(0, into.length - length);
      into.set(part, length);
      length += part.length;
      if (part.length === segment.length) this.segments.shift();
      else this.segments[0] = segment.subarray(part.length);
    }
    this.bytes -= length;
    return length;
  }
}

export class FakeSocket implements Socket {
  owner: SocketOwner | null = null;
  readonly remote: Address;
  readonly local: Address;
  isOpen = false;
  pendingBytes = 0;
  aboveHighWatermark = false;
  /** The other end, once connected. */
  peer: FakeSocket | null = null;
  private readonly network: FakeNetwork;
  private readonly options: NetOptions;
  private readonly highBytes: number;
  private readonly inbox = new Inbox();
  private readonly pending: PendingWrite[] = [];
  private reason: CloseReason | null = null;
  private pauses = 0;
  private endAsked = false;
  private finIsOut = false;
  private finIsIn = false;
  private closesWhenFlushed = false;
  private readIsScheduled = false;
  private flushIsScheduled = false;

  constructor(network: FakeNetwork, options: NetOptions, remote: Address, local: Address, highBytes: number) {
    this.network = network;
    this.options = options;
    this.remote = remote;
    this.local = local;
    this.highBytes = highBytes;
    network.sockets.add(this);
  }

  write(slab: OutputSlab, length: number): WriteResult {
    if (this.reason !== null || this.endAsked || this.closesWhenFlushed) return WRITE_FAILED;
    if (this.inbox.hasReset) {
      this.abort(PEER_RESET);
      return WRITE_FAILED;
    }
    const bytes = slab.view(length);
    const mustQueue = this.pendingBytes !== 0 || this.peer === null;
    const taken = mustQueue ? 0 : this.giveToKernel(bytes);
    if (taken === length) return WRITE_DONE;
    const isCopied = mustQueue && length <= COPY_BEHIND_PENDING_MAX;
    const rest = bytes.subarray(taken);
    this.pending.push(isCopied ? { slab: null, rest: rest.slice() } : { slab, rest });
    this.pendingBytes += rest.length;
    if (this.pendingBytes > this.highBytes) this.aboveHighWatermark = true;
    this.scheduleFlush();
    return isCopied ? WRITE_DONE : WRITE_PINNED;
  }

  pauseReading(): void {
    this.pauses++;
  }

  resumeReading(): void {
    if (this.pauses === 0) throw new Error("resumeReading() without pauseReading()");
    this.pauses--;
    this.scheduleRead();
  }

  end(): void {
    if (this.reason !== null || this.endAsked || this.closesWhenFlushed) return;
    this.endAsked = true;
    this.scheduleFlush();
  }

  close(): void {
    if (this.reason !== null) return;
    const hasUnread = this.inbox.bytes > 0;
    this.abort(CLOSED_LOCALLY);
    // As a kernel does: unread bytes at close mean that the peer's data was lost, and that is a reset.
    if (hasUnread) this.peer?.receiveReset();
    else this.peer?.receiveFin();
  }

  closeAfterFlush(): void {
    if (this.reason !== null) return;
    if (this.pendingBytes === 0) this.close();
    else this.closesWhenFlushed = true;
  }

  reset(): void {
    if (this.reason !== null) return;
    this.abort(CLOSED_LOCALLY);
    if (this.remote.kind === "pipe") this.peer?.receiveFin();
    else this.peer?.receiveReset();
  }

  get tls(): null {
    return null;
  }

  unread(): void {
    throw new Error("what was read from this socket cannot be given back");
  }

  detach(): never {
    throw new Error("there is no TLS on this socket");
  }

  setKeepAlive(_idleSeconds: number): void {}

  /** For tests: this end dies of a reason, and the peer hears nothing of it. */
  abort(reason: CloseReason): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.isOpen = false;
    this.network.schedule(() => this.finish(reason));
  }

  /** For tests: bytes that have arrived and were not read. */
  get unreadBytes(): number {
    return this.inbox.bytes;
  }

  /** For the network: both ends are connected now. False when this end has closed meanwhile. */
  join(server: FakeSocket): boolean {
    if (this.reason !== null) {
      this.network.sockets.delete(server);
      return false;
    }
    this.peer = server;
    server.peer = this;
    server.isOpen = true;
    this.network.schedule(() => {
      if (this.reason !== null) return;
      this.isOpen = true;
      this.guard(() => this.owner?.onConnect());
      this.scheduleFlush();
      this.scheduleRead();
    });
    return true;
  }

  /** Runs what an event asks for; a throwing owner costs its socket and is reported. */
  guard(work: () => void): void {
    this.options.onWake();
    try {
      work();
    } catch (error) {
      this.reset();
      this.options.onFault(error);
    }
  }

  private receiveFin(): void {
    this.inbox.hasFin = true;
    this.scheduleRead();
  }

  private receiveReset(): void {
    this.inbox.hasReset = true;
    this.scheduleRead();
  }

  /** Moves what fits into the peer's inbox. Writing to an end that is gone is answered by a reset. */
  private giveToKernel(bytes: Uint8Array): number {
    const peer = this.peer as FakeSocket;
    if (peer.reason !== null) {
      this.receiveReset();
      return bytes.length;
    }
    const room = this.network.kernelBytes - peer.inbox.bytes;
    const taken = Math.min(room, bytes.length);
    if (taken > 0) {
      peer.inbox.push(bytes.subarray(0, taken));
      peer.scheduleRead();
    }
    return taken;
  }

  private scheduleRead(): void {
    if (this.readIsScheduled || this.reason !== null) return;
    this.readIsScheduled = true;
    this.network.schedule(() => {
      this.readIsScheduled = false;
      this.guard(() => this.read());
    });
  }

  private read(): void {
    if (this.reason !== null || !this.isOpen || this.pauses > 0 || this.closesWhenFlushed || this.finIsIn) return;
    const { address, bytes } = this.options.readBuffer;
    const limit = Math.min(bytes.length, this.network.nextReadBytes());
    const length = this.inbox.take(bytes.subarray(0, limit));
    if (length > 0) {
      this.peer?.scheduleFlush();
      this.scheduleRead();
      this.owner?.onRead(address, length);
    } else if (this.inbox.hasReset) {
      this.abort(PEER_RESET);
    } else if (this.inbox.hasFin) {
      this.finIsIn = true;
      this.owner?.onEnd();
      this.closeIfBothEnded();
    }
  }

  private scheduleFlush(): void {
    if (this.flushIsScheduled || this.reason !== null) return;
    this.flushIsScheduled = true;
    this.network.schedule(() => {
      this.flushIsScheduled = false;
      this.guard(() => this.flush());
    });
  }

  private flush(): void {
    if (this.reason !== null || this.peer === null) return;
    if (this.inbox.hasReset) {
      this.abort(PEER_RESET);
      return;
    }
    for (let write = this.pending[0]; write !== undefined; write = this.pending[0]) {
      const taken = this.giveToKernel(write.rest);
      this.pendingBytes -= taken;
      if (taken < write.rest.length) {
        write.rest = write.rest.subarray(taken);
        break;
      }
      this.pending.shift();
      write.slab?.release();
    }
    if (this.pendingBytes === 0) this.flushed();
    if (this.reason === null && this.aboveHighWatermark && this.pendingBytes <= this.highBytes >>> 1) {
      this.aboveHighWatermark = false;
      if (!this.closesWhenFlushed) this.owner?.onDrain();
    }
  }

  private flushed(): void {
    if (this.closesWhenFlushed) {
      this.close();
    } else if (this.endAsked && !this.finIsOut) {
      this.finIsOut = true;
      this.peer?.receiveFin();
      this.closeIfBothEnded();
    }
  }

  private closeIfBothEnded(): void {
    if (this.finIsOut && this.finIsIn) this.abort(CLOSED_BY_BOTH);
  }

  private finish(reason: CloseReason): void {
    this.network.sockets.delete(this);
    this.options.onWake();
    try {
      for (const write of this.pending) write.slab?.release();
      this.pending.length = 0;
      this.pendingBytes = 0;
      const { owner } = this;
      this.owner = null;
      owner?.onClose(reason);
    } catch (error) {
      this.options.onFault(error);
    }
  }
}

/**
 * A socket over `node:net`'s public interface: for a Node whose private handles are not the ones we know.
 *
 * Node reads into chunks of its own; each is copied into the read buffer, in parts where it is longer. What Node has read
 * before a pause takes effect stays in its stream, which holds at most its own watermark (64 KiB) and one chunk.
 */

import type { Socket as NodeSocket } from "node:net";
import { type Address, ipAddressOfSocket, PipeAddress, UNKNOWN_ADDRESS } from "../address.ts";
import { CLOSED_BY_BOTH, CLOSED_LOCALLY, type CloseReason, closeReasonOfCode } from "../close_reason.ts";
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
} from "../socket.ts";
import type { TlsFacts } from "../tls/tls_facts.ts";

export class PortableSocket implements Socket {
  owner: SocketOwner | null = null;
  /** Of a socket that speaks it. */
  tls: TlsFacts | null = null;
  readonly remote: Address;
  isOpen: boolean;
  pendingBytes = 0;
  aboveHighWatermark = false;
  protected readonly highBytes: number;
  private readonly options: NetOptions;
  private readonly stream: NodeSocket;
  /** Set by the first cause of the end; what comes after it is a consequence. */
  private reason: CloseReason | null = null;
  private pauses = 0;
  private endAsked = false;
  private closesWhenFlushed = false;
  /** Pauses in the midst of a chunk reach the stream after it. */
  private isDelivering = false;
  private cachedLocal: Address | null;

  constructor(
    options: NetOptions,
    stream: NodeSocket,
    remote: Address,
    local: Address | null,
    highBytes: number,
    isConnected: boolean,
    opensOn: "connect" | "secureConnect" = "connect",
  ) {
    this.options = options;
    this.stream = stream;
    this.remote = remote;
    this.cachedLocal = local;
    this.highBytes = highBytes;
    this.isOpen = isConnected;
    stream.setNoDelay(true);
    stream.on("data", (chunk: Buffer) => this.guard(() => this.deliver(chunk)));
    stream.on("end", () => this.guard(() => this.readEnded()));
    stream.on("error", (error: NodeJS.ErrnoException) => this.fail(this.reasonOf(error)));
    stream.on("close", () => this.closed());
    if (!isConnected) stream.on(opensOn, () => this.guard(() => this.established()));
  }

  /** Closing or closed. */
  protected get isOver(): boolean {
    return this.reason !== null;
  }

  get local(): Address {
    if (this.cachedLocal === null) this.cachedLocal = localAddress(this.stream, this.remote);
    return this.cachedLocal;
  }

  write(slab: OutputSlab, length: number): WriteResult {
    const { stream } = this;
    if (this.reason !== null || this.endAsked || this.closesWhenFlushed) return WRITE_FAILED;
    const isCopied = length <= COPY_BEHIND_PENDING_MAX && this.copiesSmallWrites;
    const countsAsPending = isCopied ? this.pendingBytes !== 0 || !this.isOpen : true;
    const bytes = isCopied ? slab.view(length).slice() : slab.view(length);
    let isQueued = false;
    stream.write(bytes, () => {
      if (!isQueued) return;
      this.guard(() => {
        if (!isCopied) slab.release();
        this.written(length);
      });
    });
    // Node's own return value speaks of its watermark; only an empty queue means that the kernel has the bytes.
    if (stream.writableLength === 0 && this.isOpen) return stream.errored === null ? WRITE_DONE : WRITE_FAILED;
    isQueued = true;
    this.pendingBytes += length;
    if (countsAsPending && this.pendingBytes > this.highBytes) this.aboveHighWatermark = true;
    return isCopied ? WRITE_DONE : WRITE_PINNED;
  }

  pauseReading(): void {
    this.pauses++;
    if (this.pauses === 1 && !this.isDelivering) this.stream.pause();
  }

  resumeReading(): void {
    if (this.pauses === 0) throw new Error("resumeReading() without pauseReading()");
    this.pauses--;
    if (this.pauses !== 0 || this.isDelivering || this.reason !== null || this.closesWhenFlushed) return;
    this.stream.resume();
  }

  end(): void {
    if (this.reason !== null || this.endAsked || this.closesWhenFlushed) return;
    this.endAsked = true;
    this.stream.end();
  }

  close(): void {
    this.fail(CLOSED_LOCALLY);
  }

  closeAfterFlush(): void {
    if (this.reason !== null) return;
    if (this.pendingBytes === 0) {
      this.close();
      return;
    }
    this.closesWhenFlushed = true;
    this.stream.pause();
  }

  reset(): void {
    if (this.reason !== null) return;
    if (!this.isOpen || this.remote.kind === "pipe") {
      this.fail(CLOSED_LOCALLY);
      return;
    }
    this.reason = CLOSED_LOCALLY;
    this.isOpen = false;
    this.resetStream();
  }

  unread(bytes: Buffer): void {
    if (this.reason === null && bytes.length > 0) this.stream.unshift(bytes);
  }

  detach(): NodeSocket {
    const { stream } = this;
    for (const event of ["data", "end", "error", "close", "connect"]) stream.removeAllListeners(event);
    this.reason = CLOSED_LOCALLY;
    this.isOpen = false;
    this.owner = null;
    stream.pause();
    return stream;
  }

  setKeepAlive(idleSeconds: number): void {
    if (this.reason === null) this.stream.setKeepAlive(idleSeconds > 0, idleSeconds * 1_000);
  }

  /** Closes for a reason; does nothing when closing already. */
  fail(reason: CloseReason): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.isOpen = false;
    this.stream.destroy();
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

  /** Whether a small write is copied now: it must wait. */
  protected get copiesSmallWrites(): boolean {
    return this.pendingBytes !== 0 || !this.isOpen;
  }

  protected reasonOf(error: NodeJS.ErrnoException): CloseReason {
    return closeReasonOfCode(error.code ?? "EIO");
  }

  /** Whether the connection may be used, now that it stands; else it has been failed. */
  protected isAdmitted(): boolean {
    return true;
  }

  /** What `reset` does to a stream that is open. */
  protected resetStream(): void {
    this.stream.resetAndDestroy();
  }

  private established(): void {
    if (this.reason !== null || !this.isAdmitted()) return;
    this.isOpen = true;
    this.owner?.onConnect();
  }

  /** Hands a chunk over in parts. When the owner pauses between two, the stream gets the rest back. */
  private deliver(chunk: Buffer): void {
    const { address, bytes } = this.options.readBuffer;
    let offset = 0;
    this.isDelivering = true;
    try {
      while (offset < chunk.length && this.pauses === 0 && this.reason === null && !this.closesWhenFlushed) {
        const part = chunk.subarray(offset, offset + bytes.length);
        bytes.set(part);
        offset += part.length;
        this.owner?.onRead(address, part.length);
      }
    } finally {
      this.isDelivering = false;
    }
    if (this.pauses === 0 || this.reason !== null) return;
    this.stream.pause();
    if (offset < chunk.length) this.stream.unshift(chunk.subarray(offset));
  }

  private readEnded(): void {
    if (this.reason !== null || this.closesWhenFlushed) return;
    this.owner?.onEnd();
  }

  private written(length: number): void {
    this.pendingBytes -= length;
    if (this.reason !== null) return;
    if (this.closesWhenFlushed) {
      if (this.pendingBytes === 0) this.close();
      return;
    }
    if (this.aboveHighWatermark && this.pendingBytes <= this.highBytes >>> 1) {
      this.aboveHighWatermark = false;
      this.owner?.onDrain();
    }
  }

  private closed(): void {
    this.isOpen = false;
    // Node destroys a stream by itself when both sides have ended.
    const reason = this.reason ?? CLOSED_BY_BOTH;
    this.reason = reason;
    const { owner } = this;
    this.owner = null;
    this.options.onWake();
    try {
      owner?.onClose(reason);
    } catch (error) {
      this.options.onFault(error);
    }
  }
}

function localAddress(stream: NodeSocket, remote: Address): Address {
  if (remote.kind === "pipe") return new PipeAddress("");
  const { localAddress: printed, localPort: port } = stream;
  return printed === undefined ? UNKNOWN_ADDRESS : ipAddressOfSocket(printed, port ?? 0);
}

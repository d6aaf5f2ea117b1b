/**
 * A socket over a raw handle: one JavaScript frame between libuv and the owner, and nothing allocated for a read or for
 * a write that the kernel takes at once.
 *
 *   connecting --onConnected--> open --fail / close / both ended--> closing --onHandleClosed--> closed
 *
 * `closing` is the time between `handle.close()` and libuv's last word: pending writes come back cancelled, their slabs
 * are released, then the owner hears `onClose`.
 */

import { Socket as NodeSocket, type SocketConstructorOpts } from "node:net";
import { type Address, PipeAddress } from "../address.ts";
import { CLOSED_BY_BOTH, CLOSED_LOCALLY, type CloseReason, closeReasonOfErrno } from "../close_reason.ts";
import type { StagedReader } from "../read_stage.ts";
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
import {
  type ConnectRequest,
  type Handles,
  type PipeHandle,
  type ShutdownRequest,
  type SocketName,
  type StreamHandle,
  type TcpHandle,
  UV_ENOTCONN,
  UV_EOF,
  type WriteRequest,
} from "./handles.ts";
import { ipAddressOf } from "./names.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** `end()` was called. */
const END_ASKED = 1;
/** Our FIN is out. */
const WRITE_ENDED = 2;
/** The peer's FIN is in. */
const READ_ENDED = 4;
/** `closeAfterFlush()` was called with output pending. */
const CLOSE_WHEN_FLUSHED = 8;
const ABOVE_HIGH = 16;
const IS_PIPE = 32;
/** A read waits on the stage. */
const STAGED = 64;
/** We made the connection: what it says is an answer. */
const OUTGOING = 128;

/** Spare write requests kept for reuse; more than these are in flight only under congestion. */
const SPARE_REQUESTS_MAX = 64;

/** What the sockets of one net share. */
export class RawShared {
  readonly handles: Handles<RawSocket>;
  readonly options: NetOptions;
  /** The request that the next write uses; a write that completes at once leaves it here. */
  nextRequest: WriteRequest<RawSocket>;
  private readonly spare: WriteRequest<RawSocket>[] = [];
  /** Node detaches a request only after its `oncomplete` has returned: reusable once the next one completes. */
  private justCompleted: WriteRequest<RawSocket> | null = null;

  constructor(handles: Handles<RawSocket>, options: NetOptions) {
    this.handles = handles;
    this.options = options;
    this.nextRequest = this.newRequest();
  }

  /** Called when `nextRequest` is in libuv's hands. */
  replaceRequest(): void {
    this.nextRequest = this.spare.pop() ?? this.newRequest();
  }

  recycle(request: WriteRequest<RawSocket>): void {
    request.holder = null;
    request.slab = null;
    request.bytes = null;
    const detached = this.justCompleted;
    this.justCompleted = request;
    if (detached !== null && this.spare.length < SPARE_REQUESTS_MAX) this.spare.push(detached);
  }

  /** An owner threw. The socket must not go on with half of an event handled. */
  fault(error: unknown, socket: RawSocket): void {
    socket.reset();
    this.options.onFault(error);
  }

  private newRequest(): WriteRequest<RawSocket> {
    const request = this.handles.newWriteRequest();
    request.oncomplete = onWritten;
    request.holder = null;
    request.slab = null;
    request.bytes = null;
    request.length = 0;
    return request;
  }
}

export class RawSocket implements Socket, StagedReader {
  owner: SocketOwner | null = null;
  readonly remote: Address;
  readonly shared: RawShared;
  pendingBytes = 0;
  private readonly handle: StreamHandle<RawSocket>;
  private readonly highBytes: number;
  private state: number;
  private flags: number;
  private pauses = 0;
  private reason: CloseReason = CLOSED_LOCALLY;
  private cachedLocal: Address | null;
  /** Given back by the owner: to be read before anything else. */
  private returned: Buffer | null = null;

  constructor(
    shared: RawShared,
    handle: StreamHandle<RawSocket>,
    remote: Address,
    local: Address | null,
    highBytes: number,
    isConnected: boolean,
  ) {
    this.shared = shared;
    this.handle = handle;
    this.remote = remote;
    this.cachedLocal = local;
    this.highBytes = highBytes;
    this.state = isConnected ? OPEN : CONNECTING;
    this.flags = (remote.kind === "pipe" ? IS_PIPE : 0) | (isConnected ? 0 : OUTGOING);
    handle.holder = this;
    handle.onread = onRead;
    handle.useUserBuffer(shared.options.readBuffer.bytes);
    if ((this.flags & IS_PIPE) === 0) (handle as TcpHandle<RawSocket>).setNoDelay(true);
  }

  get tls(): null {
    return null;
  }

  get isOpen(): boolean {
    return this.state === OPEN;
  }

  get aboveHighWatermark(): boolean {
    return (this.flags & ABOVE_HIGH) !== 0;
  }

  get local(): Address {
    if (this.cachedLocal === null) {
      if ((this.flags & IS_PIPE) !== 0) {
        this.cachedLocal = new PipeAddress("");
      } else {
        const name: SocketName = {};
        if (this.state === OPEN) (this.handle as TcpHandle<RawSocket>).getsockname(name);
        this.cachedLocal = ipAddressOf(name);
      }
    }
    return this.cachedLocal;
  }

  write(slab: OutputSlab, length: number): WriteResult {
    if (this.state > OPEN || (this.flags & (END_ASKED | CLOSE_WHEN_FLUSHED)) !== 0) return WRITE_FAILED;
    const shared = this.shared;
    const mustQueue = this.pendingBytes !== 0 || this.state === CONNECTING;
    const isCopied = mustQueue && length <= COPY_BEHIND_PENDING_MAX;
    const bytes = isCopied ? slab.view(length).slice() : slab.view(length);
    const request = shared.nextRequest;
    const errno = this.handle.writeBuffer(request, bytes);
    if (errno !== 0) {
      this.fail(closeReasonOfErrno(errno));
      return WRITE_FAILED;
    }
    if (shared.handles.state[shared.handles.LAST_WRITE_WAS_ASYNC] === 0) return WRITE_DONE;
    shared.replaceRequest();
    request.holder = this;
    request.slab = isCopied ? null : slab;
    request.bytes = bytes;
    request.length = length;
    this.pendingBytes += length;
    if (this.pendingBytes > this.highBytes) this.flags |= ABOVE_HIGH;
    return isCopied ? WRITE_DONE : WRITE_PINNED;
  }

  pauseReading(): void {
    this.pauses++;
    if (this.pauses === 1 && this.state === OPEN) this.handle.readStop();
  }

  resumeReading(): void {
    if (this.pauses === 0) throw new Error("resumeReading() without pauseReading()");
    this.pauses--;
    if (this.pauses === 0) this.startReading();
  }

  end(): void {
    if (this.state > OPEN || (this.flags & (END_ASKED | CLOSE_WHEN_FLUSHED)) !== 0) return;
    this.flags |= END_ASKED;
    // libuv refuses a shutdown before the connection stands: then `established` sends the FIN.
    if (this.state === OPEN) this.shutDown();
  }

  close(): void {
    this.fail(CLOSED_LOCALLY);
  }

  closeAfterFlush(): void {
    if (this.state > OPEN) return;
    if (this.pendingBytes === 0) {
      this.close();
      return;
    }
    this.flags |= CLOSE_WHEN_FLUSHED;
    this.handle.readStop();
  }

  reset(): void {
    if (this.state > OPEN) return;
    if (this.state === OPEN && (this.flags & IS_PIPE) === 0) {
      // Refused by libuv while our FIN is under way; a plain close is what is left then.
      if ((this.handle as TcpHandle<RawSocket>).reset(onHandleClosed) === 0) {
        this.state = CLOSING;
        this.reason = CLOSED_LOCALLY;
        return;
      }
    }
    this.fail(CLOSED_LOCALLY);
  }

  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.returned = bytes;
  }

  /** Node's stream takes the handle over, callbacks and all. */
  detach(): NodeSocket {
    this.handle.readStop();
    this.state = CLOSED;
    this.owner = null;
    const options = { handle: this.handle, allowHalfOpen: true, readable: true, writable: true, manualStart: true };
    return new NodeSocket(options as unknown as SocketConstructorOpts);
  }

  setKeepAlive(idleSeconds: number): void {
    if (this.state > OPEN || (this.flags & IS_PIPE) !== 0) return;
    (this.handle as TcpHandle<RawSocket>).setKeepAlive(idleSeconds > 0, idleSeconds);
  }

  /** Starts reading, unless paused. For the net after `onAccept`, and for ourselves. */
  startReading(): void {
    if (this.pauses !== 0 || this.state !== OPEN || (this.flags & (READ_ENDED | CLOSE_WHEN_FLUSHED)) !== 0) return;
    if (this.returned !== null) {
      setImmediate(() => this.readAgain());
      return;
    }
    const errno = this.handle.readStart();
    if (errno !== 0) this.fail(closeReasonOfErrno(errno));
  }

  /** Hands out what was given back, a read buffer at a time. */
  private readAgain(): void {
    const { options } = this.shared;
    const { address, bytes } = options.readBuffer;
    options.onWake();
    try {
      while (
        this.returned !== null &&
        this.pauses === 0 &&
        this.state === OPEN &&
        (this.flags & CLOSE_WHEN_FLUSHED) === 0
      ) {
        const part = this.returned.subarray(0, bytes.length);
        this.returned = part.length === this.returned.length ? null : this.returned.subarray(part.length);
        bytes.set(part);
        this.owner?.onRead(address, part.length);
        if (this.returned === null) this.startReading();
      }
    } catch (error) {
      this.shared.fault(error, this);
    }
  }

  /** Begins to connect. The outcome comes later in any case. */
  connect(): void {
    const { remote, shared } = this;
    let errno: number;
    if (remote.kind === "pipe") {
      const request = shared.handles.newPipeConnectRequest();
      request.oncomplete = onConnected;
      request.holder = this;
      errno = (this.handle as PipeHandle<RawSocket>).connect(request, remote.kernelPath) ?? 0;
    } else {
      const request = shared.handles.newTcpConnectRequest();
      request.oncomplete = onConnected;
      request.holder = this;
      const handle = this.handle as TcpHandle<RawSocket>;
      errno =
        remote.version === 6
          ? handle.connect6(request, remote.ip, remote.port)
          : handle.connect(request, remote.ip, remote.port);
    }
    if (errno !== 0) this.fail(closeReasonOfErrno(errno));
  }

  /** Closes for a reason; does nothing when closing already. */
  fail(reason: CloseReason): void {
    if (this.state > OPEN) return;
    this.state = CLOSING;
    this.reason = reason;
    this.handle.close(onHandleClosed);
  }

  /** The answer to `connect`. */
  established(errno: number): void {
    if (this.state !== CONNECTING) return;
    if (errno !== 0) {
      this.fail(closeReasonOfErrno(errno));
      return;
    }
    this.state = OPEN;
    if ((this.flags & END_ASKED) !== 0) this.shutDown();
    this.owner?.onConnect();
    this.startReading();
  }

  /** True: the bytes that were read wait on the stage. What has waited there before is told. */
  settleStage(length: number): boolean {
    const { readBuffer, stage } = this.shared.options;
    if (stage === undefined) return false;
    if ((this.flags & STAGED) !== 0) stage.handOut();
    if (length <= 0 || !stage.hold(this, (this.flags & OUTGOING) !== 0, readBuffer.address, length)) return false;
    this.flags |= STAGED;
    return true;
  }

  onStagedRead(address: number, length: number): void {
    this.flags &= ~STAGED;
    if (this.state !== OPEN) return;
    try {
      this.owner?.onRead(address, length);
    } catch (error) {
      this.shared.fault(error, this);
    }
  }

  /** The read said something else than "here are bytes". */
  readEnded(errno: number): void {
    if (errno !== UV_EOF) {
      this.fail(closeReasonOfErrno(errno));
      return;
    }
    this.flags |= READ_ENDED;
    this.handle.readStop();
    this.owner?.onEnd();
    this.closeIfBothEnded();
  }

  /** A write that was left with libuv is over; its slab is released already. */
  written(errno: number, length: number): void {
    this.pendingBytes -= length;
    if (this.state !== OPEN) return;
    if (errno !== 0) {
      this.fail(closeReasonOfErrno(errno));
      return;
    }
    if ((this.flags & CLOSE_WHEN_FLUSHED) !== 0) {
      if (this.pendingBytes === 0) this.close();
      return;
    }
    if ((this.flags & ABOVE_HIGH) !== 0 && this.pendingBytes <= this.highBytes >>> 1) {
      this.flags &= ~ABOVE_HIGH;
      this.owner?.onDrain();
    }
  }

  /** Our FIN is out, or could not be sent. */
  writeEnded(errno: number): void {
    if (this.state !== OPEN) return;
    // ENOTCONN: the peer has reset meanwhile, which the read side reports with a better name.
    if (errno !== 0 && errno !== UV_ENOTCONN) {
      this.fail(closeReasonOfErrno(errno));
      return;
    }
    this.flags |= WRITE_ENDED;
    this.closeIfBothEnded();
  }

  /** libuv has let go of the handle. */
  closed(): void {
    this.state = CLOSED;
    const owner = this.owner;
    this.owner = null;
    owner?.onClose(this.reason);
  }

  private shutDown(): void {
    const request = this.shared.handles.newShutdownRequest();
    request.oncomplete = onShutDown;
    request.holder = this;
    const errno = this.handle.shutdown(request);
    if (errno !== 0) this.fail(closeReasonOfErrno(errno));
  }

  private closeIfBothEnded(): void {
    const both = READ_ENDED | WRITE_ENDED;
    if ((this.flags & both) === both) this.fail(CLOSED_BY_BOTH);
  }
}

// Called by libuv. `this` is what the call was about; nothing may be thrown back.

function onRead(this: StreamHandle<RawSocket>): void {
  const socket = this.holder;
  const { handles, options } = socket.shared;
  const length = handles.state[handles.READ_BYTES_OR_ERROR] as number;
  if (length === 0) return; // EAGAIN
  if (socket.settleStage(length)) return;
  options.onWake();
  try {
    if (length > 0) socket.owner?.onRead(options.readBuffer.address, length);
    else socket.readEnded(length);
  } catch (error) {
    socket.shared.fault(error, socket);
  }
}

function onWritten(this: WriteRequest<RawSocket>, status: number): void {
  const socket = this.holder as RawSocket;
  const { shared } = socket;
  const { slab, length } = this;
  shared.recycle(this);
  shared.options.onWake();
  try {
    slab?.release();
    socket.written(status, length);
  } catch (error) {
    shared.fault(error, socket);
  }
}

function onConnected(this: ConnectRequest<RawSocket>, status: number): void {
  const socket = this.holder;
  socket.shared.options.onWake();
  try {
    socket.established(status);
  } catch (error) {
    socket.shared.fault(error, socket);
  }
}

function onShutDown(this: ShutdownRequest<RawSocket>, status: number): void {
  this.holder.writeEnded(status);
}

function onHandleClosed(this: StreamHandle<RawSocket>): void {
  const socket = this.holder;
  socket.shared.options.onWake();
  try {
    socket.closed();
  } catch (error) {
    socket.shared.options.onFault(error);
  }
}

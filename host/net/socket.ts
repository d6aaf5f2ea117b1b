/**
 * The contract of a byte stream: what the proxy asks of sockets, and what it is told.
 *
 *   kernel --read--> ReadBuffer, ReadStage (core memory) --onRead--> owner
 *   owner --write--> OutputSlab (core memory) --write--> kernel
 *
 * Two implementations stand behind it (`raw`: libuv's handles, `portable`: node:net), and a fake one for tests; one
 * suite, `test/suites/sockets.ts`, runs on all three.
 *
 * Rules that hold for every implementation:
 * - No callback runs inside a verb that the owner calls: `close()`, `write()`, `end()` and `reset()` never call the
 *   owner back before they return.
 * - After `close()` or `reset()` the only callback that still comes is `onClose`, once, and it is the last one. All
 *   slabs that the socket held are released before it.
 * - Reading begins after `onAccept` returned (accepted) or after `onConnect` returned (connected), unless paused.
 * - A socket whose reading is paused leaves the bytes in the kernel: the peer is slowed, nothing is buffered here. One read
 *   may still come, if the pause was asked for on behalf of another socket: it was made in the same pass of the event loop.
 *   A reset by the peer is seen only when reading resumes or a write fails.
 * - What an owner throws reaches the net's `onFault`, never libuv; the socket is closed.
 */

import type { Socket as NodeSocket } from "node:net";
import type { Address, IpAddress } from "./address.ts";
import type { CloseReason } from "./close_reason.ts";
import type { ReadStage } from "./read_stage.ts";
import type { TlsFacts } from "./tls/tls_facts.ts";

/** Where the bytes of every read land: one region of core memory, shared by all sockets of a worker. */
export interface ReadBuffer {
  /** A view on core memory. */
  readonly bytes: Uint8Array;
  /** Where the view begins. */
  readonly address: number;
}

/** A run of core memory that a write reads from. */
export interface OutputSlab {
  readonly bytes: Uint8Array;
  /** Bytes [0, length) as a view; cached for lengths that come often, so that a write does not allocate. */
  view(length: number): Uint8Array;
  /** Called by the socket, once for each write that returned WRITE_PINNED, when the kernel has the bytes or never will. */
  release(): void;
}

/** The kernel has the bytes (or the socket copied them); the slab is the caller's again. */
export const WRITE_DONE = 0;
/** The slab belongs to the socket until it calls `slab.release()`. */
export const WRITE_PINNED = 1;
/** The socket is closed, closing or ended; nothing was taken, the slab is the caller's. `onClose` follows if it has not been called. */
export const WRITE_FAILED = 2;
export type WriteResult = typeof WRITE_DONE | typeof WRITE_PINNED | typeof WRITE_FAILED;

/**
 * A write of at most this many bytes that must wait (behind pending output, or for the connection) is copied and answers
 * WRITE_DONE, so that small frames to a slow peer do not pin a whole slab each. `pendingBytes` counts them all the same.
 */
export const COPY_BEHIND_PENDING_MAX = 16_384;

/** The life of a connection as its owner sees it. */
export interface SocketOwner {
  /** An outgoing connection is established. Never called for accepted ones. */
  onConnect(): void;
  /** Bytes [address, address + length) of core memory were read; length > 0. They are valid until this returns. */
  onRead(address: number, length: number): void;
  /**
   * The peer's FIN: no more reads. The socket stays writable until `end()` or `close()`. May come while reading is
   * paused, if all bytes before it have been read.
   */
  onEnd(): void;
  /** Pending output fell to the low watermark after having been above the high one. */
  onDrain(): void;
  /** The end: exactly once, last. Also when a connection could not be established. */
  onClose(reason: CloseReason): void;
}

export interface Socket {
  /** Who is told; pools move a connection between owners. While it is null, events other than the close are lost. */
  owner: SocketOwner | null;
  /** The peer. For an accepted unix socket a PipeAddress with an empty path. */
  readonly remote: Address;
  /** Our end; fetched from the kernel on first use. */
  readonly local: Address;
  /** What TLS agreed on; null: the connection is plain, or the handshake is under way. */
  readonly tls: TlsFacts | null;
  /** False until connected, and false again from the first verb or event that closes. */
  readonly isOpen: boolean;
  /** Bytes that `write()` accepted and that the kernel has not taken yet. Exact when zero, else an upper bound. */
  readonly pendingBytes: number;
  /** Pending output went above the high watermark and has not yet fallen to the low one: `onDrain` will come. */
  readonly aboveHighWatermark: boolean;

  /** Writes bytes [0, length) of the slab; length > 0. Before the connection is established the bytes wait. */
  write(slab: OutputSlab, length: number): WriteResult;
  /** Counted: reading goes on after as many `resumeReading()` calls. */
  pauseReading(): void;
  resumeReading(): void;
  /** FIN after pending output. Once both sides have ended, the socket closes by itself (reason `ended`). */
  end(): void;
  /** Closes at once; pending output is lost. */
  close(): void;
  /** Stops reading, closes when pending output has left. The time this may take is the caller's to limit. */
  closeAfterFlush(): void;
  /** Closes at once with an RST (unix sockets: a plain close). */
  reset(): void;
  /**
   * Gives back what its owner has read last, all of it, while reading is paused: it comes again, before anything else, when
   * reading resumes. The bytes are the socket's from then on.
   */
  unread(bytes: Buffer): void;
  /**
   * Hands an open connection over to Node's own streams, for who speaks TLS on it: this object is done with, nobody is called
   * back. Bytes of a read that its owner has had are the owner's to give back (`unshift`). The stream is paused.
   */
  detach(): NodeSocket;
  /** TCP keep-alive probes, the first after so many idle seconds; 0 turns them off. */
  setKeepAlive(idleSeconds: number): void;
}

/** Pending output above `highBytes` sets `aboveHighWatermark`; `onDrain` comes at or below half of it. 0: any pending byte. */
export interface Watermarks {
  readonly highBytes: number;
}

export interface ListenOptions extends Watermarks {
  readonly address: Address;
  /** Length of the kernel's accept queue. */
  readonly backlog: number;
  /** SO_REUSEPORT: each worker binds the same address and the kernel spreads the connections. IP only. */
  readonly reusePort: boolean;
  /** IPV6_V6ONLY: an IPv6 wildcard does not take IPv4 as well (Envoy: the default, unless `ipv4_compat`). */
  readonly ipv6Only: boolean;
  /** Called for each connection; sets `socket.owner` or closes the socket before it returns. */
  onAccept(socket: Socket): void;
  /** Accepting failed or descriptors run out: once per episode, with the errno's name. Accepting goes on. */
  onAcceptTrouble(code: string): void;
}

/** Why an address could not be listened on; `message` names code and address. */
export interface ListenError {
  readonly code: string;
  readonly address: Address;
  readonly message: string;
}

export type ListenResult =
  | { readonly listener: Listener; readonly error: null }
  | { readonly listener: null; readonly error: ListenError };

export interface Listener {
  /** What was bound: with port 0 asked, the port that the kernel chose. */
  readonly address: Address;
  /** Stops accepting and closes the listening socket; connections live on. Resolves when the address is free again. */
  close(): Promise<void>;
}

export interface ConnectOptions extends Watermarks {
  /** Bind to this address first (Envoy's upstream_bind_config.source_address). */
  readonly source?: IpAddress;
}

/** The network as one worker sees it. */
export interface Net {
  readonly kind: "raw" | "portable" | "fake";
  /** For sockets that are made on this net's streams elsewhere: those that speak TLS. */
  readonly options: NetOptions;
  listen(options: ListenOptions): Promise<ListenResult>;
  /** Starts a connection; `owner.onConnect` or `owner.onClose` follows, never before this returns. The timeout is the caller's. */
  connect(address: Address, options: ConnectOptions, owner: SocketOwner): Socket;
}

/** What an implementation is made of. */
export interface NetOptions {
  readonly readBuffer: ReadBuffer;
  /** Where small reads of one pass of the event loop wait for each other; without it each is handed out at once. Portable sockets have none. */
  readonly stage?: ReadStage;
  /** Called at the start of each callback from the event loop: refreshes the clock's cached time. */
  onWake(): void;
  /** An owner threw: our own fault, after which the worker is not to be trusted. */
  onFault(error: unknown): void;
}

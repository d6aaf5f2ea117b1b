/**
 * The contract of a codec: bytes of one connection on one side, messages of its streams on the other. HTTP/1 and HTTP/2
 * both fulfil it, so the connection manager and the pools do not know which one they hold.
 *
 *   socket.onRead --> codec.feed(address, length) --> listener.onHeaders / onData / onTrailers / onError
 *   owner --> codec.encodeHeaders / encodeData / encodeTrailers(..., out, room) --> length --> socket.write(slab, length)
 *
 * Rules that hold for every codec:
 * - Everything is a number: `streamId` (> 0, unique in its connection; HTTP/1 counts 1, 2, 3, ...), `block` (handle of a
 *   header block in core memory), `address` (byte address in core memory). No call allocates.
 * - A block that a callback hands over belongs to the listener, who frees it. A block given to `encode*` stays the
 *   caller's: it is only read.
 * - `address` of `onData` is valid until the callback returns. What is kept is copied.
 * - The listener may call any verb of this or another codec inside a callback, `close()` included; after `close()` no
 *   callback comes. Events that are then left over are dropped, and their blocks freed, by the codec.
 * - After `onError` with stream 0 or, in HTTP/1, with any stream, `feed` must not be called again. `encode*` still
 *   works, so that an error can be answered before the connection is closed.
 * - `encode*` writes at `out`, needs `room` bytes and returns the length written. Where the room does not suffice it writes
 *   nothing and returns ENCODE_NO_ROOM. An empty output slab takes a head of the default limit (60 KiB) and a read
 *   together; a larger head may not fit even there, which its writer must answer.
 */

/** What `encode*` returns when `room` is too small; nothing was written and no state changed. */
export { ENCODE_NO_ROOM } from "../wasm/layout.gen.ts";

/** Why a listener is told that one stream ended early: an HTTP/2 error code, or a result code of the core. */
export type CodecError = number;

/** Who is told what the bytes meant. One object per connection (the connection manager, a pool's connection). */
export interface CodecListener {
  /**
   * A head is complete. `flags` are HEADERS_... of the layout (END_STREAM, KEEP_ALIVE, UPGRADE, EXPECT_CONTINUE, HTTP10,
   * CHUNKED, ...); `code` is the method's id (METHOD_..., server side) or the status (client side). On the client side
   * heads with a 1xx status other than 101 precede the final one.
   */
  onHeaders(streamId: number, block: number, flags: number, code: number): void;
  /** A piece of content, without its framing; `length` may be 0 when only `endStream` is news. */
  onData(streamId: number, address: number, length: number, endStream: boolean): void;
  /** A trailer section; it ends the stream. */
  onTrailers(streamId: number, block: number): void;
  /**
   * The peer broke a rule (`code`: a result code of the core), reset a stream, or cut a message short. `streamId` is the
   * message that it hit, 0: no stream had begun (a head that cannot be read: the server answers it on stream
   * `codec.errorStreamId`). `block` is the head where the refusal came after it was read whole, for the access log, else 0;
   * it is the listener's. `describeError(code)` says what to answer.
   */
  onError(streamId: number, code: CodecError, block: number): void;
}

/** What both sides of a connection have in common. */
export interface Codec {
  readonly protocol: "http1" | "http2";
  listener: CodecListener;

  /** Reads bytes [address, address + length) of core memory (they may be changed in place); callbacks come before it returns. */
  feed(address: number, length: number): void;
  /** The peer's FIN: ends a body that is delimited by the close, or is an error for a message cut short. */
  feedEnd(): void;
  /**
   * False while further bytes could not be used (HTTP/1: a pipelined request waits for the answer before it): the owner
   * pauses the socket. Looked at after `feed` and `proceed`.
   */
  readonly wantsRead: boolean;
  /** A message has begun to arrive and its head is not complete: what `request_headers_timeout` measures. */
  readonly headStarted: boolean;

  /**
   * Writes a head. `flags`: ENCODE_... of the layout. The codec chooses the framing: `content-length` where the block
   * has it, none where there can be no content, else chunked, or until-close for a client of HTTP/1.0.
   */
  encodeHeaders(streamId: number, block: number, endStream: boolean, flags: number, out: number, room: number): number;
  /** Writes a piece of content with its framing. */
  encodeData(streamId: number, address: number, length: number, endStream: boolean, out: number, room: number): number;
  /** Writes a trailer section and ends the stream. Where the framing knows no trailers (content-length) they are dropped. */
  encodeTrailers(streamId: number, block: number, out: number, room: number): number;

  /**
   * From now on all bytes, both ways, are content of this stream: after 101, or 2xx to CONNECT (a head with HEADERS_UPGRADE on the client's
   * side). Bytes that waited are told before it returns or, when called inside a callback of this codec, once that has returned.
   */
  tunnel(streamId: number): void;
  /** Gives the connection's state back. Idempotent. */
  close(): void;
}

/** The downstream side: requests in, responses out. */
export interface ServerCodec extends Codec {
  /** The stream on which an answer to `onError(0, ...)` is encoded. */
  readonly errorStreamId: number;
  /**
   * After the slab with the end of a response was written: goes on with bytes that came in the meantime (callbacks come
   * before it returns, or, when called inside a callback of this codec, once that has returned).
   */
  proceed(): void;
  /** The connection must be closed after the response: asked by either side, HTTP/1.0, until-close, or an error. */
  readonly closeAfterResponse: boolean;
  /** Writes `100 Continue`. */
  encodeContinue(streamId: number, out: number, room: number): number;
}

/** The upstream side: requests out, responses in. */
export interface ClientCodec extends Codec {
  /** Id for the next request, or 0 when the connection takes none now (HTTP/1: one at a time). */
  startStream(): number;
  /** The last exchange ended on both sides, and the connection may carry another request. */
  readonly reusable: boolean;
}

/**
 * What HTTP/2 adds: many streams at once, each with its own end and its own pace. A manager or pool that speaks both protocols asks for `protocol` once and
 * then knows which of the two it holds.
 *
 *   pause a stream     do not report its content as consumed: at most its window comes, the other streams go on
 *   resume it          report it
 *   slow reader        `taken` after encodeData says how much went out; the rest waits with the caller until onWritable
 */
export interface StreamListener extends CodecListener {
  /** The peer reset the stream; `error` is a code of RFC 9113 7. REFUSED_STREAM: it was not processed, another connection may take it. */
  onReset(streamId: number, error: number): void;
  /** More content of the stream may be encoded: what encodeData did not take. */
  onWritable(streamId: number): void;
  /** The peer begins (client) or takes (server) no new streams. Those above `lastStreamId` get onReset. */
  onGoaway(error: number, lastStreamId: number): void;
  /** The peer's SETTINGS have come: `streamsAllowed` may have changed. */
  onSettings(): void;
  /** The answer to `ping`. */
  onPingAck(first: number, second: number): void;
}

/** What both sides of an HTTP/2 connection add to `Codec`. There `encode*` may also return ENCODE_GONE: the stream has ended, and nothing was written. */
export interface StreamCodec extends Codec {
  readonly protocol: "http2";
  listener: StreamListener;
  /** Bytes of content that the last `encodeData` took. Fewer than given: windows or max_outbound_frames stop it, and onWritable follows. */
  readonly taken: number;
  /** Frames of the connection's own wait (acknowledgements, WINDOW_UPDATE, RST_STREAM, GOAWAY). Each `encode*` begins with them; what is left is looked at last. */
  readonly hasControl: boolean;
  /** Moves them to `out`; the length, or ENCODE_NO_ROOM. Whole frames, in any place between what `encode*` wrote. */
  encodeControl(out: number, room: number): number;
  /** Streams that wait go on by what others have left of the windows: onWritable comes before it returns. False: none was told. */
  tellWritable(): boolean;
  /** Bytes of content of a stream for which its windows have room now; max_outbound_frames may allow less. */
  sendRoom(streamId: number): number;
  /** Content that was told and has been passed on: the peer may send as much again. Of a stream that has ended it need not be reported. */
  consumed(streamId: number, bytes: number): void;
  /** What was written has left for the kernel. Streams that wait for that may go on: onWritable comes before it returns. */
  flushed(): void;
  /** Ends a stream from this side with a code of RFC 9113 7. One that has ended already is no error. */
  resetStream(streamId: number, error: number): void;
  /** GOAWAY. Not `final`: streams are still taken while it travels; the second, final one names the last of them. */
  goaway(error: number, final: boolean): void;
  /** PING with 64 bits of one's own. */
  ping(first: number, second: number): void;
  /** Streams that are open. */
  readonly activeStreams: number;
  /** An error of the connection was told: write the control frames, then close. */
  readonly isDead: boolean;
}

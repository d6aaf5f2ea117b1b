/**
 * One downstream connection of an HTTP connection manager: its socket, its codec, its streams.
 *
 *   serving --last response written, connection to be closed--> lingering --peer's FIN or delayed_close_timeout--> closed
 *
 * While it lingers, what the peer still sends is read and thrown away: a close with unread bytes would reset the connection
 * and could take the answer with it. Our FIN goes out at once where the peer asked for the close; where it is our own
 * decision the peer gets the delay to close first, as with Envoy.
 */

import type { CodecListener, ServerCodec } from "../codec/codec.ts";
import { describeError, UPGRADE_FAILED } from "../codec/http1_errors.ts";
import { writeData, writeHeaders, writeTrailers } from "../codec/writer.ts";
import type { Timer, TimerOwner } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { OutputTarget } from "../net/output.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import { DOWNSTREAM_CONNECTION_TERMINATION } from "../stream_info/response_flags.ts";
import type { ConnectionInfo } from "../stream_info/stream_info.ts";
import { HEADERS_KEEP_ALIVE } from "../wasm/layout.gen.ts";
import type { ConnectionManager } from "./connection_manager.ts";
import type { HttpWorker } from "./http_worker.ts";
import { codecErrorBody } from "./local_reply.ts";
import type { HttpStream } from "./stream.ts";

/**
 * A FIN that comes this soon after a request is the end of its input (`printf ... | nc -N`), and the request is answered; one
 * that comes later, before any answer, is a client that has left, as Envoy takes every FIN.
 */
const HALF_CLOSE_GRACE_MS = 50;

/** A connection that is drained is closed when no request has come for so long: more than a request needs to get here. */
const DRAIN_IDLE_MS = 500;

/** How long the last bytes of an answer may take to leave when streams may idle for ever. */
const FLUSH_TIMEOUT_MS = 300_000;

const PATH_NORMALIZATION_FAILED = "path_normalization_failed";
const REMOTE_DISCONNECT = "downstream_remote_disconnect";
const CHAIN_REMOVED = "downstream_local_disconnect(filter_chain_is_being_removed)";

/** Whom the listener tells when the connection is gone. */
export interface ConnectionOwner {
  onConnectionClosed(connection: ServerConnection): void;
}

export class ServerConnection implements SocketOwner, CodecListener, OutputTarget, TimerOwner {
  readonly worker: HttpWorker;
  readonly manager: ConnectionManager;
  readonly socket: Socket;
  readonly codec: ServerCodec;
  readonly info: ConnectionInfo;
  /** Handle of the core's record of the peer, for `forwardRequest`. */
  readonly forwardPeer: number;
  /** Set when the connection closes after the response under way: asked by the peer, drained, or used up. */
  closesAfterResponse = false;
  /** Bytes of this connection, both ways. */
  wireBytesReceived = 0;
  wireBytesSent = 0;
  private readonly owner: ConnectionOwner;
  private stream: HttpStream | null = null;
  private requests = 0;
  private isDraining = false;
  private isLingering = false;
  private isClosed = false;
  private lingerStartMs = 0;
  private isReadPaused = false;
  /** The next request waits until the client has taken the answers before it. */
  private waitsForDrain = false;
  private isTunnel = false;
  private peerEnded = false;
  /** Nobody is there any more; whoever noticed closes, once the stream is told. */
  private peerIsGone = false;
  /** The request at hand is the last one, by its own word or version. */
  private peerWantsClose = false;
  private readonly idleTimer: Timer;
  private readonly headersTimer: Timer;
  private readonly durationTimer: Timer | null;

  constructor(
    worker: HttpWorker,
    manager: ConnectionManager,
    socket: Socket,
    codec: ServerCodec,
    info: ConnectionInfo,
    forwardPeer: number,
    owner: ConnectionOwner,
  ) {
    this.worker = worker;
    this.manager = manager;
    this.socket = socket;
    this.codec = codec;
    this.info = info;
    this.forwardPeer = forwardPeer;
    this.owner = owner;
    codec.listener = this;
    const { stats, timeouts } = manager;
    stats.cxTotal.inc();
    stats.cxActive.inc();
    this.idleTimer = worker.timers.timer(this);
    this.headersTimer = worker.timers.timer(this);
    this.durationTimer = timeouts.maxConnectionDurationMs > 0 ? worker.timers.timer(this) : null;
    this.durationTimer?.start(timeouts.maxConnectionDurationMs);
    this.startIdleTimer();
  }

  get hasStream(): boolean {
    return this.stream !== null;
  }

  /** The listener or the process ends: this connection does so after its next response, or when it is still idle a little later. */
  drain(): void {
    this.isDraining = true;
    this.endSoon(DRAIN_IDLE_MS);
  }

  // --- the socket ------------------------------------------------------------------------------------------------------

  onConnect(): void {}

  onRead(address: number, length: number): void {
    if (this.isLingering) return;
    if (this.wireBytesReceived === 0) this.begins();
    this.wireBytesReceived += length;
    this.manager.stats.cxRxBytes.add(length);
    this.codec.feed(address, length);
    this.afterEvents();
    this.worker.turn.endRead();
  }

  onEnd(): void {
    this.peerEnded = true;
    if (this.isLingering) {
      this.close(false);
      return;
    }
    const { stream } = this;
    if (stream === null && this.waitsForDrain) {
      // The answers before are still on their way; what was asked behind them is answered then.
    } else if (stream === null || this.isTunnel || !stream.requestEnded) {
      this.disconnected();
    } else if (stream.responseStarted || this.worker.clock.now() - stream.requestEndMs < HALF_CLOSE_GRACE_MS) {
      // It has said all it wanted to say, pipelined requests included, and listens.
    } else {
      this.disconnected();
    }
    this.worker.turn.end();
  }

  onDrain(): void {
    if (this.waitsForDrain && !this.isLingering) this.proceed();
    this.stream?.flow.onDownstreamDrained();
    this.worker.turn.end();
  }

  onClose(reason: CloseReason): void {
    if (this.isClosed) return;
    const isLocal = reason.kind === "local";
    // Who closes the socket over our head is the listener, at the end of the drain time.
    const withRequest = this.endStream(isLocal ? CHAIN_REMOVED : REMOTE_DISCONNECT);
    this.closed(isLocal, withRequest);
    this.worker.turn.end();
  }

  onOutputBlocked(): void {
    this.stream?.flow.onDownstreamBlocked();
  }

  onOutputStarved(): void {
    this.socket.reset();
  }

  onTimer(timer: Timer): void {
    const { stats, timeouts } = this.manager;
    if (timer === this.headersTimer) {
      stats.rqHeaderTimeout.inc();
      this.replyWithoutRequest(408, "request header timeout", "request_header_timeout", 0);
    } else if (timer === this.durationTimer) {
      stats.cxMaxDurationReached.inc();
      this.endSoon(timeouts.drainMs);
    } else if (this.isLingering) {
      this.lingeredEnough();
    } else if (this.closesAfterResponse) {
      if (this.isDraining) stats.cxDrainClose.inc();
      this.closeGently();
    } else {
      stats.cxIdleTimeout.inc();
      if (this.codec.headStarted) this.closeGently();
      else this.endSoon(timeouts.drainMs);
    }
    this.worker.turn.end();
  }

  // --- the codec -------------------------------------------------------------------------------------------------------

  onHeaders(streamId: number, block: number, flags: number, method: number): void {
    this.idleTimer.stop();
    this.headersTimer.stop();
    this.peerWantsClose = (flags & HEADERS_KEEP_ALIVE) === 0;
    this.requests++;
    const { maxRequestsPerConnection, stats } = this.manager;
    if (maxRequestsPerConnection > 0 && this.requests >= maxRequestsPerConnection) {
      if (!this.closesAfterResponse) stats.cxMaxRequestsReached.inc();
      this.closesAfterResponse = true;
      this.peerWantsClose = true;
    }
    const stream = this.worker.streams.take(this.worker);
    this.stream = stream;
    stream.begin(this, streamId, block, flags, method);
  }

  onData(_streamId: number, address: number, length: number, endStream: boolean): void {
    this.stream?.onRequestData(address, length, endStream);
  }

  onTrailers(_streamId: number, block: number): void {
    if (this.stream === null) this.worker.core.exports.blockFree(block);
    else this.stream.onRequestTrailers(block);
  }

  onError(_streamId: number, code: number, block: number): void {
    if (this.peerEnded) {
      // A message cut short by the peer's own end: nobody is there to read an answer.
      if (block !== 0) this.worker.core.exports.blockFree(block);
      return;
    }
    const error = describeError(code);
    const { stats } = this.manager;
    if (error.isProtocolError) stats.cxProtocolError.inc();
    this.closesAfterResponse = true;
    const { stream } = this;
    if (stream === null) {
      if (error.details === UPGRADE_FAILED) stats.rqWsOnNonWsRoute.inc();
      if (error.details === PATH_NORMALIZATION_FAILED) stats.rqFailedPathNormalization.inc();
      const body = error.isOfManager ? "" : codecErrorBody(error.status);
      this.replyWithoutRequest(error.status, body, error.details, error.flags, block, error.isOfManager);
      return;
    }
    if (block !== 0) this.worker.core.exports.blockFree(block);
    stream.onRequestError(error.status, codecErrorBody(error.status), error.details, error.flags);
  }

  // --- the streams -----------------------------------------------------------------------------------------------------

  /** Writes a head for a stream; the bytes on the wire. */
  writeHead(streamId: number, block: number, endStream: boolean, flags: number): number {
    return this.wrote(writeHeaders(this.worker.turn.output, this, this.codec, streamId, block, endStream, flags));
  }

  writeData(streamId: number, address: number, length: number, endStream: boolean): number {
    return this.wrote(writeData(this.worker.turn.output, this, this.codec, streamId, address, length, endStream));
  }

  writeTrailers(streamId: number, block: number): number {
    return this.wrote(writeTrailers(this.worker.turn.output, this, this.codec, streamId, block));
  }

  writeContinue(streamId: number): void {
    const { output } = this.worker.turn;
    const length = this.codec.encodeContinue(streamId, output.room(this), output.space);
    output.commit(length);
    this.wrote(length);
  }

  /** After 101 or a 2xx to CONNECT. */
  tunnel(streamId: number): void {
    this.isTunnel = true;
    this.closesAfterResponse = true;
    this.codec.tunnel(streamId);
    // What came before its time is told by now, and no longer a reason to pause.
    this.afterEvents();
  }

  /** A stream is over. `isWhole`: the response was written to its end; else the connection cannot go on. */
  onStreamEnd(stream: HttpStream, isWhole: boolean): void {
    this.stream = null;
    this.worker.turn.retire(stream);
    if (this.isClosed || this.peerIsGone) return;
    if (!isWhole) {
      this.worker.turn.output.flush();
      this.close(true);
      return;
    }
    if (this.closesAfterResponse || this.codec.closeAfterResponse) {
      this.closeGently(this.peerWantsClose || this.isTunnel);
      return;
    }
    this.startIdleTimer();
    this.proceed();
  }

  /** The next request, once the client has taken the answers before: else who asks and never reads would fill our memory. */
  private proceed(): void {
    this.waitsForDrain = this.socket.aboveHighWatermark;
    if (!this.waitsForDrain) {
      this.codec.proceed();
      if (this.peerEnded && this.stream === null && !this.waitsForDrain) {
        this.closeGently();
        return;
      }
    }
    this.afterEvents();
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  /** The first bytes are there: only now there is a protocol to count. */
  private begins(): void {
    const { stats } = this.manager;
    stats.cxHttp1Total.inc();
    stats.cxHttp1Active.inc();
  }

  private wrote(length: number): number {
    this.wireBytesSent += length;
    this.manager.stats.cxTxBytes.add(length);
    return length;
  }

  /** Closes after the next response, or after `ms` (drain_timeout) in which no request came: one may be on its way to us just now. */
  private endSoon(ms: number): void {
    this.closesAfterResponse = true;
    if (this.stream === null && !this.isLingering && !this.codec.headStarted) this.idleTimer.start(Math.max(ms, 1));
  }

  private startIdleTimer(): void {
    const { idleMs } = this.manager.timeouts;
    if (idleMs > 0) this.idleTimer.start(idleMs);
  }

  private afterEvents(): void {
    if (this.isClosed || this.isLingering) return;
    const { codec } = this;
    const { requestHeadersMs } = this.manager.timeouts;
    if (requestHeadersMs > 0) {
      if (!codec.headStarted) this.headersTimer.stop();
      else if (!this.headersTimer.isArmed) this.headersTimer.start(requestHeadersMs);
    }
    if (codec.wantsRead === this.isReadPaused) {
      this.isReadPaused = !this.isReadPaused;
      if (this.isReadPaused) this.socket.pauseReading();
      else this.socket.resumeReading();
    }
  }

  /** Answers on a stream of its own for a request whose head cannot be read or never came. */
  private replyWithoutRequest(
    status: number,
    body: string,
    details: string,
    flags: number,
    block = 0,
    hasArrived = false,
  ): void {
    this.idleTimer.stop();
    this.headersTimer.stop();
    this.closesAfterResponse = true;
    const stream = this.worker.streams.take(this.worker);
    this.peerWantsClose = false;
    this.stream = stream;
    stream.beginRefused(this, this.codec.errorStreamId, block, hasArrived);
    stream.sendLocalReply(status, body, details, flags);
  }

  /** Whether there was a request. */
  private endStream(details = REMOTE_DISCONNECT): boolean {
    this.peerIsGone = true;
    if (this.stream === null && !this.isClosed && this.codec.headStarted) {
      // A request that is cut off within its head is counted and logged like one that is cut off later.
      this.stream = this.worker.streams.take(this.worker);
      this.stream.beginRefused(this, this.codec.errorStreamId, 0, false);
    }
    const { stream } = this;
    stream?.onConnectionGone(DOWNSTREAM_CONNECTION_TERMINATION, details);
    return stream !== null;
  }

  /** The peer is gone or has left. */
  private disconnected(): void {
    if (this.isClosed) return;
    const withRequest = this.endStream();
    this.worker.turn.output.writeDeferred();
    this.socket.close();
    this.closed(false, withRequest);
  }

  /** Sends what is gathered, and our FIN now or when the delay is over, and waits for the peer's. */
  private closeGently(finNow = true): void {
    if (this.isClosed || this.isLingering) return;
    this.worker.turn.output.flush();
    this.idleTimer.stop();
    this.headersTimer.stop();
    if (this.peerEnded && this.socket.pendingBytes === 0) {
      this.close(true);
      return;
    }
    this.isLingering = true;
    this.lingerStartMs = this.worker.clock.now();
    if (this.isReadPaused) {
      this.isReadPaused = false;
      this.socket.resumeReading();
    }
    if (this.peerEnded) this.socket.closeAfterFlush();
    else if (finNow) this.socket.end();
    const { delayedCloseMs } = this.manager.timeouts;
    if (delayedCloseMs > 0 || this.socket.pendingBytes > 0) this.idleTimer.start(Math.max(delayedCloseMs, 1));
    else this.close(true);
  }

  /** A client that still reads the last answer is given the time that a stream may be idle. */
  private lingeredEnough(): void {
    const { stats, timeouts } = this.manager;
    const flushMs = timeouts.streamIdleMs || FLUSH_TIMEOUT_MS;
    if (this.socket.pendingBytes > 0 && this.worker.clock.now() - this.lingerStartMs < flushMs) {
      this.idleTimer.start(Math.max(timeouts.delayedCloseMs, 1));
      return;
    }
    stats.cxDelayedCloseTimeout.inc();
    this.close(true);
  }

  private close(isLocal: boolean): void {
    if (this.isClosed) return;
    this.worker.turn.output.writeDeferred();
    this.socket.close();
    this.closed(isLocal);
  }

  private closed(isLocal: boolean, withRequest = false): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.idleTimer.release();
    this.headersTimer.release();
    this.durationTimer?.release();
    this.codec.close();
    this.worker.core.exports.forwardPeerClose(this.forwardPeer);
    const { stats } = this.manager;
    stats.cxActive.dec();
    if (this.wireBytesReceived > 0) stats.cxHttp1Active.dec();
    stats.cxDestroy.inc();
    (isLocal ? stats.cxDestroyLocal : stats.cxDestroyRemote).inc();
    if (withRequest) {
      stats.cxDestroyActiveRq.inc();
      (isLocal ? stats.cxDestroyLocalActiveRq : stats.cxDestroyRemoteActiveRq).inc();
    }
    stats.cxLengthMs.record(this.worker.clock.now() - this.info.acceptedMs);
    this.owner.onConnectionClosed(this);
  }
}

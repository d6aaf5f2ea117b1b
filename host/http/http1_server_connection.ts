/**
 * A downstream connection that speaks HTTP/1: one request at a time, which is answered before the next one is looked at. It is the exchange of
 * each of its streams itself, so that a request allocates nothing.
 */

import type { CodecListener } from "../codec/codec.ts";
import { describeError, UPGRADE_FAILED } from "../codec/http1_errors.ts";
import type { Http1ServerCodec } from "../codec/http1_server.ts";
import { writeData, writeHeaders, writeTrailers } from "../codec/writer.ts";
import { DOWNSTREAM_CONNECTION_TERMINATION } from "../stream_info/response_flags.ts";
import { PROTOCOL_HTTP10, PROTOCOL_HTTP11 } from "../stream_info/stream_info.ts";
import { ENCODE_CLOSE, HEADERS_HTTP10, HEADERS_KEEP_ALIVE } from "../wasm/layout.gen.ts";
import { codecErrorBody } from "./local_reply.ts";
import { type ConnectionParts, DRAIN_IDLE_MS, ServerConnection } from "./server_connection.ts";
import type { ServerExchange } from "./server_exchange.ts";
import type { HttpStream } from "./stream.ts";

/**
 * A FIN that comes this soon after a request is the end of its input (`printf ... | nc -N`), and the request is answered; one
 * that comes later, before any answer, is a client that has left, as Envoy takes every FIN.
 */
const HALF_CLOSE_GRACE_MS = 50;

const PATH_NORMALIZATION_FAILED = "path_normalization_failed";

export class Http1ServerConnection extends ServerConnection implements CodecListener, ServerExchange {
  readonly codec: Http1ServerCodec;
  /** What the kernel does not take waits in its slab: the answer as such has left. */
  readonly holdsResponse = false;
  /** Set when the connection closes after the response under way: asked by the peer, drained, or used up. */
  private closesAfterResponse = false;
  private stream: HttpStream | null = null;
  private streamId = 0;
  private requests = 0;
  private isDraining = false;
  private isReadPaused = false;
  /** The next request waits until the client has taken the answers before it. */
  private waitsForDrain = false;
  private isTunnel = false;
  /** Nobody is there any more; whoever noticed closes, once the stream is told. */
  private peerIsGone = false;
  /** The request at hand is the last one, by its own word or version. */
  private peerWantsClose = false;

  constructor(parts: ConnectionParts, codec: Http1ServerCodec) {
    super(parts);
    this.codec = codec;
    codec.listener = this;
  }

  /** After its next response, or when it is still idle a little later. */
  drain(): void {
    this.isDraining = true;
    this.endSoon(DRAIN_IDLE_MS);
  }

  // --- the socket ------------------------------------------------------------------------------------------------------

  onRead(address: number, length: number): void {
    if (this.isLingering) return;
    if (this.wireBytesReceived === 0) this.begins();
    this.received(length);
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

  onOutputBlocked(): void {
    this.stream?.flow.onDownstreamBlocked();
  }

  protected onHeadersTimeout(): void {
    this.replyWithoutRequest(408, "request header timeout", "request_header_timeout", 0);
  }

  protected onDurationReached(): void {
    this.endSoon(this.manager.timeouts.drainMs);
  }

  protected onIdle(): void {
    const { stats, timeouts } = this.manager;
    if (this.closesAfterResponse) {
      if (this.isDraining) stats.cxDrainClose.inc();
      this.closeGently();
    } else {
      stats.cxIdleTimeout.inc();
      if (this.codec.headStarted) this.closeGently();
      else this.endSoon(timeouts.drainMs);
    }
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
    const stream = this.take(streamId);
    stream.begin(this, block, flags, method, (flags & HEADERS_HTTP10) !== 0 ? PROTOCOL_HTTP10 : PROTOCOL_HTTP11);
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

  // --- the stream ------------------------------------------------------------------------------------------------------

  /** The connection is told to close when it cannot go on, or shall not. */
  beforeHead(requestEnded: boolean): void {
    const { manager, worker } = this;
    const { stats } = manager;
    if (!requestEnded) {
      // Nobody waits for the rest of the request, and HTTP/1 has no other way to say so.
      this.closesAfterResponse = true;
      stats.rqResponseBeforeComplete.inc();
      return;
    }
    if (this.closesAfterResponse) return;
    if (worker.isDraining) {
      stats.cxDrainClose.inc();
      this.closesAfterResponse = true;
    } else if (worker.overload.disablesKeepalive) {
      stats.cxOverloadDisableKeepalive.inc();
      this.closesAfterResponse = true;
    }
  }

  endAfterResponse(): void {
    this.closesAfterResponse = true;
  }

  writeHead(block: number, endStream: boolean, isSwitch: boolean): number {
    return this.encodeHead(block, endStream, this.closesAfterResponse && !isSwitch ? ENCODE_CLOSE : 0);
  }

  writeInterim(block: number): void {
    this.encodeHead(block, false, 0);
  }

  private encodeHead(block: number, endStream: boolean, flags: number): number {
    const { output } = this.worker.turn;
    return this.wrote(writeHeaders(output, this, this.codec, this.streamId, block, endStream, flags));
  }

  writeData(address: number, length: number, endStream: boolean): void {
    this.wrote(writeData(this.worker.turn.output, this, this.codec, this.streamId, address, length, endStream));
  }

  writeTrailers(block: number): void {
    this.wrote(writeTrailers(this.worker.turn.output, this, this.codec, this.streamId, block));
  }

  writeContinue(): void {
    const { output } = this.worker.turn;
    const length = this.codec.encodeContinue(this.streamId, output.room(this), output.space);
    output.commit(length);
    this.wrote(length);
  }

  /** After 101 or a 2xx to CONNECT. */
  tunnel(): void {
    this.isTunnel = true;
    this.closesAfterResponse = true;
    this.codec.tunnel(this.streamId);
    // What came before its time is told by now, and no longer a reason to pause.
    this.afterEvents();
  }

  pauseRequest(): void {
    this.socket.pauseReading();
  }

  resumeRequest(): void {
    this.socket.resumeReading();
  }

  /** Without the whole response the connection cannot go on. */
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

  private take(streamId: number): HttpStream {
    const stream = this.worker.streams.take(this.worker);
    this.streamId = streamId;
    this.stream = stream;
    this.manager.stats.rqHttp1Total.inc();
    return stream;
  }

  /** Closes after the next response, or after `ms` (drain_timeout) in which no request came: one may be on its way to us just now. */
  private endSoon(ms: number): void {
    this.closesAfterResponse = true;
    if (this.stream === null && !this.isLingering && !this.codec.headStarted) this.idleTimer.start(Math.max(ms, 1));
  }

  private afterEvents(): void {
    if (this.isClosed || this.isLingering) return;
    const { codec } = this;
    this.watchHead(codec.headStarted);
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
    this.peerWantsClose = false;
    const stream = this.take(this.codec.errorStreamId);
    stream.beginRefused(this, block, hasArrived, PROTOCOL_HTTP11);
    stream.sendLocalReply(status, body, details, flags);
  }

  protected endStreams(details: string): boolean {
    this.peerIsGone = true;
    if (this.stream === null && !this.isClosed && this.codec.headStarted) {
      // A request that is cut off within its head is counted and logged like one that is cut off later.
      this.take(this.codec.errorStreamId).beginRefused(this, 0, false, PROTOCOL_HTTP11);
    }
    const { stream } = this;
    stream?.onConnectionGone(DOWNSTREAM_CONNECTION_TERMINATION, details);
    return stream !== null;
  }

  protected onLinger(): void {
    if (!this.isReadPaused) return;
    this.isReadPaused = false;
    this.socket.resumeReading();
  }

  protected onGone(): void {
    this.codec.close();
    if (this.wireBytesReceived > 0) this.manager.stats.cxHttp1Active.dec();
  }
}

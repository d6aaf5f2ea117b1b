/**
 * One stream of an HTTP/2 connection on its way between the codec and the HttpStream: what either side is not ready for waits here.
 *
 *   request    codec --onData--> passed on, and reported as consumed                     the client may send as much again
 *              while the stream's source is paused: kept, not reported                   at most the stream's window
 *   answer     writeData --> codec, as much as windows and the socket take
 *              the rest: kept, and who makes the answer is paused                        one read of the upstream, two at most
 *
 * So a stream that stands still costs its own window and its own last read, and nobody else's. All streams of a connection together may keep
 * RESPONSES_HELD_MAX (http2_server_connection.ts).
 */

import type { Recyclable, TurnTask } from "../net/turn.ts";
import { DOWNSTREAM_CONNECTION_TERMINATION, DOWNSTREAM_PROTOCOL_ERROR } from "../stream_info/response_flags.ts";
import { type ConnectionInfo, PROTOCOL_HTTP2 } from "../stream_info/stream_info.ts";
import {
  H2_CONNECT_ERROR,
  H2_INTERNAL_ERROR,
  H2_NO_ERROR,
  H2_REFUSED_STREAM,
  METHOD_CONNECT,
} from "../wasm/layout.gen.ts";
import type { ConnectionManager } from "./connection_manager.ts";
import { asExtendedAnswer, asUpgrade } from "./extended_connect.ts";
import { HeldBody } from "./held_body.ts";
import type { HttpWorker } from "./http_worker.ts";
import type { Http2ServerConnection } from "./http2_server_connection.ts";
import type { ServerExchange } from "./server_exchange.ts";
import type { HttpStream } from "./stream.ts";

const FRAME_HEAD_BYTES = 9;
/** Held bytes are lent to the core in pieces of this size at most. */
const PIECE_BYTES = 65_536;

export class Http2Exchange implements ServerExchange, TurnTask, Recyclable {
  readonly worker: HttpWorker;
  wireBytesReceived = 0;
  wireBytesSent = 0;
  private connection!: Http2ServerConnection;
  private id = 0;
  private stream: HttpStream | null = null;
  /** The request came as an extended CONNECT (RFC 8441). */
  private isExtended = false;
  /** The client has reset the stream, or is gone: there is nobody to tell that it ended. */
  private isGone = false;

  // --- the request
  private pauses = 0;
  private readonly request = new HeldBody();
  private requestTrailers = 0;
  /** Bytes that were passed on and are not reported as consumed. */
  private unreported = 0;
  private isDue = false;

  // --- the answer
  private readonly response = new HeldBody();
  private trailersWait = false;
  /** Who makes the answer was told to wait. */
  private isBlocked = false;

  constructor(worker: HttpWorker) {
    this.worker = worker;
  }

  open(connection: Http2ServerConnection, id: number): void {
    this.connection = connection;
    this.id = id;
    this.wireBytesReceived = 0;
    this.wireBytesSent = 0;
    this.isExtended = false;
    this.isGone = false;
    this.pauses = 0;
    this.unreported = 0;
    this.trailersWait = false;
    this.isBlocked = false;
    this.stream = this.worker.streams.take(this.worker);
    this.manager.stats.rqHttp2Total.inc();
  }

  get manager(): ConnectionManager {
    return this.connection.manager;
  }

  get info(): ConnectionInfo {
    return this.connection.info;
  }

  get forwardPeer(): number {
    return this.connection.forwardPeer;
  }

  // --- the codec -------------------------------------------------------------------------------------------------------

  onHeaders(block: number, flags: number, method: number): void {
    const { stream, worker } = this;
    const upgrade = method === METHOD_CONNECT ? asUpgrade(worker.core, block) : null;
    this.isExtended = upgrade !== null;
    if (upgrade === null) stream?.begin(this, block, flags, method, PROTOCOL_HTTP2);
    else stream?.begin(this, upgrade.block, flags, upgrade.method, PROTOCOL_HTTP2);
    this.settleBlocked();
  }

  /** A head that cannot be read, or is not kept: what else there is of the stream is an answer or an error. */
  onHeadLost(): void {
    this.stream?.beginRefused(this, 0, false, PROTOCOL_HTTP2);
  }

  refuse(status: number, body: string, details: string): void {
    this.stream?.sendLocalReply(status, body, details, 0);
  }

  onData(address: number, length: number, endStream: boolean): void {
    this.wireBytesReceived += length + FRAME_HEAD_BYTES;
    if (this.stream === null) return;
    if (this.pauses > 0 || !this.request.isEmpty) this.request.push(this.worker.core.bytes, address, length, endStream);
    else this.passOn(address, length, endStream);
  }

  onTrailers(block: number): void {
    if (this.stream === null) this.worker.core.exports.blockFree(block);
    else if (this.pauses > 0 || !this.request.isEmpty) this.requestTrailers = block;
    else this.stream.onRequestTrailers(block);
  }

  /** The core has ended the stream for a fault of the client. */
  onError(details: string): void {
    this.isGone = true;
    this.stream?.onConnectionGone(DOWNSTREAM_PROTOCOL_ERROR, details);
  }

  onReset(error: number): void {
    this.isGone = true;
    const details = error === H2_REFUSED_STREAM ? "http2.remote_refuse" : "http2.remote_reset";
    this.stream?.onConnectionGone(DOWNSTREAM_CONNECTION_TERMINATION, details);
  }

  /** The connection is gone. */
  onConnectionGone(flags: number, details: string): void {
    this.isGone = true;
    this.stream?.onConnectionGone(flags, details);
  }

  // --- the request -----------------------------------------------------------------------------------------------------

  pauseRequest(): void {
    this.pauses++;
  }

  /** What waits is passed on at the end of the turn: who resumes is seldom ready for it in the middle of what it does. */
  resumeRequest(): void {
    if (--this.pauses > 0 || this.stream === null || this.isDue) return;
    this.isDue = true;
    this.worker.turn.atEnd(this);
  }

  onTurnEnd(): void {
    this.isDue = false;
    const { request } = this;
    while (this.pauses === 0 && this.stream !== null && !request.isEmpty) {
      const piece = request.shift();
      const ends = !request.hasPieces && request.endStream;
      if (ends) request.clear();
      if (piece === undefined) this.passOn(0, 0, true);
      else this.passOn(this.lend(piece), piece.length, ends);
    }
    if (this.pauses > 0 || this.stream === null) return;
    const trailers = this.requestTrailers;
    this.requestTrailers = 0;
    if (trailers !== 0) this.stream.onRequestTrailers(trailers);
    this.report();
  }

  private passOn(address: number, length: number, endStream: boolean): void {
    this.unreported += length;
    this.stream?.onRequestData(address, length, endStream);
    if (this.pauses === 0) this.report();
  }

  private report(): void {
    const bytes = this.unreported;
    if (bytes === 0 || this.stream === null) return;
    this.unreported = 0;
    this.connection.consumed(this.id, bytes);
  }

  // --- the answer ------------------------------------------------------------------------------------------------------

  get holdsResponse(): boolean {
    return !this.response.isEmpty || this.trailersWait;
  }

  beforeHead(requestEnded: boolean): void {
    if (!requestEnded) this.manager.stats.rqResponseBeforeComplete.inc();
    this.connection.beforeHead();
  }

  endAfterResponse(): void {}

  writeHead(block: number, endStream: boolean, isSwitch: boolean): number {
    if (!isSwitch || !this.isExtended) return this.sent(this.connection.writeHead(this.id, block, endStream));
    const { exports } = this.worker.core;
    const answer = asExtendedAnswer(this.worker.core, block);
    if (answer === 0) return 0;
    const length = this.sent(this.connection.writeHead(this.id, answer, endStream));
    exports.blockFree(answer);
    return length;
  }

  writeInterim(block: number): void {
    this.sent(this.connection.writeHead(this.id, block, false));
  }

  writeContinue(): void {
    this.sent(this.connection.writeContinue(this.id));
  }

  writeData(address: number, length: number, endStream: boolean): void {
    const { connection, response } = this;
    let taken = 0;
    if (response.isEmpty && !connection.isBlocked) {
      this.sent(connection.writeData(this.id, address, length, endStream));
      taken = connection.codec.taken;
      if (taken === length) return;
    }
    response.push(this.worker.core.bytes, address + taken, length - taken, endStream);
    connection.keeps(length - taken);
    if (connection.isBlocked) connection.waitForDrain(this);
    else connection.sendMore(this.id);
    this.settleBlocked();
  }

  writeTrailers(block: number): void {
    if (this.response.isEmpty) this.sent(this.connection.writeTrailers(this.id, block));
    else this.trailersWait = true;
  }

  tunnel(): void {}

  /** There is room again, or the socket has taken what it had: as much of what waits as they allow. */
  sendHeld(): void {
    const { connection, id, response } = this;
    const { codec } = connection;
    while (!response.isEmpty) {
      if (connection.isBlocked) {
        connection.waitForDrain(this);
        return;
      }
      const piece = response.first;
      // Without room a byte is tried: the codec then knows that there is one who waits.
      const length = piece === null ? 0 : Math.min(piece.length, PIECE_BYTES, Math.max(codec.sendRoom(id), 1));
      const ends = response.endStream && length === response.bytes;
      this.sent(connection.writeData(id, piece === null ? 0 : this.lend(piece, length), length, ends));
      const { taken } = codec;
      response.drop(taken);
      connection.keeps(-taken);
      if (taken < length) {
        connection.sendMore(id);
        this.settleBlocked();
        return;
      }
      if (ends) {
        response.clear();
        this.stream?.onResponseOut();
        return;
      }
    }
    if (this.trailersWait) {
      this.trailersWait = false;
      if (this.stream !== null) this.sent(connection.writeTrailers(id, this.stream.responseTail.block));
      this.stream?.onResponseOut();
      return;
    }
    this.settleBlocked();
  }

  /** Tells who makes the answer whether to go on. */
  settleBlocked(): void {
    const { stream } = this;
    const isBlocked = this.response.bytes > 0 || this.connection.isFull;
    if (stream === null || isBlocked === this.isBlocked) return;
    this.isBlocked = isBlocked;
    if (isBlocked) stream.flow.onDownstreamBlocked();
    else stream.flow.onDownstreamDrained();
  }

  private sent(length: number): number {
    this.wireBytesSent += length;
    return length;
  }

  private lend(piece: Uint8Array, length = piece.length): number {
    const { core, loan } = this.worker;
    core.bytes.set(length === piece.length ? piece : piece.subarray(0, length), loan.offset);
    return loan.offset;
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  onStreamEnd(stream: HttpStream, isWhole: boolean): void {
    const { connection, id, request, response, worker } = this;
    this.stream = null;
    worker.turn.retire(stream);
    const requestEnded = stream.requestEnded || request.endStream || this.requestTrailers !== 0;
    if (this.requestTrailers !== 0) worker.core.exports.blockFree(this.requestTrailers);
    this.requestTrailers = 0;
    request.clear();
    if (!isWhole && !this.isGone && (response.endStream || this.trailersWait)) connection.countFlushTimeout();
    connection.keeps(-response.bytes);
    response.clear();
    if (!this.isGone && !isWhole) {
      connection.reset(id, stream.method === METHOD_CONNECT ? H2_CONNECT_ERROR : H2_INTERNAL_ERROR);
    } else if (!this.isGone && !requestEnded) {
      connection.reset(id, H2_NO_ERROR);
    }
    connection.onExchangeEnd(this, id);
  }

  recycle(): void {
    this.worker.http2.giveBack(this);
  }
}

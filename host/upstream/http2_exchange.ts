/**
 * One request and its answer on an HTTP/2 connection: a stream of it (RFC 9113 5.1), from its id to its end.
 *
 *   request   writeData --window--> wire                      no window, or a peer that does not read: it waits here, and the client is paused
 *   answer    onData --> the stream --> reported as consumed  a paused stream: it waits here, at most the stream's window, and is not reported
 *
 * So who stands still, on either side, stops its own stream alone.
 */

import type { Socket } from "../net/socket.ts";
import type { Recyclable } from "../net/turn.ts";
import { PROTOCOL_HTTP2 } from "../stream_info/stream_info.ts";
import {
  H2_CANCEL,
  H2_NO_ERROR,
  HEADER_PROTOCOL,
  HEADER_UPGRADE,
  HEADERS_END_STREAM,
  HEADERS_UPGRADE,
} from "../wasm/layout.gen.ts";
import { ContentQueue } from "./content_queue.ts";
import { toExtendedConnect, toPlainConnect, toSwitchingProtocols } from "./extended_connect.ts";
import type { Http2Connection } from "./http2_connection.ts";
import type { Http2UpstreamWorker } from "./http2_worker.ts";
import { RESET_OVERFLOW, RESET_PROTOCOL_ERROR, type ResetReason } from "./reset_reason.ts";
import type { UpstreamExchange, UpstreamStream } from "./upstream_exchange.ts";

/** What an answer must be for the stream to become a tunnel. */
const PLAIN = 0;
/** 2xx. */
const CONNECT = 1;
/** 200, which HTTP/1.1 calls 101. */
const UPGRADE = 2;

export class Http2Exchange implements UpstreamExchange, Recyclable {
  readonly protocol = PROTOCOL_HTTP2;
  isBlocked = false;
  /** 0 until the head is written. */
  streamId = 0;
  private readonly owner: Http2UpstreamWorker;
  private connection!: Http2Connection;
  /** Null: it is over. */
  private stream: UpstreamStream | null = null;
  private kind = PLAIN;
  /** Of an upgrade, and the key of its WebSocket. */
  private upgrade = "";
  private webSocketKey: string | undefined;

  // The request.
  /** A head of our own that waits until the peer has said whether it takes extended CONNECT; 0: none. */
  private waitingHead = 0;
  private readonly request = new ContentQueue();
  /** The owner's, which lives as long as the exchange; 0: none wait. */
  private requestTrailers = 0;
  /** Our half of the stream has ended. */
  private requestEnded = false;

  // The answer.
  private readonly answer = new ContentQueue();
  private answerTrailers = 0;
  /** The peer's half of the stream has ended. */
  private answerEnded = false;
  private isPaused = false;
  /** Content that was told and not reported, since what it led to has no room. */
  private unreported = 0;

  constructor(owner: Http2UpstreamWorker) {
    this.owner = owner;
  }

  begin(connection: Http2Connection, stream: UpstreamStream): void {
    this.connection = connection;
    this.stream = stream;
  }

  get id(): number {
    return this.connection.id;
  }

  get socket(): Socket {
    return this.connection.socket;
  }

  // --- the request -----------------------------------------------------------------------------------------------------

  writeHead(block: number, endStream: boolean, isUpgrade: boolean): number {
    if (isUpgrade) return this.writeUpgrade(block);
    const written = this.connection.writeHead(this, block, endStream);
    this.requestEnded = endStream;
    if (written === 0) this.fail(RESET_OVERFLOW, "");
    return written;
  }

  private writeUpgrade(block: number): number {
    const { connection, owner } = this;
    const { head } = owner;
    head.block = block;
    const protocol = head.getId(HEADER_UPGRADE);
    const isExtended = protocol !== undefined || head.hasId(HEADER_PROTOCOL);
    // A copy: should the request be tried again, it may be on a connection of HTTP/1.1.
    head.block = connection.worker.core.exports.blockClone(block);
    let fits = head.block !== 0;
    if (protocol === undefined) {
      this.kind = CONNECT;
      if (fits && !isExtended) toPlainConnect(head);
    } else {
      this.kind = UPGRADE;
      this.upgrade = protocol;
      fits &&= toExtendedConnect(head, protocol);
      this.webSocketKey = fits ? head.get("sec-websocket-key") : undefined;
    }
    this.waitingHead = head.detach();
    if (!fits) {
      this.fail(RESET_OVERFLOW, "");
      return 0;
    }
    if (!isExtended) return this.writeWaitingHead();
    if (!connection.isGreeted) {
      connection.waitForSettings(this);
      return 0;
    }
    return this.writeExtendedConnect();
  }

  /** The peer's SETTINGS are there. The bytes on the wire. */
  private writeExtendedConnect(): number {
    if (this.connection.codec.allowsConnect) return this.writeWaitingHead();
    this.fail(RESET_PROTOCOL_ERROR, "http2.extended_connect_not_allowed");
    return 0;
  }

  private writeWaitingHead(): number {
    const { connection, waitingHead } = this;
    const written = connection.writeHead(this, waitingHead, false);
    connection.worker.core.exports.blockFree(waitingHead);
    this.waitingHead = 0;
    if (written === 0) this.fail(RESET_OVERFLOW, "");
    return written;
  }

  onSettings(): void {
    const { stream } = this;
    if (stream === null || this.waitingHead === 0) return;
    stream.onUpstreamWrote(this.writeExtendedConnect());
    if (this.isBlocked) this.sendWaiting();
  }

  writeData(address: number, length: number, endStream: boolean): number {
    const { connection } = this;
    if (this.streamId === 0 || this.isBlocked || connection.isOutputBlocked) {
      this.hold(address, length, endStream);
      return 0;
    }
    const written = connection.writeData(this.streamId, address, length, endStream);
    const { taken } = connection.codec;
    if (taken < length) {
      this.hold(address + taken, length - taken, endStream);
      connection.flushForWindow();
    } else if (endStream) {
      this.requestEnded = true;
    }
    return written;
  }

  writeTrailers(block: number): number {
    if (this.streamId === 0 || this.isBlocked) {
      this.requestTrailers = block;
      this.isBlocked = true;
      return 0;
    }
    this.requestEnded = true;
    return this.connection.writeTrailers(this.streamId, block);
  }

  private hold(address: number, length: number, endStream: boolean): void {
    const { connection, request } = this;
    request.push(connection.worker.core.bytes, address, length);
    request.ends = endStream;
    connection.http2Stats.pendingSendBytes.add(length);
    if (connection.isOutputBlocked) connection.waitForDrain(this);
    if (this.isBlocked) return;
    this.isBlocked = true;
    connection.pool.cluster.stats.flowBackedUp.inc();
    this.stream?.onUpstreamBlocked();
  }

  /** There may be room for more of the request: a window, or a kernel that takes bytes again. */
  sendWaiting(): void {
    const { connection, request, stream } = this;
    if (stream === null || !this.isBlocked || this.streamId === 0) return;
    let written = 0;
    for (let piece = request.first; piece !== undefined; piece = request.first) {
      if (connection.isOutputBlocked) {
        connection.waitForDrain(this);
        break;
      }
      const isLast = request.ends && request.bytes === piece.length;
      written += connection.writeData(this.streamId, this.owner.lendRequest(piece), piece.length, isLast);
      const { taken } = connection.codec;
      connection.http2Stats.pendingSendBytes.sub(taken);
      if (taken > 0) request.drop(taken);
      if (taken < piece.length) break;
      if (isLast) this.requestEnded = true;
    }
    const isAll = request.first === undefined;
    if (isAll) written += this.sendRest();
    if (written > 0) stream.onUpstreamWrote(written);
    if (!isAll) return;
    this.isBlocked = false;
    connection.pool.cluster.stats.flowDrained.inc();
    stream.onUpstreamDrained();
  }

  /** All content that waited is gone. The bytes on the wire. */
  private sendRest(): number {
    const { connection, request, requestTrailers, streamId } = this;
    if (this.requestEnded || (!request.ends && requestTrailers === 0)) return 0;
    this.requestEnded = true;
    this.requestTrailers = 0;
    return requestTrailers === 0
      ? connection.writeData(streamId, 0, 0, true)
      : connection.writeTrailers(streamId, requestTrailers);
  }

  // --- the answer ------------------------------------------------------------------------------------------------------

  onHeaders(block: number, flags: number, status: number): void {
    const { stream } = this;
    if (stream === null) return;
    const ends = (flags & HEADERS_END_STREAM) !== 0;
    if (ends) this.answerEnded = true;
    if (this.kind === PLAIN || status < 200 || status >= 300) {
      stream.onUpstreamHeaders(block, flags, status);
    } else if (this.kind === CONNECT) {
      stream.onUpstreamHeaders(block, (flags | HEADERS_UPGRADE) & ~HEADERS_END_STREAM, status);
      if (ends) this.stream?.onUpstreamData(0, 0, true);
    } else if (status === 200) {
      this.onSwitch(block, flags, ends);
    } else {
      stream.onUpstreamHeaders(block, flags, status);
    }
  }

  private onSwitch(block: number, flags: number, ends: boolean): void {
    const { head } = this.owner;
    head.block = block;
    const fits = toSwitchingProtocols(head, this.upgrade, this.webSocketKey);
    const changed = head.detach();
    if (!fits) {
      this.connection.worker.core.exports.blockFree(changed);
      this.fail(RESET_OVERFLOW, "");
      return;
    }
    this.stream?.onUpstreamHeaders(changed, (flags | HEADERS_UPGRADE) & ~HEADERS_END_STREAM, 101);
    if (ends) this.stream?.onUpstreamData(0, 0, true);
  }

  onData(address: number, length: number, endStream: boolean): void {
    const { answer, stream } = this;
    if (stream === null) return;
    if (endStream) this.answerEnded = true;
    if (this.isPaused || !answer.isEmpty) {
      answer.push(this.connection.worker.core.bytes, address, length);
      answer.ends = endStream;
      return;
    }
    stream.onUpstreamData(address, length, endStream);
    this.told(length);
  }

  onTrailers(block: number): void {
    const { stream } = this;
    if (stream === null) {
      this.connection.worker.core.exports.blockFree(block);
      return;
    }
    this.answerEnded = true;
    if (this.isPaused || !this.answer.isEmpty) this.answerTrailers = block;
    else stream.onUpstreamTrailers(block);
  }

  /** Content was told: the peer may send as much again, once there is room for what it led to. */
  private told(length: number): void {
    if (this.stream === null) return;
    this.unreported += length;
    if (!this.isPaused) this.report();
  }

  private report(): void {
    const { unreported } = this;
    if (unreported === 0) return;
    this.unreported = 0;
    this.connection.consumed(this.streamId, unreported);
  }

  pauseReading(): void {
    this.isPaused = true;
  }

  resumeReading(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (!this.answer.isEmpty || this.answerTrailers !== 0) this.owner.deliver(this);
    else this.report();
  }

  /** Tells what has waited, until it is paused again. Called by `deliver`. */
  tellWaiting(): void {
    const { answer } = this;
    while (this.stream !== null && !this.isPaused) {
      const piece = answer.first;
      if (piece === undefined) {
        this.tellRest();
        return;
      }
      const isLast = answer.ends && answer.bytes === piece.length;
      answer.drop(piece.length);
      if (isLast) answer.ends = false;
      this.stream.onUpstreamData(this.owner.lendAnswer(piece), piece.length, isLast);
      this.told(piece.length);
    }
  }

  private tellRest(): void {
    const { answer, answerTrailers, stream } = this;
    this.report();
    if (answer.ends) {
      answer.ends = false;
      stream?.onUpstreamData(0, 0, true);
    } else if (answerTrailers !== 0) {
      this.answerTrailers = 0;
      stream?.onUpstreamTrailers(answerTrailers);
    }
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  tunnel(): void {}

  complete(): void {
    this.giveUp();
  }

  detach(): void {
    this.giveUp();
  }

  private giveUp(): void {
    if (this.stream === null) return;
    const isOver = this.requestEnded && this.answerEnded;
    // After a whole answer nobody needs the rest of the request, and nothing was wrong (RFC 9113 8.1).
    if (!isOver && this.streamId !== 0)
      this.connection.resetStream(this.streamId, this.answerEnded ? H2_NO_ERROR : H2_CANCEL);
    this.end();
  }

  /** The stream is gone; whether an answer that waits here to be told is lost with it. */
  onGone(reason: ResetReason, details: string): void {
    if (this.answerEnded) {
      this.requestEnded = true;
      this.dropRequest();
      return;
    }
    this.fail(reason, details);
  }

  /** The answer is whole, though it may not be told yet. */
  get hasAnswer(): boolean {
    return this.answerEnded;
  }

  private fail(reason: ResetReason, details: string): void {
    const { stream } = this;
    if (stream === null) return;
    this.end();
    stream.onUpstreamReset(reason, details);
  }

  private end(): void {
    const { connection } = this;
    const { core, turn } = connection.worker;
    this.stream = null;
    this.dropRequest();
    this.answer.clear();
    if (this.waitingHead !== 0) core.exports.blockFree(this.waitingHead);
    if (this.answerTrailers !== 0) core.exports.blockFree(this.answerTrailers);
    this.waitingHead = 0;
    this.answerTrailers = 0;
    this.requestTrailers = 0;
    connection.onExchangeEnd(this);
    turn.retire(this);
  }

  private dropRequest(): void {
    this.connection.http2Stats.pendingSendBytes.sub(this.request.bytes);
    this.request.clear();
  }

  recycle(): void {
    this.isBlocked = false;
    this.streamId = 0;
    this.kind = PLAIN;
    this.requestEnded = false;
    this.answerEnded = false;
    this.isPaused = false;
    this.unreported = 0;
    this.owner.giveBack(this);
  }
}

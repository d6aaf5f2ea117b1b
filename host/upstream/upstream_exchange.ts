/**
 * One request and its answer on an upstream connection: what the router holds. An HTTP/1 connection is its own only exchange; an HTTP/2 connection carries
 * many.
 *
 *   pool --onPoolReady--> writeHead -> writeData* -> writeTrailers?     onUpstreamHeaders -> onUpstreamData* -> onUpstreamTrailers?
 *   ends once, with the first of: complete, detach (by who holds it), onUpstreamReset (by the upstream)
 *
 * After that nothing of it may be called, and nobody is told anything.
 */

import type { Socket } from "../net/socket.ts";
import type { ResetReason } from "./reset_reason.ts";

export interface UpstreamExchange {
  /** Of the connection, unique in the process. */
  readonly id: number;
  /** PROTOCOL_... */
  readonly protocol: number;
  /** What it travels on, to look at: others may travel there too. */
  readonly socket: Socket;
  /** Content of the request piles up: `onUpstreamDrained` comes when more may be sent. */
  readonly isBlocked: boolean;

  /** Writes the head of the request; the bytes on the wire, as of the next two. @param isUpgrade it asks for an upgrade, or is a CONNECT */
  writeHead(block: number, endStream: boolean, isUpgrade: boolean): number;
  writeData(address: number, length: number, endStream: boolean): number;
  writeTrailers(block: number): number;

  /** The answer's content has no room: stop it, this one's alone where others travel too. Not counted; ends with the exchange. */
  pauseReading(): void;
  resumeReading(): void;
  /** What follows, both ways, is a tunnel's: after 101, or 2xx to CONNECT. */
  tunnel(): void;

  /** The whole answer is here and the whole request was written. */
  complete(): void;
  /** Gives up: cancelled, timed out, or answered before the request was written whole. */
  detach(): void;
}

/** Who has an exchange: the router's upstream request. */
export interface UpstreamStream {
  onUpstreamHeaders(block: number, flags: number, status: number): void;
  onUpstreamData(address: number, length: number, endStream: boolean): void;
  onUpstreamTrailers(block: number): void;
  /** The exchange is over before the answer was complete. `details` names the rule that the upstream broke. */
  onUpstreamReset(reason: ResetReason, details: string): void;
  /** Content of the request piles up: stop sending until drained. */
  onUpstreamBlocked(): void;
  onUpstreamDrained(): void;
  /** Bytes of the request that were taken over before are on the wire now. */
  onUpstreamWrote(bytes: number): void;
}

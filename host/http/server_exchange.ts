/**
 * What a stream asks of the connection that it came on: where its answer goes, and how its client is slowed down. An HTTP/1 connection is its own only
 * exchange, since it has one stream at a time; an HTTP/2 connection has one for each stream (http2_exchange.ts).
 */

import type { ConnectionInfo } from "../stream_info/stream_info.ts";
import type { ConnectionManager } from "./connection_manager.ts";
import type { HttpWorker } from "./http_worker.ts";
import type { HttpStream } from "./stream.ts";

export interface ServerExchange {
  readonly worker: HttpWorker;
  readonly manager: ConnectionManager;
  readonly info: ConnectionInfo;
  /** Handle of the core's record of the peer, for `forwardRequest`. */
  readonly forwardPeer: number;
  /** Bytes on the wire, both ways, as far as they are known to be this stream's. */
  readonly wireBytesReceived: number;
  readonly wireBytesSent: number;
  /** The client leaves no room for all of the answer that was written: `onResponseOut` of the stream tells when the last of it has left. */
  readonly holdsResponse: boolean;

  /** The head of the answer is about to leave: now is the time to decide whether others follow. @param requestEnded all of the request has come */
  beforeHead(requestEnded: boolean): void;
  /** This request shows that its client is not to be trusted with another on the same bytes. */
  endAfterResponse(): void;
  /** Writes the final head of the answer; its bytes on the wire. @param isSwitch the exchange becomes a tunnel behind it */
  writeHead(block: number, endStream: boolean, isSwitch: boolean): number;
  /** Writes a head of 1xx. */
  writeInterim(block: number): void;
  writeContinue(): void;
  writeData(address: number, length: number, endStream: boolean): void;
  writeTrailers(block: number): void;
  /** Behind the head: what follows, both ways, is a tunnel's. */
  tunnel(): void;

  /** Counted: as many `resumeRequest` calls let content of the request come again. What was on its way may still come. */
  pauseRequest(): void;
  resumeRequest(): void;

  /** The stream is over. @param isWhole its answer is written to the end, else the client must be shown that it is not */
  onStreamEnd(stream: HttpStream, isWhole: boolean): void;
}

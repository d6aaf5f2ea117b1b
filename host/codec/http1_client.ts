/** The upstream side of HTTP/1: requests out, responses in. One at a time. */

import {
  CLIENT,
  ENCODE_NO_ROOM,
  FACT_IDLE,
  HEADERS_END_STREAM,
  OPTION_CHUNKED_LENGTH,
  OPTION_TRAILERS,
} from "../wasm/layout.gen.ts";
import type { ClientCodec } from "./codec.ts";
import { Http1Codec, headFlags, type PendingEvents } from "./http1_codec.ts";

/** How responses are read. */
export interface Http1ClientSettings {
  /** max_response_headers_kb, in bytes. Also the limit of a trailer section. */
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  readonly enableTrailers?: boolean;
  readonly allowChunkedLength?: boolean;
}

export class Http1ClientCodec extends Http1Codec implements ClientCodec {
  /** An exchange was begun and its head is not encoded. */
  private isReserved = false;

  /** Null when the core's table of connections is full. */
  static open(pending: PendingEvents, settings: Http1ClientSettings): Http1ClientCodec | null {
    const options =
      (settings.enableTrailers === true ? OPTION_TRAILERS : 0) |
      (settings.allowChunkedLength === true ? OPTION_CHUNKED_LENGTH : 0);
    const connection = pending.core.exports.http1Open(CLIENT, settings.maxHeadBytes, settings.maxHeaders, options);
    return connection === 0 ? null : new Http1ClientCodec(pending, connection);
  }

  startStream(): number {
    if (this.isReserved || !this.reusable) return 0;
    this.isReserved = true;
    return ++this.streams;
  }

  get reusable(): boolean {
    return this.connection !== 0 && this.hasFact(FACT_IDLE);
  }

  encodeHeaders(streamId: number, block: number, endStream: boolean, flags: number, out: number, room: number): number {
    const length = this.exports.http1EncodeRequest(this.connection, block, headFlags(endStream, flags), out, room);
    if (length !== ENCODE_NO_ROOM) {
      this.isReserved = false;
      this.isOpen = true;
      this.streamId = streamId;
    }
    return length;
  }

  protected onHead(block: number, flags: number): number {
    if ((flags & HEADERS_END_STREAM) !== 0) this.isOpen = false;
    return block;
  }

  protected afterEvents(): void {}
}

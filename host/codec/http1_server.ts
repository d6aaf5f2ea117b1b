/** The downstream side of HTTP/1: requests in, responses out. */

import type { Core } from "../wasm/core.ts";
import {
  FACT_CLOSES,
  FACT_COMPLETE,
  HEADER_AUTHORITY,
  HEADERS_END_STREAM,
  HEADERS_HTTP10,
  OPTION_CHUNKED_LENGTH,
  OPTION_CUSTOM_METHODS,
  OPTION_DEFAULT_HOST,
  OPTION_DROP_UNDERSCORES,
  OPTION_HTTP10,
  OPTION_REJECT_UNDERSCORES,
  OPTION_TLS,
  OPTION_TRAILERS,
  SCRATCH_BYTES,
  SCRATCH_START,
  SERVER,
} from "../wasm/layout.gen.ts";
import { writeLatin1 } from "../wasm/text.ts";
import type { ServerCodec } from "./codec.ts";
import { Http1Codec, headFlags, type PendingEvents } from "./http1_codec.ts";

/** How requests are read; Envoy's words (HttpConnectionManager, Http1ProtocolOptions). */
export interface Http1ServerSettings {
  /** max_request_headers_kb, in bytes. Also the limit of a trailer section. */
  readonly maxHeadBytes: number;
  /** common_http_protocol_options.max_headers_count. Also the limit of a trailer section. */
  readonly maxHeaders: number;
  readonly acceptHttp10?: boolean;
  /** Empty: requests of HTTP/1.0 without Host are refused. */
  readonly defaultHostForHttp10?: string;
  readonly enableTrailers?: boolean;
  readonly allowCustomMethods?: boolean;
  readonly allowChunkedLength?: boolean;
  /** headers_with_underscores_action. */
  readonly underscores?: "allow" | "reject" | "drop";
  /** The connection is TLS: the scheme of its requests is https. */
  readonly tls?: boolean;
}

export class Http1ServerCodec extends Http1Codec implements ServerCodec {
  private readonly core: Core;
  private readonly defaultHost: string;
  private wantsNext = false;

  private constructor(pending: PendingEvents, connection: number, defaultHost: string) {
    super(pending, connection);
    this.core = pending.core;
    this.defaultHost = defaultHost;
  }

  /** Null when the core's table of connections is full. */
  static open(pending: PendingEvents, settings: Http1ServerSettings): Http1ServerCodec | null {
    const defaultHost = settings.defaultHostForHttp10 ?? "";
    const connection = pending.core.exports.http1Open(
      SERVER,
      settings.maxHeadBytes,
      settings.maxHeaders,
      optionsOf(settings, defaultHost !== ""),
    );
    return connection === 0 ? null : new Http1ServerCodec(pending, connection, defaultHost);
  }

  /** There is no stream yet: the answer is the last thing that this connection says. */
  get errorStreamId(): number {
    return this.isOpen ? this.streamId : this.streams + 1;
  }

  get closeAfterResponse(): boolean {
    return this.connection === 0 || this.hasFact(FACT_CLOSES);
  }

  encodeHeaders(
    _streamId: number,
    block: number,
    endStream: boolean,
    flags: number,
    out: number,
    room: number,
  ): number {
    return this.exports.http1EncodeResponse(this.connection, block, headFlags(endStream, flags), out, room);
  }

  encodeContinue(_streamId: number, out: number, room: number): number {
    return this.exports.http1EncodeInterim(this.connection, 100, out, room);
  }

  proceed(): void {
    this.wantsNext = true;
    if (!this.isTelling) this.afterEvents();
  }

  protected onHead(block: number, flags: number): number {
    this.streamId = ++this.streams;
    this.isOpen = (flags & HEADERS_END_STREAM) === 0;
    if ((flags & HEADERS_HTTP10) === 0 || this.defaultHost === "") return block;
    return this.withDefaultHost(block);
  }

  /** Requests answered inside their own callbacks are followed in a loop, not by recursion: thousands may wait in one read. */
  protected afterEvents(): void {
    while (this.wantsNext && this.connection !== 0) {
      this.wantsNext = false;
      if (!this.hasFact(FACT_COMPLETE)) return;
      this.tell(this.exports.http1Next(this.connection));
    }
  }

  /** default_host_for_http_10, where the request names none. */
  private withDefaultHost(block: number): number {
    const { core } = this;
    if (core.exports.headerJoinId(block, HEADER_AUTHORITY) !== 0 && core.result(1) > 0) return block;
    const length = writeLatin1(core.bytes, SCRATCH_START, this.defaultHost, SCRATCH_BYTES);
    return core.exports.headerSetId(block, HEADER_AUTHORITY, SCRATCH_START, length) || block;
  }
}

function optionsOf(settings: Http1ServerSettings, hasDefaultHost: boolean): number {
  let options = 0;
  if (settings.acceptHttp10 === true) options |= OPTION_HTTP10;
  if (hasDefaultHost) options |= OPTION_DEFAULT_HOST;
  if (settings.tls === true) options |= OPTION_TLS;
  if (settings.enableTrailers === true) options |= OPTION_TRAILERS;
  if (settings.allowCustomMethods === true) options |= OPTION_CUSTOM_METHODS;
  if (settings.allowChunkedLength === true) options |= OPTION_CHUNKED_LENGTH;
  if (settings.underscores === "reject") options |= OPTION_REJECT_UNDERSCORES;
  if (settings.underscores === "drop") options |= OPTION_DROP_UNDERSCORES;
  return options;
}

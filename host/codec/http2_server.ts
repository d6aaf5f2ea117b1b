/** The downstream side of HTTP/2: requests in, responses out. */

import { ENCODE_GONE, H2_FACT_GOAWAY_SENT, H2_SERVER } from "../wasm/layout.gen.ts";
import type { ServerCodec } from "./codec.ts";
import type { PendingEvents } from "./http1_codec.ts";
import { Http2Codec, type NowMs } from "./http2_codec.ts";
import { type Http2Settings, writeHttp2Settings } from "./http2_settings.ts";

export class Http2ServerCodec extends Http2Codec implements ServerCodec {
  errorStreamId = 0;

  /** Null when the core's table of connections is full. What this side says first waits as control output. */
  static open(pending: PendingEvents, settings: Http2Settings, nowMs: NowMs): Http2ServerCodec | null {
    const { core } = pending;
    const connection = core.exports.http2Open(H2_SERVER, writeHttp2Settings(core, settings));
    return connection === 0 ? null : new Http2ServerCodec(pending, connection, nowMs);
  }

  /** Only at the end of a connection, never for the sake of one stream: GOAWAY was sent and nothing is open, or there was an error. */
  get closeAfterResponse(): boolean {
    return this.isDead || (this.facts.has(H2_FACT_GOAWAY_SENT) && this.facts.openStreams === 0);
  }

  encodeContinue(streamId: number, out: number, room: number): number {
    if (this.connection === 0) return ENCODE_GONE;
    return this.exports.http2EncodeInterim(this.connection, streamId, 100, out, room);
  }

  /** Streams do not wait for each other. */
  proceed(): void {}

  protected override noteError(streamId: number): void {
    this.errorStreamId = streamId;
  }
}

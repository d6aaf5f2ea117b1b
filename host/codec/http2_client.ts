/** The upstream side of HTTP/2: requests out, responses in, many at a time. */

import {
  H2_CLIENT,
  H2_FACT_GOAWAY_RECEIVED,
  H2_FACT_GOAWAY_SENT,
  H2_FACT_PEER_CONNECT,
  H2_STREAMS_PER_CONNECTION_MAX,
} from "../wasm/layout.gen.ts";
import type { ClientCodec } from "./codec.ts";
import type { PendingEvents } from "./http1_codec.ts";
import { Http2Codec, type NowMs } from "./http2_codec.ts";
import { type Http2Settings, writeHttp2Settings } from "./http2_settings.ts";

export class Http2ClientCodec extends Http2Codec implements ClientCodec {
  /** Null when the core's table of connections is full. Preface and SETTINGS wait as control output: they are written first. */
  static open(pending: PendingEvents, settings: Http2Settings, nowMs: NowMs): Http2ClientCodec | null {
    const { core } = pending;
    const connection = core.exports.http2Open(H2_CLIENT, writeHttp2Settings(core, settings));
    return connection === 0 ? null : new Http2ClientCodec(pending, connection, nowMs);
  }

  /** Heads are encoded in the order in which ids were given; an id that is passed over cannot be used any more (RFC 9113 5.1.1). */
  startStream(): number {
    return this.connection === 0 ? 0 : this.exports.http2StartStream(this.connection);
  }

  /** How many streams may be open at once: as the peer says, and as we can hold. */
  get streamsAllowed(): number {
    return this.connection === 0 ? 0 : Math.min(this.facts.peerMaxStreams, H2_STREAMS_PER_CONNECTION_MAX);
  }

  get reusable(): boolean {
    if (this.isDead || this.facts.has(H2_FACT_GOAWAY_RECEIVED | H2_FACT_GOAWAY_SENT)) return false;
    return this.facts.openStreams < this.streamsAllowed;
  }

  /** The peer takes extended CONNECT (RFC 8441). */
  get allowsConnect(): boolean {
    return this.connection !== 0 && this.facts.has(H2_FACT_PEER_CONNECT);
  }
}

/** What one worker thread lends to its upstream connections. */

import type { AccessLogSinks } from "../access_log/sinks.ts";
import type { ClientCodec } from "../codec/codec.ts";
import type { Http2ClientCodec } from "../codec/http2_client.ts";
import type { Http2Settings } from "../codec/http2_settings.ts";
import type { Clock, Timers } from "../net/clock.ts";
import type { Net } from "../net/socket.ts";
import type { SecretStore } from "../net/tls/secret_store.ts";
import type { Turn } from "../net/turn.ts";
import type { StatStore } from "../stats/scope.ts";
import type { ConfigArena } from "../wasm/config_arena.ts";
import type { Core } from "../wasm/core.ts";
import type { LedgerView } from "../wasm/ledger.ts";
import type { Http2UpstreamWorker } from "./http2_worker.ts";

export interface UpstreamWorker {
  readonly core: Core;
  readonly arena: ConfigArena;
  readonly ledger: LedgerView;
  readonly stats: StatStore;
  readonly net: Net;
  readonly secrets: SecretStore;
  /** Files, which the main thread owns. */
  readonly accessLogSinks: AccessLogSinks;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly turn: Turn;
  /** 32 bits, from the worker's seed. */
  random(): number;
  /** Unique in the process. */
  nextConnectionId(): number;
  /** Null when the core's table of connections is full. */
  newClientCodec(options: ClientCodecOptions): ClientCodec | null;
  newHttp2ClientCodec(settings: Http2Settings): Http2ClientCodec | null;
  readonly http2Upstream: Http2UpstreamWorker;
}

/** What the codec of an upstream connection is made with. */
export interface ClientCodecOptions {
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  readonly enableTrailers: boolean;
}

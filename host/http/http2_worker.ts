/** What all HTTP/2 connections of a worker share: exchanges wait here between streams, so that a request allocates none; and Envoy's stats of the codec. */

import { type Http2Settings, http2SettingsOf } from "../codec/http2_settings.ts";
import type { Http2ProtocolOptions } from "../config/types/core.ts";
import { Http2CodecStats } from "../stats/http2_codec_stats.ts";
import type { ServerCodecOptions } from "./connection_manager.ts";
import type { HttpWorker } from "./http_worker.ts";
import { Http2Exchange } from "./http2_exchange.ts";

/**
 * Envoy's is 1,024. A stream is a connection to an upstream of HTTP/1, so it is also how many of those one client may have opened at once, and with so many bodies of 64 KiB
 * that it does not take nothing else of its connection has to wait (RESPONSES_HELD_MAX). It is the least that RFC 9113 6.5.2 recommends, and what nginx, HAProxy and others say.
 */
const MAX_CONCURRENT_STREAMS = 100;

/** How they are opened. */
export function http2ServerSettings(options: Http2ProtocolOptions, limits: ServerCodecOptions): Http2Settings {
  const { maxHeadBytes, maxHeaders, underscores } = limits;
  const settings = http2SettingsOf(options, { maxHeadBytes, maxHeaders, underscores });
  return { ...settings, maxConcurrentStreams: options.max_concurrent_streams ?? MAX_CONCURRENT_STREAMS };
}

/** More than this many free ones are left to the garbage collector: a burst does not stay for ever. */
const FREE_EXCHANGES_MAX = 4096;

export class Http2Worker {
  /** Content of answers that wait for a window, on all connections. */
  heldBytes = 0;
  private readonly worker: HttpWorker;
  private readonly free: Http2Exchange[] = [];
  private codecStats: Http2CodecStats | null = null;

  constructor(worker: HttpWorker) {
    this.worker = worker;
  }

  /** `http2.`; there from the first connection on, as in Envoy. */
  get stats(): Http2CodecStats {
    this.codecStats ??= new Http2CodecStats(this.worker.stats.root.scope("http2"));
    return this.codecStats;
  }

  take(): Http2Exchange {
    return this.free.pop() ?? new Http2Exchange(this.worker);
  }

  giveBack(exchange: Http2Exchange): void {
    if (this.free.length < FREE_EXCHANGES_MAX) this.free.push(exchange);
  }
}

/** What one worker thread lends to its connections and streams. host/workers/worker.ts is one, whether a thread or a simulation runs it. */

import type { Http1ServerCodec } from "../codec/http1_server.ts";
import type { Http2ServerCodec } from "../codec/http2_server.ts";
import type { Http2Settings } from "../codec/http2_settings.ts";
import type { PooledSlab } from "../net/slab_pool.ts";
import type { OverloadState } from "../runtime/overload.ts";
import type { UpstreamWorker } from "../upstream/upstream_worker.ts";
import type { ServerCodecOptions } from "./connection_manager.ts";
import type { Http2Worker } from "./http2_worker.ts";
import type { StreamObserver } from "./stream_observer.ts";
import type { StreamPool } from "./stream_pool.ts";

/** Who this proxy is, as far as requests are told. */
export interface NodeInfo {
  readonly id: string;
  readonly cluster: string;
  /** The address of this machine, without port. */
  readonly localAddress: string;
}

export interface HttpWorker extends UpstreamWorker {
  readonly node: NodeInfo;
  /** What the overload manager has switched on. */
  readonly overload: OverloadState;
  readonly streams: StreamPool;
  /** A slab that is never written out: bytes that a callback lends to core memory lie there. */
  readonly loan: PooledSlab;
  /** Notes how streams were decided, for `explain`. */
  readonly observer: StreamObserver;
  /** The process was told to fail its health checks, or drains: responses ask clients to leave. */
  readonly isDraining: boolean;
  /** What HTTP/2 connections share. */
  readonly http2: Http2Worker;
  /** Null when the core's table of connections is full, as of the next. */
  newHttp1ServerCodec(options: ServerCodecOptions): Http1ServerCodec | null;
  newHttp2ServerCodec(settings: Http2Settings): Http2ServerCodec | null;
}

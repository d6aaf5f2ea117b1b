/** What one worker thread lends to its connections and streams. host/workers/worker.ts is one, whether a thread or a simulation runs it. */

import type { AccessLogSinks } from "../access_log/sinks.ts";
import type { ServerCodec } from "../codec/codec.ts";
import type { PooledSlab } from "../net/slab_pool.ts";
import type { OverloadState } from "../runtime/overload.ts";
import type { UpstreamWorker } from "../upstream/upstream_worker.ts";
import type { ServerCodecOptions } from "./connection_manager.ts";
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
  readonly accessLogSinks: AccessLogSinks;
  /** What the overload manager has switched on. */
  readonly overload: OverloadState;
  readonly streams: StreamPool;
  /** A slab that is never written out: bytes that a callback lends to core memory lie there. */
  readonly loan: PooledSlab;
  /** Notes how streams were decided, for `explain`. */
  readonly observer: StreamObserver;
  /** The process was told to fail its health checks, or drains: responses ask clients to leave. */
  readonly isDraining: boolean;
  /** Null when the core's table of connections is full. */
  newServerCodec(options: ServerCodecOptions): ServerCodec | null;
}

/**
 * The last streams of a worker, for `explain`: what was decided about each, as references and numbers. Nearly free: a
 * record is reused, and the head of the request is not copied but taken over when the stream lets go of it.
 *
 *   records [0 .. RECORDS)     next -> the oldest, which the next stream replaces
 */

import type { ConnectionManager } from "../http/connection_manager.ts";
import type { HttpStream } from "../http/stream.ts";
import type { StreamObserver } from "../http/stream_observer.ts";
import type { RouteEntry } from "../route/route_entry.ts";
import { NEVER } from "../stream_info/stream_info.ts";
import type { Cluster } from "../upstream/cluster.ts";
import type { ClusterManager } from "../upstream/cluster_manager.ts";
import type { Core } from "../wasm/core.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import { HEADER_X_REQUEST_ID } from "../wasm/layout.gen.ts";

/** Streams that are remembered. */
export const RECORDS_MAX = 1024;
/** A head above this is not kept: memory that the ring holds is at most RECORDS_MAX times this. */
const HEAD_BYTES_MAX = 4_096;

export class StreamRecord {
  readonly requestHeaders: HeaderMap;
  manager: ConnectionManager | null = null;
  route: RouteEntry | null = null;
  listener = "";
  filterChain = "";
  connectionId = 0;
  remote = "";
  startWallMs = 0;
  startMs = NEVER;
  requestEndMs = NEVER;
  upstreamFirstTxMs = NEVER;
  upstreamFirstRxMs = NEVER;
  endMs = NEVER;
  cluster: Cluster | null = null;
  clusterName = "";
  hostAddress = "";
  attempts = 0;
  status = 0;
  details = "";
  flags = 0;
  bytesReceived = 0;
  bytesSent = 0;

  constructor(core: Core) {
    this.requestHeaders = new HeaderMap(core);
  }
}

export class ExplainRing implements StreamObserver {
  private readonly records: StreamRecord[];
  private readonly core: Core;
  private next = 0;

  constructor(core: Core) {
    this.core = core;
    this.records = Array.from({ length: RECORDS_MAX }, () => new StreamRecord(core));
  }

  onStreamEnd(stream: HttpStream): void {
    const record = this.records[this.next] as StreamRecord;
    this.next = this.next + 1 === RECORDS_MAX ? 0 : this.next + 1;
    record.requestHeaders.release();
    const { requestHeaders } = stream;
    if (requestHeaders.isAttached && this.core.exports.blockBytes(requestHeaders.block) <= HEAD_BYTES_MAX) {
      record.requestHeaders.attach(requestHeaders.detach());
    }
    const { info } = stream.http;
    record.manager = stream.manager;
    record.route = stream.route;
    record.listener = info.listenerName;
    record.filterChain = info.filterChainName;
    record.connectionId = info.id;
    record.remote = stream.forwardedClient;
    record.startWallMs = stream.startWallMs;
    record.startMs = stream.startMs;
    record.requestEndMs = stream.requestEndMs;
    record.upstreamFirstTxMs = stream.upstreamFirstTxMs;
    record.upstreamFirstRxMs = stream.upstreamFirstRxMs;
    record.endMs = stream.endMs;
    record.clusterName = stream.clusterName;
    record.hostAddress = stream.upstream?.addressText ?? "";
    record.attempts = stream.attemptCount;
    record.status = stream.responseCode;
    record.details = stream.responseCodeDetails;
    record.flags = stream.responseFlags;
    record.bytesReceived = stream.bytesReceived;
    record.bytesSent = stream.bytesSent;
  }

  /** The newest stream of that request id, or null. */
  find(requestId: string, clusters: ClusterManager): StreamRecord | null {
    for (let back = 1; back <= RECORDS_MAX; back++) {
      const record = this.records[(this.next - back + RECORDS_MAX) % RECORDS_MAX] as StreamRecord;
      if (!record.requestHeaders.isAttached || record.requestHeaders.getId(HEADER_X_REQUEST_ID) !== requestId) continue;
      record.cluster = clusters.get(record.clusterName) ?? null;
      return record;
    }
    return null;
  }
}

/**
 * The last streams of a worker, for `explain`: what was decided about each, as references and numbers. A record is reused,
 * and the head of the request is not copied but taken over when the stream lets go of it.
 *
 *   good        RECORDS_GOOD_MAX     streams that went well: many, alike, and soon followed by the next
 *   troubled    RECORDS_TROUBLED_MAX streams that ended with an error or a response flag: those that people ask about
 *
 * The two are kept apart so that good traffic does not push out the stream that failed. The ring of the good is small for
 * another reason too: every stream leaves its head there and takes a block that was used long ago. With 1,024 of them each head
 * was parsed into memory that no cache held any more, at a cost of a twentieth of the CPU of a request.
 */

import type { ConnectionManager } from "../http/connection_manager.ts";
import type { HttpStream } from "../http/stream.ts";
import type { StreamObserver } from "../http/stream_observer.ts";
import type { RouteEntry } from "../route/route_entry.ts";
import type { ConnectionInfo } from "../stream_info/stream_info.ts";
import type { Cluster } from "../upstream/cluster.ts";
import type { ClusterManager } from "../upstream/cluster_manager.ts";
import type { Core } from "../wasm/core.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import { BLOCK_CAPACITY, HEADER_X_REQUEST_ID } from "../wasm/layout.gen.ts";

/** Streams that went well and are remembered. */
export const RECORDS_GOOD_MAX = 32;
/** Streams that ended in trouble and are remembered. */
export const RECORDS_TROUBLED_MAX = 1024;
/** A head above this is not kept: memory that the rings hold is at most the number of records times this. */
const HEAD_BYTES_MAX = 4_096;

export class StreamRecord {
  readonly requestHeaders: HeaderMap;
  manager: ConnectionManager | null = null;
  connection: ConnectionInfo | null = null;
  route: RouteEntry | null = null;
  /** As x-forwarded-for told it; empty: the socket's peer. */
  remote = "";
  /** Side by side, where numbers of an object would each have a place of their own. */
  private readonly times = new Float64Array(5);
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

  /** Takes the stream's head over, where it is not too large. */
  fill(stream: HttpStream, core: Core): void {
    const { requestHeaders } = stream;
    this.requestHeaders.release();
    if (
      requestHeaders.isAttached &&
      (core.words[(requestHeaders.block + BLOCK_CAPACITY) >> 2] as number) <= HEAD_BYTES_MAX
    ) {
      this.requestHeaders.attach(requestHeaders.detach());
    }
    this.manager = stream.manager;
    this.connection = stream.http.info;
    this.route = stream.route;
    this.remote = stream.forwardedClient;
    this.times[0] = stream.startMs;
    this.times[1] = stream.requestEndMs;
    this.times[2] = stream.upstreamFirstTxMs;
    this.times[3] = stream.upstreamFirstRxMs;
    this.times[4] = stream.endMs;
    this.clusterName = stream.clusterName;
    this.hostAddress = stream.upstream?.addressText ?? "";
    this.attempts = stream.attemptCount;
    this.status = stream.responseCode;
    this.details = stream.responseCodeDetails;
    this.flags = stream.responseFlags;
    this.bytesReceived = stream.bytesReceived;
    this.bytesSent = stream.bytesSent;
  }

  // Milliseconds of the worker's clock; NEVER where it did not happen.

  get startMs(): number {
    return this.times[0] as number;
  }

  get requestEndMs(): number {
    return this.times[1] as number;
  }

  get upstreamFirstTxMs(): number {
    return this.times[2] as number;
  }

  get upstreamFirstRxMs(): number {
    return this.times[3] as number;
  }

  get endMs(): number {
    return this.times[4] as number;
  }
}

/** next -> the oldest record, which the next stream replaces. Records come to be with the first stream that needs them. */
class Ring {
  private readonly core: Core;
  private readonly size: number;
  private readonly records: StreamRecord[] = [];
  private next = 0;

  constructor(core: Core, size: number) {
    this.core = core;
    this.size = size;
  }

  take(): StreamRecord {
    const at = this.next;
    this.next = at + 1 === this.size ? 0 : at + 1;
    if (at === this.records.length) this.records.push(new StreamRecord(this.core));
    return this.records[at] as StreamRecord;
  }

  /** The newest of that request id, or null. */
  find(requestId: string): StreamRecord | null {
    const { length } = this.records;
    for (let back = 1; back <= length; back++) {
      const record = this.records[(this.next - back + length) % length] as StreamRecord;
      if (record.requestHeaders.isAttached && record.requestHeaders.getId(HEADER_X_REQUEST_ID) === requestId) {
        return record;
      }
    }
    return null;
  }
}

export class ExplainRing implements StreamObserver {
  private readonly core: Core;
  private readonly good: Ring;
  private readonly troubled: Ring;

  constructor(core: Core) {
    this.core = core;
    this.good = new Ring(core, RECORDS_GOOD_MAX);
    this.troubled = new Ring(core, RECORDS_TROUBLED_MAX);
  }

  onStreamEnd(stream: HttpStream): void {
    // 0: the client left before there was an answer.
    const isTroubled = stream.responseFlags !== 0 || stream.responseCode >= 400 || stream.responseCode === 0;
    (isTroubled ? this.troubled : this.good).take().fill(stream, this.core);
  }

  /** The newest stream of that request id, or null. */
  find(requestId: string, clusters: ClusterManager): StreamRecord | null {
    const good = this.good.find(requestId);
    const troubled = this.troubled.find(requestId);
    const record = good !== null && (troubled === null || good.startMs > troubled.startMs) ? good : troubled;
    if (record !== null) record.cluster = clusters.get(record.clusterName) ?? null;
    return record;
  }
}

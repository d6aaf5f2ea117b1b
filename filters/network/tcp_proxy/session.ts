/**
 * One proxied connection pair.
 *
 *   connecting --upstream connected--> open --FIN of one side--> half-closed --FIN of the other--> over
 *
 * Each side is read as fast as the other takes it; what the client says before the upstream is there stays in the kernel.
 */

import type { AccessLog } from "../../../host/access_log/log.ts";
import type { Timer, TimerOwner } from "../../../host/net/clock.ts";
import type { CloseReason } from "../../../host/net/close_reason.ts";
import { NO_PLACE, type OutputTarget } from "../../../host/net/output.ts";
import type { Socket, SocketOwner } from "../../../host/net/socket.ts";
import type { TlsFacts } from "../../../host/net/tls/tls_facts.ts";
import type { FilterMetadata, MetadataKind } from "../../../host/stream_info/metadata.ts";
import {
  DOWNSTREAM_CONNECTION_TERMINATION,
  DURATION_TIMEOUT,
  NO_CLUSTER_FOUND,
  NO_HEALTHY_UPSTREAM,
  UPSTREAM_CONNECTION_FAILURE,
  UPSTREAM_OVERFLOW,
  UPSTREAM_RETRY_LIMIT_EXCEEDED,
} from "../../../host/stream_info/response_flags.ts";
import { NEVER, PROTOCOL_NONE, type StreamInfo, type UpstreamInfo } from "../../../host/stream_info/stream_info.ts";
import type { DownstreamConnection } from "../../../host/tcp/downstream.ts";
import type { NetworkFilterContext } from "../../../host/tcp/filter.ts";
import { proxiedOf } from "../../../host/upstream/proxy_transport.ts";
import { type TcpFailure, TcpUpstream, type TcpUpstreamOwner } from "../../../host/upstream/tcp_upstream.ts";
import { chooseCluster, type TcpProxyConfig } from "./config.ts";
import type { TcpProxyStats } from "./stats.ts";

/** How long the last bytes may take to leave when there is no idle timeout. */
const FLUSH_TIMEOUT_MS = 300_000;

/** The filter for which it is made: what all its sessions share, and who hears of their end. */
export interface SessionOwner {
  readonly config: TcpProxyConfig;
  readonly context: NetworkFilterContext;
  readonly stats: TcpProxyStats;
  readonly accessLogs: readonly AccessLog[];
  onSessionEnd(session: TcpProxySession): void;
}

export class TcpProxySession implements SocketOwner, OutputTarget, TcpUpstreamOwner, TimerOwner, StreamInfo {
  readonly socket: Socket;
  readonly connection: DownstreamConnection;
  outputPlace = NO_PLACE;
  private readonly filter: SessionOwner;
  private peer: TcpUpstream | null = null;
  private isOpen = false;
  private isOver = false;
  private downstreamEnded = false;
  private upstreamEnded = false;
  private readonly idleTimer: Timer;
  private readonly durationTimer: Timer;

  // StreamInfo.
  readonly protocol = PROTOCOL_NONE;
  readonly startWallMs: number;
  readonly startMs: number;
  readonly requestEndMs = NEVER;
  upstreamFirstTxMs = NEVER;
  upstreamLastTxMs = NEVER;
  upstreamFirstRxMs = NEVER;
  upstreamLastRxMs = NEVER;
  downstreamFirstTxMs = NEVER;
  downstreamLastTxMs = NEVER;
  endMs = NEVER;
  bytesReceived = 0;
  bytesSent = 0;
  readonly requestHeaderBytes = 0;
  readonly responseHeaderBytes = 0;
  readonly responseCode = 0;
  readonly responseCodeDetails = "";
  responseFlags = 0;
  upstream: UpstreamInfo | null = null;
  upstreamTls: TlsFacts | null = null;
  readonly upstreamConnectionId = 0;
  readonly upstreamProtocol = PROTOCOL_NONE;
  readonly virtualClusterName = "";
  private clusterMetadata: FilterMetadata | undefined;
  upstreamTransportFailureReason = "";
  attemptCount = 0;
  clusterName = "";
  readonly routeName = "";
  readonly virtualHostName = "";
  readonly requestId = "";
  readonly requestHeaders = null;
  readonly responseHeaders = null;
  readonly responseTrailers = null;

  constructor(filter: SessionOwner, connection: DownstreamConnection) {
    const { worker } = filter.context;
    this.filter = filter;
    this.connection = connection;
    this.socket = connection.socket;
    this.idleTimer = worker.timers.timer(this);
    this.durationTimer = worker.timers.timer(this);
    this.startWallMs = worker.clock.wallMs();
    this.startMs = worker.clock.now();
  }

  start(): void {
    const { filter, socket } = this;
    filter.stats.cxTotal.inc();
    socket.owner = this;
    socket.pauseReading();
    if (filter.config.maxDurationMs > 0) this.durationTimer.start(filter.config.maxDurationMs);
    this.clusterName = chooseCluster(filter.config, filter.context.worker.random());
    this.connect();
  }

  private connect(): void {
    const { filter } = this;
    const cluster = filter.context.clusters.get(this.clusterName);
    if (cluster === undefined) {
      filter.stats.cxNoRoute.inc();
      this.clusterName = "";
      this.finish(NO_CLUSTER_FOUND);
      return;
    }
    this.clusterMetadata = cluster.config.metadata?.filter_metadata;
    this.attemptCount++;
    const proxied = cluster.proxy === null ? undefined : proxiedOf(this.connection);
    const upstream = TcpUpstream.open(cluster, this, proxied);
    if (typeof upstream === "string") {
      this.onUpstreamFailed(upstream);
      return;
    }
    this.peer = upstream;
    this.upstream = upstream.host;
  }

  filterState(): undefined {
    return undefined;
  }

  metadataOf(kind: MetadataKind): FilterMetadata | undefined {
    if (kind === "CLUSTER") return this.clusterMetadata;
    if (kind === "UPSTREAM_HOST") return this.upstream?.metadata;
    if (kind === "DYNAMIC") return this.connection.facts.metadata;
    return kind === "LISTENER" ? this.connection.listenerMetadata : undefined;
  }

  // --- downstream ------------------------------------------------------------------------------------------------------

  onConnect(): void {}

  onRead(address: number, length: number): void {
    const { filter, peer } = this;
    const { worker } = filter.context;
    if (peer === null) return;
    filter.stats.rxBytes.add(length);
    peer.cluster.stats.cxTxBytes.add(length);
    this.bytesReceived += length;
    this.upstreamLastTxMs = worker.clock.now();
    if (this.upstreamFirstTxMs < 0) this.upstreamFirstTxMs = this.upstreamLastTxMs;
    this.pass(peer, address, length);
    this.touch();
    worker.turn.endRead();
  }

  onEnd(): void {
    const { peer } = this;
    this.downstreamEnded = true;
    if (peer === null || this.upstreamEnded) {
      this.finish(0);
    } else {
      this.flush();
      peer.socket.end();
    }
  }

  onDrain(): void {
    this.filter.stats.flowResumed.inc();
    this.peer?.socket.resumeReading();
  }

  onClose(reason: CloseReason): void {
    this.idleTimer.release();
    this.finish(reason.kind === "ended" || reason.kind === "local" ? 0 : DOWNSTREAM_CONNECTION_TERMINATION);
  }

  onOutputBlocked(): void {
    this.filter.stats.flowPaused.inc();
    this.peer?.socket.pauseReading();
  }

  onOutputStarved(): void {
    this.socket.reset();
  }

  // --- upstream --------------------------------------------------------------------------------------------------------

  onUpstreamConnected(): void {
    this.isOpen = true;
    this.upstreamTls = this.peer?.socket.tls ?? null;
    this.touch();
    this.socket.resumeReading();
  }

  onUpstreamRead(address: number, length: number): void {
    const { filter } = this;
    const { worker } = filter.context;
    filter.stats.txBytes.add(length);
    this.bytesSent += length;
    this.downstreamLastTxMs = worker.clock.now();
    this.upstreamLastRxMs = this.downstreamLastTxMs;
    if (this.downstreamFirstTxMs < 0) {
      this.downstreamFirstTxMs = this.downstreamLastTxMs;
      this.upstreamFirstRxMs = this.downstreamLastTxMs;
    }
    this.pass(this, address, length);
    this.touch();
  }

  onUpstreamEnd(): void {
    this.upstreamEnded = true;
    if (this.downstreamEnded) {
      this.finish(0);
      return;
    }
    this.flush();
    this.socket.end();
  }

  onUpstreamBlocked(): void {
    this.socket.pauseReading();
  }

  onUpstreamDrained(): void {
    this.socket.resumeReading();
  }

  onUpstreamClosed(): void {
    this.peer = null;
    this.finish(0);
  }

  onUpstreamFailed(failure: TcpFailure, transportFailure = ""): void {
    this.peer = null;
    this.upstreamTransportFailureReason = transportFailure;
    if (failure === "no healthy host") {
      this.finish(NO_HEALTHY_UPSTREAM);
    } else if (failure === "overflow") {
      this.finish(UPSTREAM_OVERFLOW);
    } else if (this.attemptCount < this.filter.config.maxConnectAttempts) {
      this.connect();
    } else {
      this.filter.context.clusters.get(this.clusterName)?.stats.cxConnectAttemptsExceeded.inc();
      this.finish(UPSTREAM_CONNECTION_FAILURE | UPSTREAM_RETRY_LIMIT_EXCEEDED);
    }
  }

  // --- timers ----------------------------------------------------------------------------------------------------------

  onTimer(timer: Timer): void {
    const { stats } = this.filter;
    if (this.isOver) {
      this.socket.close();
      return;
    }
    if (timer === this.idleTimer) {
      stats.idleTimeout.inc();
      this.finish(0);
    } else {
      stats.maxDuration.inc();
      this.finish(DURATION_TIMEOUT);
    }
  }

  private touch(): void {
    const { idleTimeoutMs } = this.filter.config;
    if (idleTimeoutMs > 0) this.idleTimer.start(idleTimeoutMs);
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  /** The bytes of the read at hand go to the other side. */
  private pass(target: OutputTarget, address: number, length: number): void {
    const { core, turn } = this.filter.context.worker;
    let at = turn.output.room(target);
    if (turn.output.space < length) {
      turn.output.flush();
      at = turn.output.room(target);
    }
    core.bytes.copyWithin(at, address, address + length);
    turn.output.commit(length);
  }

  private flush(): void {
    this.filter.context.worker.turn.output.flush();
  }

  private finish(flags: number): void {
    if (this.isOver) return;
    this.isOver = true;
    const { filter, peer } = this;
    this.responseFlags |= flags;
    this.endMs = filter.context.worker.clock.now();
    this.idleTimer.stop();
    this.durationTimer.release();
    this.flush();
    this.peer = null;
    peer?.close(this.isOpen);
    this.socket.closeAfterFlush();
    if (this.socket.pendingBytes > 0) this.idleTimer.start(filter.config.idleTimeoutMs || FLUSH_TIMEOUT_MS);
    for (const log of filter.accessLogs) log.log(this);
    filter.onSessionEnd(this);
    this.connection.closed(this);
  }

  // --- StreamInfo ------------------------------------------------------------------------------------------------------

  get upstreamLocalAddress(): string {
    return this.peer?.socket.local.text ?? "";
  }

  get upstreamWireBytesSent(): number {
    return this.bytesReceived;
  }

  get upstreamWireBytesReceived(): number {
    return this.bytesSent;
  }

  get downstreamWireBytesReceived(): number {
    return this.bytesReceived;
  }

  get downstreamWireBytesSent(): number {
    return this.bytesSent;
  }

  nowMs(): number {
    return this.filter.context.worker.clock.now();
  }
}

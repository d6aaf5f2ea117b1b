/**
 * A raw connection to a host of a cluster, made for one downstream connection: takes the cluster's permits, counts, and
 * tries the next host when one cannot be reached.
 */

import type { Timer, TimerOwner } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import { NO_PLACE, type OutputTarget } from "../net/output.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import type { ProxiedConnection } from "../stream_info/connection_facts.ts";
import { PRIORITY_DEFAULT } from "./circuit_breakers.ts";
import type { Cluster } from "./cluster.ts";
import { transportFailureText } from "./connect_error.ts";
import type { Host } from "./host.ts";

/** Who uses the connection. */
export interface TcpUpstreamOwner {
  onUpstreamConnected(): void;
  onUpstreamRead(address: number, length: number): void;
  /** The upstream's FIN. */
  onUpstreamEnd(): void;
  onUpstreamBlocked(): void;
  onUpstreamDrained(): void;
  onUpstreamClosed(reason: CloseReason): void;
  /** No connection could be made. */
  onUpstreamFailed(failure: TcpFailure, transportFailure?: string): void;
}

export type TcpFailure = "no healthy host" | "overflow" | "connect failure" | "connect timeout";

/** A host that has stopped reading gets so long for the last bytes. */
const FLUSH_TIMEOUT_MS = 300_000;

export class TcpUpstream implements SocketOwner, OutputTarget, TimerOwner {
  socket!: Socket;
  readonly host: Host;
  readonly cluster: Cluster;
  readonly startMs: number;
  outputPlace = NO_PLACE;
  private readonly owner: TcpUpstreamOwner;
  private readonly timer: Timer;
  private isConnected = false;
  private isClosed = false;
  private closedByUs = false;

  private constructor(cluster: Cluster, host: Host, owner: TcpUpstreamOwner) {
    this.cluster = cluster;
    this.host = host;
    this.owner = owner;
    this.startMs = cluster.worker.clock.now();
    this.timer = cluster.worker.timers.timer(this);
    if (cluster.connectTimeoutMs > 0) this.timer.start(cluster.connectTimeoutMs);
  }

  /** Starts a connection, or says why there is none. */
  static open(cluster: Cluster, owner: TcpUpstreamOwner, proxied?: ProxiedConnection): TcpUpstream | TcpFailure {
    const { stats } = cluster;
    const host = cluster.pick();
    if (host === null) {
      stats.cxNoneHealthy.inc();
      return "no healthy host";
    }
    if (!cluster.breakers[PRIORITY_DEFAULT].connections.acquire()) {
      stats.cxOverflow.inc();
      return "overflow";
    }
    const upstream = new TcpUpstream(cluster, host, owner);
    stats.cxTotal.inc();
    stats.cxActive.inc();
    stats.rqPendingTotal.inc();
    stats.rqPendingActive.inc();
    host.stats.cxTotal.inc();
    host.stats.cxActive.inc();
    upstream.socket = cluster.connect(host, upstream, [], proxied);
    return upstream;
  }

  onConnect(): void {
    const { cluster, host } = this;
    this.isConnected = true;
    this.timer.stop();
    cluster.stats.rqPendingActive.dec();
    cluster.stats.cxConnectMs.record(cluster.worker.clock.now() - this.startMs);
    cluster.stats.rqTotal.inc();
    cluster.stats.rqActive.inc();
    host.stats.rqTotal.inc();
    host.stats.rqActive.inc();
    host.enter();
    this.owner.onUpstreamConnected();
    cluster.worker.turn.end();
  }

  onRead(address: number, length: number): void {
    const { cluster } = this;
    cluster.stats.cxRxBytes.add(length);
    this.owner.onUpstreamRead(address, length);
    cluster.worker.turn.endRead();
  }

  onEnd(): void {
    this.owner.onUpstreamEnd();
    this.cluster.worker.turn.end();
  }

  onDrain(): void {
    this.cluster.stats.flowDrained.inc();
    this.owner.onUpstreamDrained();
    this.cluster.worker.turn.end();
  }

  onClose(reason: CloseReason): void {
    if (this.isClosed) {
      this.timer.release();
      return;
    }
    const wasConnected = this.isConnected;
    this.closed();
    if (wasConnected) {
      this.owner.onUpstreamClosed(reason);
    } else {
      this.failed();
      this.owner.onUpstreamFailed("connect failure", transportFailureText(reason, this.host.address.kind === "pipe"));
    }
    this.cluster.worker.turn.end();
  }

  onOutputBlocked(): void {
    this.cluster.stats.flowBackedUp.inc();
    this.owner.onUpstreamBlocked();
  }

  onOutputStarved(): void {
    this.socket.reset();
  }

  /** The connect timeout, or the last bytes have not left in time. */
  onTimer(): void {
    if (this.isClosed) {
      this.socket.close();
      return;
    }
    this.cluster.stats.cxConnectTimeout.inc();
    this.socket.close();
    this.closed();
    this.failed();
    this.owner.onUpstreamFailed("connect timeout");
    this.cluster.worker.turn.end();
  }

  /** Ends the connection; `gently`: after pending output. The owner is not called any more. */
  close(gently: boolean): void {
    if (this.isClosed) return;
    this.closedByUs = true;
    this.cluster.worker.turn.output.flush();
    if (gently) this.socket.closeAfterFlush();
    else this.socket.close();
    this.closed();
    if (gently && this.socket.pendingBytes > 0) this.timer.start(FLUSH_TIMEOUT_MS);
  }

  private failed(): void {
    const { stats } = this.cluster;
    stats.cxConnectFail.inc();
    stats.rqPendingFailureEject.inc();
    this.host.stats.cxConnectFail.inc();
  }

  private closed(): void {
    const { cluster, host } = this;
    const { stats } = cluster;
    this.isClosed = true;
    this.timer.release();
    cluster.breakers[PRIORITY_DEFAULT].connections.release();
    stats.cxActive.dec();
    stats.cxDestroy.inc();
    (this.closedByUs ? stats.cxDestroyLocal : stats.cxDestroyRemote).inc();
    host.stats.cxActive.dec();
    if (!this.isConnected) {
      stats.rqPendingActive.dec();
      return;
    }
    stats.cxLengthMs.record(cluster.worker.clock.now() - this.startMs);
    stats.rqActive.dec();
    host.stats.rqActive.dec();
    host.leave();
  }
}

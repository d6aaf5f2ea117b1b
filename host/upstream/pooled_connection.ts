/** What connections and pools say to each other, whatever is spoken on the connection. */

import type { CloseReason } from "../net/close_reason.ts";
import type { Socket } from "../net/socket.ts";
import type { ClusterStats } from "./cluster_stats.ts";
import type { UpstreamExchange, UpstreamStream } from "./upstream_exchange.ts";
import type { UpstreamWorker } from "./upstream_worker.ts";

/** A connection as its pool sees it. */
export interface PooledConnection {
  readonly startMs: number;
  /** Exchanges so far. */
  readonly requests: number;
  readonly isConnecting: boolean;
  /** What it is counted on to carry at a time once it is connected. The same until then. */
  readonly expectedExchanges: number;
  /** Exchanges that may begin on it now. */
  readonly freeExchanges: number;
  /** The pool's note that it stands among those that are ready. */
  isReady: boolean;

  openExchange(stream: UpstreamStream): UpstreamExchange;
  /** Takes no more exchanges, and closes after those under way. */
  drain(): void;
  close(): void;
}

/** What a connection needs of the pool that lends it. */
export interface ConnectionPool {
  readonly worker: UpstreamWorker;
  readonly cluster: ConnectionSettings;
  onConnected(connection: PooledConnection): void;
  /** @param closed null: the time was up */
  onConnectFailed(closed: CloseReason | null): void;
  /** So many exchanges more, or fewer, are counted on although they may not begin yet. */
  onPromised(change: number): void;
  /** It may carry more than before. */
  onReleased(connection: PooledConnection): void;
  /** It may carry less than before, and perhaps nothing. */
  onLimited(connection: PooledConnection): void;
  /** An exchange is over. */
  onStreamEnd(): void;
  onClosed(connection: PooledConnection, wasConnecting: boolean, isLocal: boolean, withRequest: boolean): void;
  /** The peer has chosen a protocol: who speaks it goes on in the place of who asked. */
  onProtocolChosen(asked: PooledConnection, protocol: "http1" | "http2", socket: Socket): void;
}

/** What a cluster says of its connections; 0: no limit. */
export interface ConnectionSettings {
  readonly stats: ClusterStats;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnectionDurationMs: number;
  readonly maxRequestsPerConnection: number;
}

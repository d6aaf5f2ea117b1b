/**
 * The contract of a network filter. A connection passes its chain from the first filter to the terminal one (the HTTP
 * connection manager, tcp_proxy), which takes the socket over: from then on the socket's events are its own.
 */

import type { HttpWorker } from "../http/http_worker.ts";
import type { RouteTable } from "../route/route_entry.ts";
import type { Scope } from "../stats/scope.ts";
import type { ClusterManager } from "../upstream/cluster_manager.ts";
import type { DownstreamConnection } from "./downstream.ts";

/** The connection goes on to the next filter. */
export const CONTINUE = 0;
/** The filter has taken the connection over, or has closed it. */
export const STOP = 1;
export type NetworkFilterStatus = typeof CONTINUE | typeof STOP;

export interface NetworkFilter {
  /** A connection was accepted and has chosen this filter's chain. */
  onConnection(connection: DownstreamConnection): NetworkFilterStatus;
  /** A connection of its chain was lost before it could be used: TLS could not be agreed on. Envoy's filters have begun by then. */
  onConnectionLost?(isLocal: boolean): void;
  /** The route table of an HTTP connection manager, for `explain`. */
  readonly routes?: RouteTable;
  /** The listener drains: connections end after what they have begun. */
  drain(): void;
  /** The last connection of the chain is gone and no other will come: give core memory back. */
  dispose(): void;
}

/** What a factory is given when a chain is built, once per worker and config. */
export interface NetworkFilterContext {
  readonly worker: HttpWorker;
  readonly clusters: ClusterManager;
  /** `listener.<address>.` */
  readonly listenerScope: Scope;
  readonly listenerName: string;
}

/** One row of `filters/registry.ts`. */
export interface NetworkFilterFactory<C> {
  readonly name: string;
  readonly typeNames: readonly string[];
  /** The canonical tree of the config door -> C. Throws ConfigError. */
  decode(config: object): C;
  create(config: C, context: NetworkFilterContext): NetworkFilter;
}

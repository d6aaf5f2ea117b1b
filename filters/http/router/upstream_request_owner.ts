import type { ClusterManager } from "../../../host/upstream/cluster_manager.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterStats } from "./stats.ts";
import type { UpstreamRequest } from "./upstream_request.ts";

/** The filter for which requests are made: what all streams of a chain share, and where they go back to. */
export interface UpstreamRequestOwner {
  readonly config: RouterConfig;
  readonly clusters: ClusterManager;
  readonly stats: RouterStats;
  /** 32 bits. */
  random(): number;
  giveBack(request: UpstreamRequest): void;
}

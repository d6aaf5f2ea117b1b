/** What explaining needs of a worker. */

import type { RouteTable } from "../route/route_entry.ts";
import type { ClusterManager } from "../upstream/cluster_manager.ts";
import type { Core } from "../wasm/core.ts";
import type { ExplainRing } from "./ring.ts";

export interface WorkerParts {
  readonly index: number;
  readonly core: Core;
  readonly clusters: ClusterManager;
  readonly ring: ExplainRing;
  /** Milliseconds since the epoch at a moment of the worker's clock. */
  wallAt(ms: number): number;
  /** The route tables in force, in the order of the listeners. */
  routeTables(): readonly { readonly listener: string; readonly routes: RouteTable }[];
}

/** What compiling a route table needs from its surroundings. */

import type { Any } from "../config/types/core.ts";
import type { Scope } from "../stats/scope.ts";
import type { ConfigArena } from "../wasm/config_arena.ts";
import type { Core } from "../wasm/core.ts";

export type RouteContext = {
  readonly core: Core;
  readonly arena: ConfigArena;
  /** `vhost.`: stats of virtual clusters. */
  readonly virtualHostScope: Scope;
  /** Decodes per-route config for a filter of the chain; undefined: the filter has none of that type. */
  decodeFilterConfig(filterName: string, config: Any): unknown;
  /** Reads a file that a direct response names (`body.filename`). */
  readFile(path: string): Uint8Array;
};

/**
 * The HTTP connection manager as one worker holds it: what is compiled from its config, shared by all connections of its
 * filter chain. A new config makes a new one; connections keep the one they began with.
 */

import type { AccessLog } from "../access_log/log.ts";
import type { Http2Settings } from "../codec/http2_settings.ts";
import type { RouteTable } from "../route/route_entry.ts";
import type { ConnectionManagerStats } from "./connection_manager_stats.ts";
import type { FilterChain } from "./filter_chain.ts";

/** Times in milliseconds, 0: no limit. */
export interface ConnectionManagerTimeouts {
  readonly idleMs: number;
  readonly maxConnectionDurationMs: number;
  readonly requestHeadersMs: number;
  readonly requestMs: number;
  readonly streamIdleMs: number;
  readonly maxStreamDurationMs: number;
  readonly drainMs: number;
  readonly delayedCloseMs: number;
}

/** What the codec of HTTP/1 is made with. */
export interface ServerCodecOptions {
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  readonly acceptHttp10: boolean;
  readonly defaultHostForHttp10: string;
  readonly enableTrailers: boolean;
  /** `headers_with_underscores_action`. */
  readonly underscores: "allow" | "reject" | "drop";
}

export interface ConnectionManager {
  readonly statPrefix: string;
  readonly stats: ConnectionManagerStats;
  readonly timeouts: ConnectionManagerTimeouts;
  /** `codec_type`; AUTO: what ALPN agreed on, else what the first bytes say. */
  readonly codecType: "AUTO" | "HTTP1" | "HTTP2";
  readonly codec: ServerCodecOptions;
  readonly http2: Http2Settings;
  readonly routes: RouteTable;
  readonly chain: FilterChain;
  readonly accessLogs: readonly AccessLog[];
  /** Core address of the parameters of `forwardRequest` and `forwardResponse`. */
  readonly forwardParams: number;
  /** Core address of the names that only internal clients may send, 0: none. */
  readonly internalOnlyHeaders: number;
  /** Upgrade types in lower case that are allowed unless the route says otherwise. */
  readonly upgrades: ReadonlyMap<string, boolean>;
  readonly proxy100Continue: boolean;
  /** 0: no limit. */
  readonly maxRequestsPerConnection: number;
  /** `normalize_path`, `merge_slashes` and the like; null when the path is taken as it came. */
  readonly pathNormalizer: PathNormalizer | null;
  /** Removes a port from the authority before routing; null: the authority stays. */
  readonly stripPort: "matching" | "any" | null;
  /** `strip_trailing_host_dot`. */
  readonly stripTrailingDot: boolean;
}

/** What became of a path: the new one, or an answer instead. */
export type NormalizedPath =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "reject" }
  | { readonly kind: "redirect"; readonly path: string };

export interface PathNormalizer {
  normalize(path: string): NormalizedPath;
}

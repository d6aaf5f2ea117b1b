/** envoy.config.bootstrap.v3 as far as we read it. */
import type { AccessLog } from "./access_log.ts";
import type { Cluster } from "./cluster.ts";
import type { Address, DurationMs, JsonObject, Locality, StringMatcher } from "./core.ts";
import type { Listener } from "./listener.ts";
import type { OverloadManager } from "./overload.ts";
import type { Secret } from "./tls.ts";

export interface Bootstrap {
  readonly node?: Node;
  readonly static_resources?: {
    readonly listeners?: readonly Listener[];
    readonly clusters?: readonly Cluster[];
    readonly secrets?: readonly Secret[];
  };
  readonly admin?: Admin;
  readonly overload_manager?: OverloadManager;
  readonly layered_runtime?: { readonly layers?: readonly RuntimeLayer[] };
  readonly cluster_manager?: { readonly local_cluster_name?: string };
  /** Absent: 5 s. */
  readonly stats_flush_interval?: DurationMs;
  readonly application_log_config?: {
    /** In spdlog's flags; one is set. */
    readonly log_format?: { readonly text_format?: string; readonly json_format?: JsonObject };
  };
}

export interface Node {
  readonly id?: string;
  readonly cluster?: string;
  readonly metadata?: JsonObject;
  readonly locality?: Locality;
}

export interface Admin {
  readonly access_log?: readonly AccessLog[];
  /** Deprecated spelling of a file access log. */
  readonly access_log_path?: string;
  readonly address?: Address;
  /** Paths (without query) that are answered; absent or empty: all. */
  readonly allow_paths?: readonly StringMatcher[];
}

/** Exactly one of the layers is set. */
export interface RuntimeLayer {
  readonly name: string;
  readonly static_layer?: JsonObject;
  readonly admin_layer?: object;
}

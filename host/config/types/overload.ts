/** envoy.config.overload.v3 as far as we read it. */
import type { Any, DurationMs, Percent, TypedExtension } from "./core.ts";

export interface OverloadManager {
  /** Absent: 1 s. */
  readonly refresh_interval?: DurationMs;
  readonly resource_monitors: readonly TypedExtension<FixedHeapConfig>[];
  readonly actions?: readonly OverloadAction[];
}

export interface FixedHeapConfig extends Any {
  readonly "@type": "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig";
  readonly max_heap_size_bytes: number | bigint;
}

export interface OverloadAction {
  readonly name: string;
  readonly triggers: readonly {
    readonly name: string;
    /** 0 to 1. */
    readonly threshold?: Percent;
  }[];
}

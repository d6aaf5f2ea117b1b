/**
 * The overload manager (Envoy: operations/overload_manager): looks at a resource again and again, and switches actions on while
 * it is above their thresholds. On the main thread; workers are told what changed.
 */

import type { OverloadActionName } from "../config/overload_actions.ts";
import type { OverloadAction, OverloadManager as OverloadConfig } from "../config/types/overload.ts";
import type { Counter, Gauge, Scope } from "../stats/scope.ts";

/** What the workers do about it. Structured-clonable. */
export interface OverloadState {
  /** New requests are answered 503. */
  readonly stopsRequests: boolean;
  /** Every response closes its connection. */
  readonly disablesKeepalive: boolean;
  /** New connections are closed at the door. */
  readonly rejectsConnections: boolean;
}

export const NO_OVERLOAD: OverloadState = { stopsRequests: false, disablesKeepalive: false, rejectsConnections: false };

/** Actions that have an effect, and those that are known and need none: V8 gives memory back by itself. */
const EFFECTS: Readonly<Record<OverloadActionName, keyof OverloadState | null>> = {
  "envoy.overload_actions.stop_accepting_requests": "stopsRequests",
  "envoy.overload_actions.disable_http_keepalive": "disablesKeepalive",
  "envoy.overload_actions.reject_incoming_connections": "rejectsConnections",
  "envoy.overload_actions.shrink_heap": null,
};

const REFRESH_MS = 1_000;

interface Action {
  readonly config: OverloadAction;
  readonly effect: keyof OverloadState | null;
  readonly active: Gauge;
  readonly scalePercent: Gauge;
}

interface Monitor {
  readonly limitBytes: number;
  readonly pressure: Gauge;
  readonly updates: Counter;
}

export class OverloadManager {
  private readonly monitors: ReadonlyMap<string, Monitor>;
  private readonly actions: readonly Action[];
  private readonly memoryBytes: () => number;
  private readonly onChange: (state: OverloadState) => void;
  private readonly timer: NodeJS.Timeout;
  private current = NO_OVERLOAD;

  /** @param memoryBytes what the process takes up now */
  constructor(
    config: OverloadConfig,
    root: Scope,
    memoryBytes: () => number,
    onChange: (state: OverloadState) => void,
  ) {
    this.memoryBytes = memoryBytes;
    this.onChange = onChange;
    const scope = root.scope("overload");
    this.monitors = new Map(
      config.resource_monitors.map(({ name, typed_config }) => {
        const monitor = scope.scope(name);
        monitor.counter("failed_updates");
        return [
          name,
          {
            limitBytes: Number(typed_config?.max_heap_size_bytes ?? 0),
            pressure: monitor.gauge("pressure"),
            updates: monitor.counter("skipped_updates"),
          },
        ];
      }),
    );
    this.actions = (config.actions ?? []).map((action) => {
      const stats = scope.scope(action.name);
      return {
        config: action,
        effect: EFFECTS[action.name as OverloadActionName] ?? null,
        active: stats.gauge("active"),
        scalePercent: stats.gauge("scale_percent"),
      };
    });
    this.timer = setInterval(() => this.refresh(), config.refresh_interval ?? REFRESH_MS);
    this.timer.unref();
  }

  /** In force; part of the snapshot that a new worker begins with. */
  get state(): OverloadState {
    return this.current;
  }

  refresh(): void {
    const bytes = this.memoryBytes();
    const pressures = new Map<string, number>();
    for (const [name, { limitBytes, pressure }] of this.monitors) {
      const value = bytes / limitBytes;
      pressures.set(name, value);
      pressure.set(Math.min(Math.round(value * 100), 100));
    }
    const next: { -readonly [K in keyof OverloadState]: boolean } = { ...NO_OVERLOAD };
    for (const { config, effect, active, scalePercent } of this.actions) {
      const isActive = config.triggers.some(
        ({ name, threshold }) => (pressures.get(name) ?? 0) >= (threshold?.value ?? 0),
      );
      active.set(isActive ? 1 : 0);
      scalePercent.set(isActive ? 100 : 0);
      if (isActive && effect !== null) next[effect] = true;
    }
    const { current } = this;
    if (
      next.stopsRequests === current.stopsRequests &&
      next.disablesKeepalive === current.disablesKeepalive &&
      next.rejectsConnections === current.rejectsConnections
    ) {
      return;
    }
    this.current = next;
    this.onChange(next);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

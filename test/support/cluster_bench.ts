// Hosts, a balancer and stats without sockets or threads: what a test of picking needs.

import { type Counter, StatStore } from "../../host/stats/scope.ts";
import type { Health, HealthStatus, Host, HostDescription } from "../../host/upstream/host.ts";
import { HostSet } from "../../host/upstream/host_set.ts";
import { type BalancingPolicy, LoadBalancer } from "../../host/upstream/load_balancer.ts";
import type { PriorityLoadOptions } from "../../host/upstream/priority_load.ts";
import { ConfigArena } from "../../host/wasm/config_arena.ts";
import { Core } from "../../host/wasm/core.ts";
import { Ledger, LIMIT_MAX } from "../../host/wasm/ledger.ts";

/** `weight` 1, `priority` 0, healthy unless said otherwise. */
export interface HostWish {
  readonly name: string;
  readonly weight?: number;
  readonly priority?: number;
  readonly health?: Health;
}

const STATUS: Record<Health, HealthStatus> = { healthy: "HEALTHY", degraded: "DEGRADED", unhealthy: "UNHEALTHY" };

export const DEFAULT_OPTIONS: PriorityLoadOptions = {
  panicThreshold: 50,
  overprovisioningFactor: 140,
  weightedPriorityHealth: false,
};

export class ClusterBench {
  readonly ledger = Ledger.create(1);
  readonly arena: ConfigArena;
  readonly hostSet: HostSet;
  readonly balancer: LoadBalancer;
  readonly panics: Counter;
  private readonly cells = new Map<string, number>();

  constructor(policy: BalancingPolicy, seed = 1) {
    const stats = new StatStore(this.ledger.view, {
      onDefine: () => undefined,
      onRelease: () => undefined,
      onFull: () => undefined,
    });
    const scope = stats.root.scope("cluster.a");
    this.arena = new ConfigArena(new Core({ seed: [seed, 0], ledger: this.ledger.view }));
    this.hostSet = new HostSet(this.ledger.view, scope);
    this.panics = scope.counter("lb_healthy_panic");
    this.balancer = new LoadBalancer(this.arena, policy, this.panics);
  }

  update(wishes: readonly HostWish[], options: Partial<PriorityLoadOptions> = {}): void {
    this.hostSet.update(wishes.map((wish) => this.describe(wish)));
    this.balancer.update(this.hostSet.hosts, { ...DEFAULT_OPTIONS, ...options });
  }

  /** Names of the hosts that so many picks gave; `-` for none. */
  picks(count: number): string[] {
    return Array.from({ length: count }, () => this.balancer.pick()?.hostname ?? "-");
  }

  /** How often each name was picked. */
  spread(count: number): Record<string, number> {
    const spread: Record<string, number> = {};
    for (const name of this.picks(count)) spread[name] = (spread[name] ?? 0) + 1;
    return spread;
  }

  host(name: string): Host {
    const found = this.hostSet.hosts.find((host) => host.hostname === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  private describe({ name, weight = 1, priority = 0, health = "healthy" }: HostWish): HostDescription {
    let cell = this.cells.get(name);
    if (cell === undefined) {
      cell = this.ledger.allocateCell(LIMIT_MAX);
      this.cells.set(name, cell);
    }
    return {
      key: `${name}|${priority}`,
      address: { version: 4, ip: "127.0.0.1", port: 1000 + this.cells.size },
      hostname: name,
      weight,
      priority,
      healthStatus: STATUS[health],
      locality: {},
      activeCell: cell,
    };
  }
}

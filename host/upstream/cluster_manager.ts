/** The clusters of one worker, by name; follows the snapshots that the main thread hands out. */

import type { Timer, TimerOwner } from "../net/clock.ts";
import { ConfigArenaFull } from "../wasm/config_arena.ts";
import { Cluster, type ClusterDescription } from "./cluster.ts";
import type { HostDescription } from "./host.ts";
import type { UpstreamWorker } from "./upstream_worker.ts";

/**
 * How long a cluster that left the config still takes requests: those of connections that came before the change, which end with
 * the answer to their next request or, when none comes, half a second later.
 */
const LEAVE_MS = 1_000;

export class ClusterManager implements TimerOwner {
  private readonly worker: UpstreamWorker;
  private readonly clusters = new Map<string, Cluster>();
  private readonly leaving = new Map<string, Cluster>();
  private readonly leaveTimer: Timer;

  constructor(worker: UpstreamWorker) {
    this.worker = worker;
    this.leaveTimer = worker.timers.timer(this);
  }

  get(name: string): Cluster | undefined {
    return this.clusters.get(name) ?? this.leaving.get(name);
  }

  /** The last of those for whom it stayed are gone. */
  onTimer(): void {
    for (const cluster of this.leaving.values()) cluster.remove();
    this.leaving.clear();
  }

  /**
   * Takes the clusters of a new snapshot. One whose config is unchanged keeps its connections; a changed one is replaced,
   * and the old one serves what it has begun. One for which the config arena has no room is left as it was.
   * @returns what could not be done, in words; empty: all is well
   */
  update(descriptions: readonly ClusterDescription[]): readonly string[] {
    const problems: string[] = [];
    const names = new Set(descriptions.map((d) => d.config.name));
    for (const [name, cluster] of this.clusters) {
      if (names.has(name)) continue;
      this.clusters.delete(name);
      this.leaving.get(name)?.remove();
      this.leaving.set(name, cluster);
      this.leaveTimer.start(LEAVE_MS);
    }
    for (const description of descriptions) {
      try {
        this.add(description);
      } catch (error) {
        if (!(error instanceof ConfigArenaFull)) throw error;
        problems.push(`error adding cluster '${description.config.name}': ${error.message}`);
      }
    }
    return problems;
  }

  private add(description: ClusterDescription): void {
    const { name } = description.config;
    const old = this.clusters.get(name);
    if (old !== undefined && JSON.stringify(old.config) === JSON.stringify(description.config)) {
      old.updateHosts(description.hosts);
      return;
    }
    this.clusters.set(name, new Cluster(this.worker, description));
    old?.remove();
  }

  /** DNS had news. */
  updateHosts(name: string, hosts: readonly HostDescription[]): void {
    this.clusters.get(name)?.updateHosts(hosts);
  }

  close(): void {
    this.leaveTimer.release();
    for (const cluster of [...this.clusters.values(), ...this.leaving.values()]) cluster.close();
  }
}

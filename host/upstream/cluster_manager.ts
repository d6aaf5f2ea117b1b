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
/** So often those that have left are looked at, as long as there are some: whether the last request on them is over. */
const SWEEP_MS = 1_000;

export class ClusterManager implements TimerOwner {
  private readonly worker: UpstreamWorker;
  private readonly clusters = new Map<string, Cluster>();
  private readonly leaving = new Map<string, Cluster>();
  /** When each of those has left, in the order in which they did. */
  private readonly leftMs = new Map<Cluster, number>();
  /** They take no new requests, and end those that they have. */
  private readonly removed = new Set<Cluster>();
  /** Hosts for which the config arena had no room, by cluster: tried again at every sweep. */
  private readonly waitingHosts = new Map<Cluster, readonly HostDescription[]>();
  /** Some of their hosts are listed no longer, and not yet unused. */
  private readonly losingHosts = new Set<Cluster>();
  private readonly leaveTimer: Timer;
  private readonly sweepTimer: Timer;

  constructor(worker: UpstreamWorker) {
    this.worker = worker;
    this.leaveTimer = worker.timers.timer(this);
    this.sweepTimer = worker.timers.timer(this);
  }

  get(name: string): Cluster | undefined {
    return this.clusters.get(name) ?? this.leaving.get(name);
  }

  onTimer(timer: Timer): void {
    if (timer === this.leaveTimer) this.leave();
    this.sweep();
  }

  /** The last of those for whom these clusters stayed are gone. */
  private leave(): void {
    const now = this.worker.clock.now();
    for (const [cluster, leftMs] of this.leftMs) {
      const waitMs = leftMs + LEAVE_MS - now;
      if (waitMs > 0) {
        this.leaveTimer.start(waitMs);
        return;
      }
      this.remove(cluster);
    }
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
      const before = this.leaving.get(name);
      if (before !== undefined) this.remove(before);
      this.leaving.set(name, cluster);
      this.leftMs.set(cluster, this.worker.clock.now());
      // Not put off by the next change: with one every second nothing would ever go.
      if (!this.leaveTimer.isArmed) this.leaveTimer.start(LEAVE_MS);
    }
    for (const description of descriptions) {
      const problem = this.add(description);
      if (problem !== "") problems.push(problem);
    }
    return problems;
  }

  private add(description: ClusterDescription): string {
    const { name } = description.config;
    const old = this.clusters.get(name);
    if (old !== undefined && JSON.stringify(old.config) === JSON.stringify(description.config))
      return this.giveHosts(old, description.hosts);
    const error = this.withRoom(() => this.clusters.set(name, new Cluster(this.worker, description)));
    if (error !== null) return `error adding cluster '${name}': ${error.message}`;
    if (old !== undefined) this.remove(old);
    return "";
  }

  /** DNS had news. @returns what could not be done, in words, or an empty text */
  updateHosts(name: string, hosts: readonly HostDescription[]): string {
    const cluster = this.clusters.get(name);
    return cluster === undefined ? "" : this.giveHosts(cluster, hosts);
  }

  /** Without room the cluster goes on with the hosts that it has, and these wait until there is some. */
  private giveHosts(cluster: Cluster, hosts: readonly HostDescription[]): string {
    this.waitingHosts.delete(cluster);
    const error = this.withRoom(() => cluster.updateHosts(hosts));
    if (error !== null) {
      // Not in Envoy, whose memory is not carved.
      cluster.stats.scope.counter("update_no_room").inc();
      this.waitingHosts.set(cluster, hosts);
      this.sweepLater();
    } else if (cluster.hasLeavingHosts) {
      this.losingHosts.add(cluster);
      this.sweepLater();
    }
    return error === null ? "" : `cluster '${cluster.name}' keeps its old hosts: ${error.message}`;
  }

  /** Does what needs room in the config arena; once more with all tables of hosts moved together if that may help. */
  private withRoom(act: () => void): ConfigArenaFull | null {
    for (let isRetry = false; ; isRetry = true) {
      try {
        act();
        return null;
      } catch (error) {
        if (!(error instanceof ConfigArenaFull)) throw error;
        if (isRetry || !error.isScattered) return error;
        this.compact();
      }
    }
  }

  /**
   * Moves the tables of hosts together, towards the beginning of the arena. First fit in the order of their addresses finds
   * room for each: at the latest where it stood, since nothing moves behind its own place.
   */
  private compact(): void {
    const clusters = [...this.clusters.values(), ...this.leaving.values()];
    const tables = clusters
      .map(({ table }) => table)
      .filter(({ address }) => address !== 0)
      .sort((a, b) => a.address - b.address);
    for (const table of tables) table.pickUp();
    for (const table of tables) table.putDown();
  }

  private remove(cluster: Cluster): void {
    if (this.leftMs.delete(cluster) && this.leaving.get(cluster.name) === cluster) this.leaving.delete(cluster.name);
    this.waitingHosts.delete(cluster);
    this.losingHosts.delete(cluster);
    this.removed.add(cluster);
    cluster.remove();
    this.sweepLater();
  }

  private sweepLater(): void {
    if (!this.sweepTimer.isArmed) this.sweepTimer.start(SWEEP_MS);
  }

  /** Forgets what is unused, and comes again while something is not. */
  private sweep(): void {
    for (const cluster of this.removed) {
      if (!cluster.isUnused) continue;
      this.removed.delete(cluster);
      cluster.retire();
    }
    for (const cluster of this.losingHosts) {
      cluster.retireHosts();
      if (!cluster.hasLeavingHosts) this.losingHosts.delete(cluster);
    }
    for (const [cluster, hosts] of this.waitingHosts) {
      if (this.withRoom(() => cluster.updateHosts(hosts)) !== null) continue;
      this.waitingHosts.delete(cluster);
      if (cluster.hasLeavingHosts) this.losingHosts.add(cluster);
    }
    if (this.removed.size + this.losingHosts.size + this.waitingHosts.size > 0) this.sweepLater();
  }

  /** Which of these cells of the ledger this worker may still count in. */
  holding(cells: readonly number[]): readonly number[] {
    const asked = new Set(cells);
    const clusters = [...this.clusters.values(), ...this.leaving.values(), ...this.removed];
    return clusters.flatMap((cluster) => [...cluster.holding(asked)]);
  }

  close(): void {
    this.leaveTimer.release();
    this.sweepTimer.release();
    for (const cluster of [...this.clusters.values(), ...this.leaving.values(), ...this.removed]) cluster.close();
  }
}

/** The clusters of one worker, by name; follows the snapshots that the main thread hands out. */

import { Cluster, type ClusterDescription } from "./cluster.ts";
import type { HostDescription } from "./host.ts";
import type { UpstreamWorker } from "./upstream_worker.ts";

export class ClusterManager {
  private readonly worker: UpstreamWorker;
  private readonly clusters = new Map<string, Cluster>();

  constructor(worker: UpstreamWorker) {
    this.worker = worker;
  }

  get(name: string): Cluster | undefined {
    return this.clusters.get(name);
  }

  /**
   * Takes the clusters of a new snapshot. One whose config is unchanged keeps its connections; a changed one is replaced,
   * and the old one serves what it has begun.
   */
  update(descriptions: readonly ClusterDescription[]): void {
    const names = new Set(descriptions.map((d) => d.config.name));
    for (const [name, cluster] of this.clusters) {
      if (names.has(name)) continue;
      this.clusters.delete(name);
      cluster.remove();
    }
    for (const description of descriptions) {
      const { name } = description.config;
      const old = this.clusters.get(name);
      if (old !== undefined && JSON.stringify(old.config) === JSON.stringify(description.config)) {
        old.updateHosts(description.hosts);
        continue;
      }
      this.clusters.set(name, new Cluster(this.worker, description));
      old?.remove();
    }
  }

  /** DNS had news. */
  updateHosts(name: string, hosts: readonly HostDescription[]): void {
    this.clusters.get(name)?.updateHosts(hosts);
  }

  close(): void {
    for (const cluster of this.clusters.values()) cluster.close();
  }
}

/**
 * The clusters of the process, in the main thread: finds their hosts, gives them their cells in the ledger, counts their
 * members, and describes them for the workers.
 */

import { discoveryKind } from "../../config/discovery_kind.ts";
import type { Cluster as ClusterConfig } from "../../config/types/cluster.ts";
import type { Counter, Gauge, Scope, ScopeLease } from "../../stats/scope.ts";
import type { Ledger } from "../../wasm/ledger.ts";
import { LIMIT_MAX } from "../../wasm/ledger.ts";
import {
  allocateBreakers,
  type BreakerCells,
  type BreakerLimits,
  breakerGauges,
  breakerLimits,
  freeBreakers,
} from "../circuit_breakers.ts";
import type { ClusterDescription } from "../cluster.ts";
import type { HostDescription } from "../host.ts";
import { countMembership, draftHosts, type HostDraft, keyHosts } from "../host_set.ts";
import { DnsDiscovery } from "./dns_discovery.ts";
import { type HoldingQuestion, RetiredCells } from "./retired_cells.ts";

/** Whom the directory tells, and asks. */
export interface DirectoryListener {
  /** DNS had news of a cluster. */
  onHosts(cluster: string, hosts: readonly HostDescription[]): void;
  /** The ledger has no cells for so many of a cluster's hosts: they are left out. */
  onNoRoom(cluster: string, hosts: number): void;
  readonly holding: HoldingQuestion;
}

export class ClusterDirectory {
  /** Cells of what is gone. */
  readonly retiredCells: RetiredCells;
  private readonly ledger: Ledger;
  private readonly root: Scope;
  private readonly listener: DirectoryListener;
  private readonly entries = new Map<string, Entry>();
  private readonly active: Gauge;
  private readonly added: Counter;
  private readonly modified: Counter;
  private readonly removed: Counter;
  private readonly warming: Gauge;

  constructor(ledger: Ledger, root: Scope, listener: DirectoryListener) {
    this.ledger = ledger;
    this.root = root;
    this.listener = listener;
    this.retiredCells = new RetiredCells(ledger, listener.holding);
    const scope = root.scope("cluster_manager");
    this.active = scope.gauge("active_clusters");
    this.added = scope.counter("cluster_added");
    this.modified = scope.counter("cluster_modified");
    this.removed = scope.counter("cluster_removed");
    this.warming = scope.gauge("warming_clusters");
    for (const name of [
      "cluster_updated",
      "cluster_updated_via_merge",
      "update_merge_cancelled",
      "update_out_of_merge_window",
    ])
      scope.counter(name);
    this.active.set(0);
    this.warming.set(0);
  }

  /**
   * Takes the clusters of a config; resolves when the hosts of all of them have been looked for once. Throws RangeError when
   * the ledger has no cells left; what was before stays then.
   */
  async update(configs: readonly ClusterConfig[]): Promise<void> {
    const fresh: Entry[] = [];
    try {
      for (const config of configs) {
        if (JSON.stringify(this.entries.get(config.name)?.config) === JSON.stringify(config)) continue;
        const scope = this.root.scope("cluster").scope(config.alt_stat_name || config.name);
        fresh.push(new Entry(config, this.ledger, scope.lease(), this));
      }
    } catch (error) {
      for (const entry of fresh) this.retire(entry);
      throw error;
    }
    this.warming.set(fresh.length);
    await Promise.all(fresh.map((entry) => entry.start()));
    this.warming.set(0);
    const names = new Set(configs.map((config) => config.name));
    for (const [name, entry] of this.entries) {
      if (names.has(name)) continue;
      this.entries.delete(name);
      this.retire(entry);
      this.removed.inc();
    }
    for (const entry of fresh) {
      const old = this.entries.get(entry.config.name);
      this.entries.set(entry.config.name, entry);
      if (old === undefined) {
        this.added.inc();
      } else {
        this.modified.inc();
        this.retire(old);
      }
    }
    this.active.set(this.entries.size);
    for (const entry of this.entries.values()) entry.isLive = true;
  }

  /** In the order in which they came. */
  describe(): readonly ClusterDescription[] {
    return [...this.entries.values()].map((entry) => entry.describe());
  }

  /** `cluster.<name>.circuit_breakers.<priority>.*` as they are now. */
  *gauges(): Iterable<readonly [name: string, value: number]> {
    for (const entry of this.entries.values()) yield* entry.gauges();
  }

  onChange(entry: Entry): void {
    if (entry.isLive) this.listener.onHosts(entry.config.name, entry.describe().hosts);
  }

  onNoRoom(entry: Entry, hosts: number): void {
    this.listener.onNoRoom(entry.config.name, hosts);
  }

  stop(): void {
    for (const entry of this.entries.values()) entry.stop();
    this.retiredCells.stop();
  }

  private retire(entry: Entry): void {
    this.retiredCells.add(entry.end());
  }
}

class Entry {
  readonly config: ClusterConfig;
  /** The workers know of it: news of its hosts goes to them. */
  isLive = false;
  private readonly ledger: Ledger;
  private readonly directory: ClusterDirectory;
  private readonly statLease: ScopeLease;
  private readonly limits: readonly [BreakerLimits, BreakerLimits];
  private readonly breakers: readonly [BreakerCells, BreakerCells];
  private readonly discovery: DnsDiscovery | null;
  /** By key of the host. */
  private readonly cells = new Map<string, number>();
  private hosts: readonly HostDescription[] = [];
  private readonly total: Gauge;
  private readonly healthy: Gauge;
  private readonly degraded: Gauge;
  private readonly excluded: Gauge;
  private readonly maxWeight: Gauge;
  private readonly change: Counter;
  /** Envoy matches a transport socket for each host that it makes; here all of them are raw. */
  private readonly matched: Counter;

  constructor(config: ClusterConfig, ledger: Ledger, statLease: ScopeLease, directory: ClusterDirectory) {
    const { scope } = statLease;
    this.config = config;
    this.ledger = ledger;
    this.directory = directory;
    this.statLease = statLease;
    this.limits = [breakerLimits(config, "DEFAULT"), breakerLimits(config, "HIGH")];
    const cells = this.limits.map((limits) => allocateBreakers(ledger, limits));
    const [normal, high] = cells;
    if (!normal || !high) {
      for (const taken of cells) if (taken) freeBreakers(ledger, taken);
      statLease.release();
      throw new RangeError(`no room in the ledger for the circuit breakers of cluster ${config.name}`);
    }
    this.breakers = [normal, high];
    this.total = scope.gauge("membership_total");
    this.healthy = scope.gauge("membership_healthy");
    this.degraded = scope.gauge("membership_degraded");
    this.excluded = scope.gauge("membership_excluded");
    this.maxWeight = scope.gauge("max_host_weight");
    this.change = scope.counter("membership_change");
    this.matched = scope.counter("default.total_match_count");
    for (const name of ["update_attempt", "update_success", "update_failure", "update_empty", "update_no_rebuild"])
      scope.counter(name);
    for (const name of ["version", "warming_state"]) scope.gauge(name).set(0);
    this.excluded.set(0);
    const kind = discoveryKind(config);
    this.discovery =
      kind === "static"
        ? null
        : new DnsDiscovery(config, kind === "logical_dns", scope, (hosts) => {
            this.take(hosts);
            this.directory.onChange(this);
          });
  }

  async start(): Promise<void> {
    if (this.discovery === null) {
      this.take(draftHosts(this.config.load_assignment, () => []));
      return;
    }
    await this.discovery.start();
    this.take(this.discovery.hosts);
  }

  describe(): ClusterDescription {
    return { config: this.config, breakers: this.breakers, hosts: this.hosts };
  }

  *gauges(): Iterable<readonly [name: string, value: number]> {
    for (const [i, priority] of (["default", "high"] as const).entries()) {
      const cells = this.breakers[i as 0 | 1];
      const limits = this.limits[i as 0 | 1];
      for (const [name, value] of breakerGauges(this.ledger, cells, limits.trackRemaining))
        yield [`${this.statLease.scope.prefix}circuit_breakers.${priority}.${name}`, value];
    }
  }

  stop(): void {
    this.discovery?.stop();
  }

  /** It is gone. @returns its cells, in which workers may still count */
  end(): readonly number[] {
    this.stop();
    this.statLease.release();
    return [...this.cells.values(), ...this.breakers.flatMap((cells) => Object.values(cells))];
  }

  private take(drafts: readonly HostDraft[]): void {
    const before = this.hosts.length;
    const keyed = keyHosts(drafts);
    const keys = new Set(keyed.map((draft) => draft.key));
    const gone: number[] = [];
    for (const [key, cell] of this.cells) {
      if (keys.has(key)) continue;
      this.cells.delete(key);
      gone.push(cell);
    }
    let changed = gone.length;
    const hosts: HostDescription[] = [];
    for (const draft of keyed) {
      let cell = this.cells.get(draft.key) ?? 0;
      if (cell === 0) {
        cell = this.ledger.allocateCell(LIMIT_MAX);
        // A table that is full leaves the host out until the hosts change again; the others go on.
        if (cell === 0) continue;
        this.cells.set(draft.key, cell);
        this.matched.inc();
        changed++;
      }
      hosts.push({ ...draft, activeCell: cell });
    }
    this.hosts = hosts;
    const members = countMembership(hosts);
    this.total.set(members.total);
    this.healthy.set(members.healthy);
    this.degraded.set(members.degraded);
    this.maxWeight.set(hosts.reduce((max, host) => Math.max(max, host.weight), 0));
    if (changed > 0 || before !== hosts.length) this.change.add(1);
    this.directory.retiredCells.add(gone);
    const leftOut = keyed.length - hosts.length;
    if (leftOut === 0) return;
    this.statLease.scope.counter("update_no_room").inc();
    this.directory.onNoRoom(this, leftOut);
  }
}

/**
 * Stats of one thread: counters, gauges and histograms by Envoy's names, each a cell in the thread's stripe of the ledger.
 *
 * A handle is looked up once (`scope.counter("upstream_rq_total")`) and kept; counting is then one load, one add, one store on
 * memory that no other thread writes. The same name gives the same cell. What threads count is added up by the reader
 * (host/stats/reader.ts), to which each definition travels as a message.
 *
 * What belongs to something that can go (a cluster, a host, a listener, the prefix of a filter) is looked up in a leased scope. When
 * the last lease of a prefix is released, its stats are gone and their cells are given back. A handle that somebody still
 * keeps does no harm then: it counts in a spare cell that nobody reads.
 *
 * Sums are right for what each thread counts of its own. A value that belongs to the whole process (membership of a cluster,
 * open breakers, versions) is set by the main thread alone.
 */

import { HISTOGRAM_SLOTS, type LedgerExports } from "../wasm/layout.gen.ts";
import type { LedgerView } from "../wasm/ledger.ts";

export type StatKind = "counter" | "gauge" | "histogram";

/** What the samples of a histogram are; sinks translate it, the admin pages show none. */
export type HistogramUnit = "unspecified" | "milliseconds" | "microseconds" | "bytes";

/** Where a stat is shown: among the stats, or as a value of one host on the clusters page. */
export type StatSpace = "stats" | "host";

/** One stat of one thread, as the reader is told of it. Structured-clonable. */
export interface StatDefinition {
  readonly space: StatSpace;
  readonly kind: StatKind;
  readonly name: string;
  readonly unit: HistogramUnit;
  /** Index of its (first) cell among the ledger's slots of eight bytes. */
  readonly slot: number;
  /** The leased prefix that it belongs to; a stat of several is defined once for each. Empty: it stays for ever. */
  readonly group: string;
}

/** The last lease of a prefix in one thread is released. Structured-clonable. */
export interface StatRelease {
  readonly group: string;
  /** For `StatStore.reclaim`, once the reader has kept what was counted. */
  readonly id: number;
}

export class Counter {
  private readonly slots: Float64Array;
  private slot: number;

  constructor(slots: Float64Array, slot: number) {
    this.slots = slots;
    this.slot = slot;
  }

  inc(): void {
    this.slots[this.slot] = (this.slots[this.slot] as number) + 1;
  }

  add(n: number): void {
    this.slots[this.slot] = (this.slots[this.slot] as number) + n;
  }

  /** What this thread has counted. */
  get value(): number {
    return this.slots[this.slot] as number;
  }

  /** The stat is gone: counts in this cell from now on. */
  retire(spare: number): void {
    this.slot = spare;
  }
}

/**
 * A gauge that nobody has written holds minus zero, which no sum and no `set` gives: that is how `usedonly` tells it from
 * one that is back at zero.
 */
export const GAUGE_UNUSED = -0;

export class Gauge {
  private readonly slots: Float64Array;
  private slot: number;

  constructor(slots: Float64Array, slot: number) {
    this.slots = slots;
    this.slot = slot;
  }

  inc(): void {
    this.slots[this.slot] = (this.slots[this.slot] as number) + 1;
  }

  dec(): void {
    this.slots[this.slot] = (this.slots[this.slot] as number) - 1;
  }

  add(n: number): void {
    this.slots[this.slot] = (this.slots[this.slot] as number) + n;
  }

  sub(n: number): void {
    this.slots[this.slot] = (this.slots[this.slot] as number) - n;
  }

  set(n: number): void {
    this.slots[this.slot] = n + 0;
  }

  /** This thread's part of the gauge. */
  get value(): number {
    return (this.slots[this.slot] as number) + 0;
  }

  retire(spare: number): void {
    this.slot = spare;
  }
}

export class Histogram {
  private readonly ledger: LedgerExports;
  private address: number;

  constructor(ledger: LedgerExports, slot: number) {
    this.ledger = ledger;
    this.address = slot * 8;
  }

  /** Counts one sample: a whole number of the histogram's unit; a fraction is cut off as Envoy's integers would. */
  record(sample: number): void {
    this.ledger.record(this.address, Math.trunc(sample));
  }

  retire(spare: number): void {
    this.address = spare * 8;
  }
}

/** Who is told of new stats, of those that are gone, and of the first one for which there was no room. */
export interface StatListener {
  onDefine(definition: StatDefinition): void;
  onRelease(release: StatRelease): void;
  onFull(name: string): void;
}

/** A hold on the stats below one prefix. */
export interface ScopeLease {
  readonly scope: Scope;
  /** Once or more often: the holder counts no more. */
  release(): void;
}

/** The stats below one leased prefix. */
class StatGroup {
  readonly name: string;
  readonly stats: Stat[] = [];
  leases = 0;

  constructor(name: string) {
    this.name = name;
  }
}

interface Stat {
  readonly key: string;
  readonly handle: Counter | Gauge | Histogram;
  readonly definition: StatDefinition;
  /** Null among them: it is of no lease, and stays. */
  readonly groups: (StatGroup | null)[];
}

/** What a lookup asks for. */
interface Wanted {
  readonly space: StatSpace;
  readonly kind: StatKind;
  readonly name: string;
  readonly unit: HistogramUnit;
  readonly group: StatGroup | null;
}

/** All stats of one thread. */
export class StatStore {
  readonly root: Scope;
  private readonly ledger: LedgerView;
  private readonly listener: StatListener;
  private readonly known = new Map<string, Stat>();
  private readonly groups = new Map<string, StatGroup>();
  /** Released, and not yet reclaimed: the reader may still look. By the id of the release. */
  private readonly resting = new Map<number, readonly StatDefinition[]>();
  private releases = 0;
  private readonly freeScalars: number[] = [];
  private readonly freeHistograms: number[] = [];
  /** Cells behind every stat that found no room or is gone: they count, and nobody reads them. */
  private readonly spare: number;
  private nextSlot: number;
  private isFull = false;

  constructor(ledger: LedgerView, listener: StatListener) {
    this.ledger = ledger;
    this.listener = listener;
    this.spare = ledger.stripeStart;
    this.nextSlot = ledger.stripeStart + HISTOGRAM_SLOTS;
    this.root = new Scope(this, "", "stats", null);
  }

  /** The same name and kind gives the same handle. Throws TypeError when the name is one of another kind. */
  find(wanted: Wanted): Counter | Gauge | Histogram {
    const { group } = wanted;
    if (group !== null && group.leases === 0) return this.handle(wanted.kind, this.spare);
    const statKey = key(wanted.space, wanted.name);
    const stat = this.known.get(statKey);
    if (stat === undefined) return this.define(statKey, wanted);
    if (stat.definition.kind !== wanted.kind) throw new TypeError(`stat ${wanted.name} is no ${wanted.kind}`);
    if (!stat.groups.includes(group)) {
      stat.groups.push(group);
      group?.stats.push(stat);
      this.tell({ ...stat.definition, group: group?.name ?? "" });
    }
    return stat.handle;
  }

  /** Holds the stats below a prefix. */
  lease(space: StatSpace, prefix: string): ScopeLease {
    const name = key(space, prefix);
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new StatGroup(name);
      this.groups.set(name, group);
    }
    const held = group;
    held.leases++;
    let isHeld = true;
    return {
      scope: new Scope(this, prefix, space, held),
      release: () => {
        if (isHeld && --held.leases === 0) this.forget(held);
        isHeld = false;
      },
    };
  }

  /** The reader has kept what a release told it of: the cells go to the next stats that ask. */
  reclaim(id: number): void {
    for (const { kind, slot } of this.resting.get(id) ?? [])
      (kind === "histogram" ? this.freeHistograms : this.freeScalars).push(slot);
    this.resting.delete(id);
  }

  private forget(group: StatGroup): void {
    this.groups.delete(group.name);
    const gone: StatDefinition[] = [];
    for (const { key, handle, definition, groups } of group.stats) {
      groups.splice(groups.indexOf(group), 1);
      // Two prefixes may meet in one name: it goes with the last of them.
      if (groups.length > 0) continue;
      this.known.delete(key);
      handle.retire(this.spare);
      if (definition.slot !== this.spare) gone.push(definition);
    }
    if (group.stats.length === 0) return;
    const id = ++this.releases;
    this.resting.set(id, gone);
    this.listener.onRelease({ group: group.name, id });
  }

  private define(statKey: string, wanted: Wanted): Counter | Gauge | Histogram {
    const { space, kind, name, unit, group } = wanted;
    const slot = this.allocate(kind, name);
    const definition = { space, kind, name, unit, slot, group: group?.name ?? "" };
    const handle = this.handle(kind, slot);
    const stat = { key: statKey, handle, definition, groups: [group] };
    this.known.set(statKey, stat);
    group?.stats.push(stat);
    this.tell(definition);
    return handle;
  }

  private tell(definition: StatDefinition): void {
    if (definition.slot !== this.spare) this.listener.onDefine(definition);
  }

  private handle(kind: StatKind, slot: number): Counter | Gauge | Histogram {
    switch (kind) {
      case "counter":
        return new Counter(this.ledger.slots, slot);
      case "gauge":
        return new Gauge(this.ledger.slots, slot);
      case "histogram":
        return new Histogram(this.ledger.exports, slot);
    }
  }

  private allocate(kind: StatKind, name: string): number {
    const size = kind === "histogram" ? HISTOGRAM_SLOTS : 1;
    const free = (kind === "histogram" ? this.freeHistograms : this.freeScalars).pop();
    if (free !== undefined) this.ledger.slots.fill(0, free, free + size);
    let slot = free;
    // What was never handed out is zero already, and its pages stay unused until the first sample.
    if (slot === undefined) {
      if (this.nextSlot + size > this.ledger.stripeEnd) {
        if (!this.isFull) this.listener.onFull(name);
        this.isFull = true;
        return this.spare;
      }
      slot = this.nextSlot;
      this.nextSlot += size;
    }
    if (kind === "gauge") this.ledger.slots[slot] = GAUGE_UNUSED;
    return slot;
  }
}

/** Names below a prefix: `store.root.scope("cluster.backend").counter("upstream_rq_total")`. */
export class Scope {
  /** With its closing dot; empty for the root. */
  readonly prefix: string;
  private readonly store: StatStore;
  private readonly space: StatSpace;
  private readonly group: StatGroup | null;

  constructor(store: StatStore, prefix: string, space: StatSpace, group: StatGroup | null) {
    this.store = store;
    this.prefix = prefix;
    this.space = space;
    this.group = group;
  }

  /** A scope below this one; a dot is put between. Addresses may be part of it: what Envoy cannot have in a name becomes `_`. */
  scope(name: string): Scope {
    const clean = sanitizeStatName(name);
    const prefix = clean.endsWith(".") ? this.prefix + clean : `${this.prefix}${clean}.`;
    return new Scope(this.store, prefix, this.space, this.group);
  }

  /** The same prefix among the values of hosts, which the clusters page shows and the stats pages do not. */
  ofHosts(): Scope {
    return new Scope(this.store, this.prefix, "host", this.group);
  }

  /** The same prefix, whose stats go when everybody who leased it has released it. */
  lease(): ScopeLease {
    return this.store.lease(this.space, this.prefix);
  }

  counter(name: string): Counter {
    return this.find("counter", name, "unspecified") as Counter;
  }

  gauge(name: string): Gauge {
    return this.find("gauge", name, "unspecified") as Gauge;
  }

  histogram(name: string, unit: HistogramUnit = "unspecified"): Histogram {
    return this.find("histogram", name, unit) as Histogram;
  }

  private find(kind: StatKind, name: string, unit: HistogramUnit): Counter | Gauge | Histogram {
    return this.store.find({ space: this.space, kind, name: this.prefix + name, unit, group: this.group });
  }
}

/** Envoy's rule for names that come from config: `://`, `:/`, `:` and NUL become `_`. */
export function sanitizeStatName(name: string): string {
  return name.replaceAll("://", "_").replaceAll(":/", "_").replaceAll(/[:\0]/g, "_");
}

function key(space: StatSpace, name: string): string {
  return space === "stats" ? name : `\0${name}`;
}

/**
 * Stats of one thread: counters, gauges and histograms by Envoy's names, each a cell in the thread's stripe of the ledger.
 *
 * A handle is looked up once (`scope.counter("upstream_rq_total")`) and kept; counting is then one load, one add, one store on
 * memory that no other thread writes. The same name gives the same cell. What threads count is added up by the reader
 * (host/stats/reader.ts), to which each definition travels as a message.
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
}

export class Counter {
  private readonly slots: Float64Array;
  private readonly slot: number;

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
}

/**
 * A gauge that nobody has written holds minus zero, which no sum and no `set` gives: that is how `usedonly` tells it from
 * one that is back at zero.
 */
export const GAUGE_UNUSED = -0;

export class Gauge {
  private readonly slots: Float64Array;
  private readonly slot: number;

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
}

export class Histogram {
  private readonly ledger: LedgerExports;
  private readonly address: number;

  constructor(ledger: LedgerExports, slot: number) {
    this.ledger = ledger;
    this.address = slot * 8;
  }

  /** Counts one sample: a whole number of the histogram's unit; a fraction is cut off as Envoy's integers would. */
  record(sample: number): void {
    this.ledger.record(this.address, Math.trunc(sample));
  }
}

/** Who is told of new stats, and of the first one for which there was no room. */
export interface StatListener {
  onDefine(definition: StatDefinition): void;
  onFull(name: string): void;
}

/** All stats of one thread. */
export class StatStore {
  readonly root: Scope;
  private readonly ledger: LedgerView;
  private readonly listener: StatListener;
  private readonly known = new Map<
    string,
    { readonly handle: Counter | Gauge | Histogram; readonly definition: StatDefinition }
  >();
  private readonly freeScalars: number[] = [];
  private readonly freeHistograms: number[] = [];
  /** Cells behind every stat that found no room: they count, and nobody reads them. */
  private readonly spare: number;
  private nextSlot: number;
  private isFull = false;

  constructor(ledger: LedgerView, listener: StatListener) {
    this.ledger = ledger;
    this.listener = listener;
    this.spare = ledger.stripeStart;
    this.nextSlot = ledger.stripeStart + HISTOGRAM_SLOTS;
    this.root = new Scope(this, "", "stats");
  }

  counter(space: StatSpace, name: string): Counter {
    const handle = this.find(space, name) ?? this.define({ space, kind: "counter", name, unit: "unspecified" });
    if (handle instanceof Counter) return handle;
    throw new TypeError(`stat ${name} is no counter`);
  }

  gauge(space: StatSpace, name: string): Gauge {
    const handle = this.find(space, name) ?? this.define({ space, kind: "gauge", name, unit: "unspecified" });
    if (handle instanceof Gauge) return handle;
    throw new TypeError(`stat ${name} is no gauge`);
  }

  histogram(space: StatSpace, name: string, unit: HistogramUnit): Histogram {
    const handle = this.find(space, name) ?? this.define({ space, kind: "histogram", name, unit });
    if (handle instanceof Histogram) return handle;
    throw new TypeError(`stat ${name} is no histogram`);
  }

  /**
   * Forgets all stats whose name begins with the prefix, for a cluster or listener that is gone. The caller has made sure
   * that nobody holds one of their handles any more: their cells go to the next stat that asks.
   */
  remove(space: StatSpace, prefix: string): void {
    for (const [key, { definition }] of this.known) {
      if (definition.space !== space || !definition.name.startsWith(prefix)) continue;
      this.known.delete(key);
      if (definition.slot === this.spare) continue;
      (definition.kind === "histogram" ? this.freeHistograms : this.freeScalars).push(definition.slot);
    }
  }

  private find(space: StatSpace, name: string): Counter | Gauge | Histogram | undefined {
    return this.known.get(key(space, name))?.handle;
  }

  private define(wanted: Omit<StatDefinition, "slot">): Counter | Gauge | Histogram {
    const slot = this.allocate(wanted.kind, wanted.name);
    const definition = { ...wanted, slot };
    const handle = this.handle(wanted.kind, slot);
    this.known.set(key(wanted.space, wanted.name), { handle, definition });
    if (slot !== this.spare) this.listener.onDefine(definition);
    return handle;
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

  constructor(store: StatStore, prefix: string, space: StatSpace) {
    this.store = store;
    this.prefix = prefix;
    this.space = space;
  }

  /** A scope below this one; a dot is put between. Addresses may be part of it: what Envoy cannot have in a name becomes `_`. */
  scope(name: string): Scope {
    const clean = sanitizeStatName(name);
    return new Scope(this.store, clean.endsWith(".") ? this.prefix + clean : `${this.prefix}${clean}.`, this.space);
  }

  /** The same prefix among the values of hosts, which the clusters page shows and the stats pages do not. */
  ofHosts(): Scope {
    return new Scope(this.store, this.prefix, "host");
  }

  counter(name: string): Counter {
    return this.store.counter(this.space, this.prefix + name);
  }

  gauge(name: string): Gauge {
    return this.store.gauge(this.space, this.prefix + name);
  }

  histogram(name: string, unit: HistogramUnit = "unspecified"): Histogram {
    return this.store.histogram(this.space, this.prefix + name, unit);
  }
}

/** Envoy's rule for names that come from config: `://`, `:/`, `:` and NUL become `_`. */
export function sanitizeStatName(name: string): string {
  return name.replaceAll("://", "_").replaceAll(":/", "_").replaceAll(/[:\0]/g, "_");
}

function key(space: StatSpace, name: string): string {
  return space === "stats" ? name : `\0${name}`;
}

/**
 * All stats of the process, read by the main thread: adds up what each thread counts in its stripe of the ledger.
 *
 * Threads send a definition before the first increment becomes readable; the server asks all workers for theirs (a round of
 * messages) before it lets anybody read. A dead thread's counters and histograms stay in the sum, its gauges vanish.
 *
 * A stat is shown as long as one thread holds its group, or one that died did and its successor has not yet said what it needs.
 */

import { HISTOGRAM_BINS, HISTOGRAM_COUNT, HISTOGRAM_SLOTS } from "../wasm/layout.gen.ts";
import type { Ledger } from "../wasm/ledger.ts";
import { type Bins, NO_BINS } from "./bins.ts";
import { RecentLookups } from "./recent_lookups.ts";
import { GAUGE_UNUSED, type HistogramUnit, type StatDefinition, type StatKind, type StatSpace } from "./scope.ts";

/** A counter or gauge. */
export interface StatValue {
  readonly name: string;
  readonly value: number;
  /** Something has been counted or set since the start. */
  readonly used: boolean;
}

/** As of the last flush. */
export interface HistogramValue {
  readonly name: string;
  readonly unit: HistogramUnit;
  readonly used: boolean;
  readonly total: Bins;
  /** Between the last two flushes. */
  readonly interval: Bins;
}

export interface TextValue {
  readonly name: string;
  readonly value: string;
}

/** Gauges that are computed when somebody reads: open breakers, uptime. */
export type GaugeSource = () => Iterable<readonly [name: string, value: number]>;

interface Cell {
  readonly thread: number;
  readonly slot: number;
}

/** The stats below one leased prefix, and who holds them. */
interface Group {
  readonly stats: Set<Stat>;
  readonly threads: Set<number>;
  /** Numbers of threads that died holding it. */
  readonly orphanedBy: Set<number>;
}

interface Stat {
  readonly space: StatSpace;
  readonly kind: StatKind;
  readonly name: string;
  readonly unit: HistogramUnit;
  readonly groups: Set<Group>;
  cells: Cell[];
  /** Of threads that are gone: value of a counter, bins of a histogram. */
  base: number;
  baseBins: Float64Array | null;
  /** A counter's value at the last reset. */
  resetAt: number;
  /** A histogram's samples at the last flush. */
  flushedCount: number;
  total: Bins;
  interval: Bins;
}

export class StatReader {
  /** Names that threads looked up for the first time, which is when a definition comes. */
  readonly lookups = new RecentLookups();
  private readonly ledger: Ledger;
  private readonly slots: Float64Array;
  private readonly spaces: Record<StatSpace, Map<string, Stat>> = { stats: new Map(), host: new Map() };
  private readonly groups = new Map<string, Group>();
  private readonly sources: GaugeSource[] = [];
  private readonly texts = new Map<string, string>();
  /** For each thread the slot after its last, so that its stripe can be cleared. */
  private readonly ends = new Map<number, number>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
    this.slots = ledger.view.slots;
  }

  /** A thread has a new stat, or one of its stats has a group more. */
  define(thread: number, definition: StatDefinition): void {
    this.lookups.note(definition.name);
    const space = this.spaces[definition.space];
    let stat = space.get(definition.name);
    if (stat === undefined) {
      stat = newStat(definition);
      space.set(definition.name, stat);
    } else if (stat.kind !== definition.kind) {
      throw new TypeError(`stat ${definition.name} is a ${stat.kind} and a ${definition.kind}`);
    }
    let group = this.groups.get(definition.group);
    if (group === undefined) {
      group = { stats: new Set(), threads: new Set(), orphanedBy: new Set() };
      this.groups.set(definition.group, group);
    }
    group.threads.add(thread);
    group.stats.add(stat);
    stat.groups.add(group);
    const { slot } = definition;
    if (stat.cells.some((cell) => cell.thread === thread && cell.slot === slot)) return;
    stat.cells.push({ thread, slot });
    const end = slot + (definition.kind === "histogram" ? HISTOGRAM_SLOTS : 1);
    this.ends.set(thread, Math.max(end, this.ends.get(thread) ?? 0));
  }

  /** A thread holds a group no longer: what it counted stays while others hold it. Its cells are not looked at any more. */
  release(thread: number, name: string): void {
    const group = this.groups.get(name);
    if (group === undefined) return;
    group.threads.delete(thread);
    for (const stat of group.stats)
      if (![...stat.groups].some(({ threads }) => threads.has(thread))) this.keep(stat, thread);
    this.dropIfUnheld(name, group);
  }

  /** A thread is gone: keeps what it counted, and clears its stripe for the next one of that number. */
  retire(thread: number): void {
    for (const space of Object.values(this.spaces)) for (const stat of space.values()) this.keep(stat, thread);
    for (const group of this.groups.values()) if (group.threads.delete(thread)) group.orphanedBy.add(thread);
    const end = this.ends.get(thread);
    if (end !== undefined) this.ledger.clearStripe(thread, end);
    this.ends.delete(thread);
  }

  /** The successor of a thread that is gone holds all that it needs: what it did not take over goes. */
  succeeded(thread: number): void {
    for (const [name, group] of this.groups) if (group.orphanedBy.delete(thread)) this.dropIfUnheld(name, group);
  }

  addGauges(source: GaugeSource): void {
    this.sources.push(source);
  }

  /** A stat that is a text; an empty one is shown too. */
  setText(name: string, value: string): void {
    this.texts.set(name, value);
  }

  removeText(name: string): void {
    this.texts.delete(name);
  }

  /** Sorted by name, like all that follow. */
  counters(): StatValue[] {
    return this.sorted("stats", "counter").map((stat) => {
      const value = this.sum(stat);
      return { name: stat.name, value: value - stat.resetAt, used: value !== 0 };
    });
  }

  gauges(): StatValue[] {
    const values = new Map<string, StatValue>();
    for (const stat of this.sorted("stats", "gauge")) {
      const used = stat.cells.some(({ slot }) => !Object.is(this.slots[slot], GAUGE_UNUSED));
      values.set(stat.name, { name: stat.name, value: this.sum(stat), used });
    }
    for (const source of this.sources) {
      for (const [name, value] of source()) values.set(name, { name, value, used: value !== 0 });
    }
    return [...values.values()].sort(byName);
  }

  histograms(): HistogramValue[] {
    return this.sorted("stats", "histogram").map(({ name, unit, flushedCount, total, interval }) => ({
      name,
      unit,
      used: flushedCount > 0,
      total,
      interval,
    }));
  }

  textReadouts(): TextValue[] {
    return [...this.texts].map(([name, value]) => ({ name, value })).sort(byName);
  }

  /** The present value of one counter or gauge; 0 when there is none of that name. */
  value(name: string, space: StatSpace = "stats"): number {
    const stat = this.spaces[space].get(name);
    return stat === undefined || stat.kind === "histogram" ? 0 : this.sum(stat) - stat.resetAt;
  }

  /** POST /reset_counters: all counters start again from zero, those of hosts too. Gauges and histograms stay. */
  resetCounters(): void {
    for (const space of Object.values(this.spaces)) {
      for (const stat of space.values()) if (stat.kind === "counter") stat.resetAt = this.sum(stat);
    }
  }

  /** Ends an interval: what was recorded since the last call becomes `interval`, all of it `total`. */
  flush(): void {
    for (const stat of this.spaces.stats.values()) if (stat.kind === "histogram") this.flushHistogram(stat);
  }

  private dropIfUnheld(name: string, group: Group): void {
    if (group.threads.size > 0 || group.orphanedBy.size > 0) return;
    this.groups.delete(name);
    for (const stat of group.stats) {
      stat.groups.delete(group);
      if (stat.groups.size === 0) this.spaces[stat.space].delete(stat.name);
    }
  }

  /** Takes a thread's cells of a stat out of the sum, and keeps what was counted in them. */
  private keep(stat: Stat, thread: number): void {
    for (const cell of stat.cells) {
      if (cell.thread !== thread) continue;
      if (stat.kind === "counter") stat.base += this.slots[cell.slot] as number;
      if (stat.kind === "histogram") this.keepBins(stat, cell.slot);
    }
    stat.cells = stat.cells.filter((cell) => cell.thread !== thread);
  }

  private flushHistogram(stat: Stat): void {
    const base = stat.baseBins?.[HISTOGRAM_COUNT] ?? 0;
    const count = stat.cells.reduce((sum, { slot }) => sum + (this.slots[slot + HISTOGRAM_COUNT] as number), base);
    if (count === stat.flushedCount) {
      stat.interval = NO_BINS;
      return;
    }
    const before = stat.total;
    stat.total = this.readBins(stat);
    stat.interval = difference(stat.total, before);
    stat.flushedCount = count;
  }

  private readBins(stat: Stat): Bins {
    const bins: number[] = [];
    const counts: number[] = [];
    for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
      let count = stat.baseBins?.[bin] ?? 0;
      for (const { slot } of stat.cells) count += this.slots[slot + bin] as number;
      if (count === 0) continue;
      bins.push(bin);
      counts.push(count);
    }
    return { bins, counts };
  }

  private keepBins(stat: Stat, slot: number): void {
    stat.baseBins ??= new Float64Array(HISTOGRAM_SLOTS);
    for (let i = 0; i < HISTOGRAM_SLOTS; i++) {
      stat.baseBins[i] = (stat.baseBins[i] as number) + (this.slots[slot + i] as number);
    }
  }

  private sum(stat: Stat): number {
    let sum = stat.base;
    for (const { slot } of stat.cells) sum += this.slots[slot] as number;
    return sum;
  }

  private sorted(space: StatSpace, kind: StatKind): Stat[] {
    return [...this.spaces[space].values()].filter((stat) => stat.kind === kind).sort(byName);
  }
}

function newStat({ space, kind, name, unit }: StatDefinition): Stat {
  return {
    space,
    kind,
    name,
    unit,
    groups: new Set(),
    cells: [],
    base: 0,
    baseBins: null,
    resetAt: 0,
    flushedCount: 0,
    total: NO_BINS,
    interval: NO_BINS,
  };
}

/** Both have bins in rising order, and what `before` has, `after` has too. */
function difference(after: Bins, before: Bins): Bins {
  const bins: number[] = [];
  const counts: number[] = [];
  let at = 0;
  for (const [i, bin] of after.bins.entries()) {
    while (at < before.bins.length && (before.bins[at] as number) < bin) at++;
    const count = (after.counts[i] as number) - (before.bins[at] === bin ? (before.counts[at] as number) : 0);
    if (count === 0) continue;
    bins.push(bin);
    counts.push(count);
  }
  return { bins, counts };
}

/** By code units, as Envoy's text is. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

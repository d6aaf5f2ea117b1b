// Stats as numbers by full name.

import type { Counter, Histogram, Scope } from "../../host/stats/scope.ts";

/** Stands for a `Scope`; every counter that was made is there, at 0 first. */
export class CountingRoot {
  readonly counts: Record<string, number>;
  private readonly prefix: string;

  constructor(prefix = "", counts: Record<string, number> = {}) {
    this.prefix = prefix;
    this.counts = counts;
  }

  counter(name: string): Counter {
    const full = this.prefix + name;
    this.counts[full] ??= 0;
    const add = (n: number) => {
      this.counts[full] = (this.counts[full] ?? 0) + n;
    };
    return { inc: () => add(1), add } as Counter;
  }

  histogram(): Histogram {
    return { record: () => {} } as unknown as Histogram;
  }

  scope(name: string): Scope {
    return new CountingRoot(`${this.prefix}${name}.`, this.counts) as unknown as Scope;
  }
}

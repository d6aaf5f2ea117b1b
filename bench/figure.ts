/**
 * Figures: the numbers that the bench is about. A figure with a limit is either reached or missed, and the report says
 * which; where it should go one day stands beside it.
 */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What this version should reach (value at most), and where we go. */
  readonly reach?: number;
  readonly goal?: number;
}

/** One step of the bench: runs on the stand, prints its own table, and gives its figures. */
export interface Work {
  readonly name: string;
  readonly title: string;
  run(stand: import("./stand.ts").Stand): Promise<Figure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The value below which that share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}

export function isReached({ value, reach }: Figure): boolean {
  return reach === undefined || value <= reach;
}

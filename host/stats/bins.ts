/**
 * The bins of a histogram as numbers: bounds, quantiles, buckets, sum. The rules are libcircllhist's as Envoy 1.40 has it, so
 * that equal samples print equal text (assembly/stats/histogram.ts says how samples fall into bins).
 */

import { HISTOGRAM_DECADE_BINS } from "../wasm/layout.gen.ts";

/** The bins that hold samples, in rising order. */
export interface Bins {
  readonly bins: readonly number[];
  readonly counts: readonly number[];
}

export const NO_BINS: Bins = { bins: [], counts: [] };

/** Envoy's bounds for all histograms that have none of their own. */
export const BUCKET_BOUNDS: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** What Envoy computes of each histogram. */
export const QUANTILES: readonly number[] = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1];

/** Lower bound of a bin; computed as the library does, so that 1.1 x 100 is 110.00000000000001 here as there. */
export function binLower(bin: number): number {
  if (bin === 0) return 0;
  const digits = 10 + ((bin - 1) % HISTOGRAM_DECADE_BINS);
  return (digits / 10) * 10 ** decade(bin);
}

export function binWidth(bin: number): number {
  return bin === 0 ? 0 : 10 ** decade(bin) / 10;
}

function decade(bin: number): number {
  return Math.floor((bin - 1) / HISTOGRAM_DECADE_BINS);
}

export function sampleCount({ counts }: Bins): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The sum of all samples, as near as their bins tell: a sample is taken to lie at `lower / (lower + upper)` of its bin, where
 * the relative error to both sides is the same.
 */
export function sampleSum({ bins, counts }: Bins): number {
  let sum = 0;
  for (const [i, bin] of bins.entries()) {
    const lower = binLower(bin);
    const width = binWidth(bin);
    const point = bin === 0 ? 0 : lower + width * (lower / (lower + lower + width));
    sum += point * (counts[i] as number);
  }
  return sum;
}

/**
 * One value for each of QUANTILES, NaN without samples. The sample of rank ceil(q x n), at least the first, is looked up in
 * its bin, whose samples are taken to lie evenly inside it.
 */
export function quantiles(histogram: Bins): number[] {
  const total = sampleCount(histogram);
  if (total === 0) return QUANTILES.map(() => Number.NaN);
  return QUANTILES.map((quantile) => {
    const rank = Math.max(1, Math.ceil(quantile * total));
    let below = 0;
    for (const [i, bin] of histogram.bins.entries()) {
      const count = histogram.counts[i] as number;
      if (below + count >= rank) return binLower(bin) + (binWidth(bin) * (rank - below)) / (count + 1);
      below += count;
    }
    return Number.NaN;
  });
}

/** For each of BUCKET_BOUNDS the number of samples at or below it; a bin counts where its lower bound does. */
export function cumulativeBuckets({ bins, counts }: Bins): number[] {
  return BUCKET_BOUNDS.map((bound) => {
    let below = 0;
    for (const [i, bin] of bins.entries()) if (binLower(bin) <= bound) below += counts[i] as number;
    return below;
  });
}

/** The same, each bound without those below it. */
export function disjointBuckets(histogram: Bins): number[] {
  const cumulative = cumulativeBuckets(histogram);
  return cumulative.map((count, i) => count - (cumulative[i - 1] ?? 0));
}

/** /stats?format=json: one line; histograms are one last element of the list. */

import {
  type Bins,
  BUCKET_BOUNDS,
  binLower,
  binWidth,
  cumulativeBuckets,
  disjointBuckets,
  QUANTILES,
  quantiles,
} from "../../stats/bins.ts";
import { formatG } from "../../stats/number_text.ts";
import type { HistogramValue } from "../../stats/reader.ts";
import type { BucketsMode } from "./params.ts";
import type { SelectedStats } from "./select.ts";

export function statsJson({ texts, numbers, histograms }: SelectedStats, buckets: BucketsMode): string {
  const stats: unknown[] = [...texts, ...numbers].map(({ name, value }) => ({ name, value }));
  if (histograms.length > 0) stats.push({ histograms: histogramsJson(histograms, buckets) });
  return JSON.stringify({ stats });
}

const PERCENTILES = QUANTILES.map((quantile) => Number(formatG(quantile * 100, 6)));

function histogramsJson(histograms: readonly HistogramValue[], buckets: BucketsMode): unknown {
  switch (buckets) {
    case "none":
    case "summary":
      return {
        supported_quantiles: PERCENTILES,
        computed_quantiles: histograms.map((histogram) => ({
          name: histogram.name,
          values: percentiles(histogram),
        })),
      };
    case "cumulative":
      return histograms.map((histogram) => bucketsJson(histogram, cumulativeBuckets));
    case "disjoint":
      return histograms.map((histogram) => bucketsJson(histogram, disjointBuckets));
    case "detailed":
      return {
        supported_percentiles: PERCENTILES,
        details: histograms.map((histogram) => ({
          name: histogram.name,
          totals: detail(histogram.total),
          intervals: detail(histogram.interval),
          percentiles: percentiles(histogram),
        })),
      };
  }
}

/** NaN, which JSON has not, becomes null. */
function percentiles({ total, interval }: HistogramValue): unknown[] {
  const ofTotal = quantiles(total);
  const ofInterval = quantiles(interval);
  return QUANTILES.map((_, i) => ({ cumulative: ofTotal[i], interval: ofInterval[i] }));
}

function bucketsJson({ name, interval, total }: HistogramValue, count: (bins: Bins) => number[]): unknown {
  const ofInterval = count(interval);
  const ofTotal = count(total);
  const buckets = BUCKET_BOUNDS.map((bound, i) => ({
    upper_bound: bound,
    interval: ofInterval[i],
    cumulative: ofTotal[i],
  }));
  return { name, buckets };
}

function detail({ bins, counts }: Bins): unknown[] {
  return bins.map((bin, i) => ({ lower_bound: binLower(bin), width: binWidth(bin), count: counts[i] }));
}

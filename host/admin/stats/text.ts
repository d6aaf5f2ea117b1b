/** /stats as text: text readouts, then counters and gauges together, then histograms, each sorted by name. */

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
import { formatG, formatShortest } from "../../stats/number_text.ts";
import type { HistogramValue } from "../../stats/reader.ts";
import type { BucketsMode } from "./params.ts";
import type { SelectedStats } from "./select.ts";

export function statsText({ texts, numbers, histograms }: SelectedStats, buckets: BucketsMode): string {
  let page = "";
  for (const { name, value } of texts) page += `${name}: "${value}"\n`;
  for (const { name, value } of numbers) page += `${name}: ${value}\n`;
  for (const histogram of histograms) page += histogramText(histogram, buckets);
  return page;
}

function histogramText(histogram: HistogramValue, buckets: BucketsMode): string {
  const { name, used, interval, total } = histogram;
  if (!used) return `${name}: No recorded values\n`;
  switch (buckets) {
    case "none":
    case "summary":
      return `${name}: ${summary(histogram)}\n`;
    case "cumulative":
      return `${name}: ${bucketText(cumulativeBuckets(interval), cumulativeBuckets(total))}\n`;
    case "disjoint":
      return `${name}: ${bucketText(disjointBuckets(interval), disjointBuckets(total))}\n`;
    case "detailed":
      return `${name}:\n  totals=${detail(total)}\n  intervals=${detail(interval)}\n  summary=${summary(histogram)}\n`;
  }
}

function summary({ interval, total }: HistogramValue): string {
  const ofInterval = quantiles(interval);
  const ofTotal = quantiles(total);
  return QUANTILES.map((quantile, i) => {
    const name = formatG(quantile * 100, 6);
    return `P${name}(${formatShortest(ofInterval[i] as number)},${formatShortest(ofTotal[i] as number)})`;
  }).join(" ");
}

function bucketText(interval: readonly number[], total: readonly number[]): string {
  return BUCKET_BOUNDS.map((bound, i) => `B${formatG(bound, 6)}(${interval[i]},${total[i]})`).join(" ");
}

function detail({ bins, counts }: Bins): string {
  return bins.map((bin, i) => `${formatG(binLower(bin), 6)},${formatG(binWidth(bin), 6)}:${counts[i]}`).join(", ");
}

/**
 * Stats in Prometheus' text format: names without the values of their tags, tags as labels. All stats of one name stand together
 * under their `# TYPE`; counters first, then gauges, text readouts (as gauges) and histograms.
 */

import { BUCKET_BOUNDS, cumulativeBuckets, QUANTILES, quantiles, sampleCount, sampleSum } from "../../stats/bins.ts";
import { formatG } from "../../stats/number_text.ts";
import type { HistogramValue, StatReader, StatValue, TextValue } from "../../stats/reader.ts";
import { extractTags, type Tag } from "../../stats/tags.ts";
import type { StatsParams } from "./params.ts";
import { chosen } from "./select.ts";

type Wishes = Pick<StatsParams, "wants" | "usedOnly" | "buckets" | "textReadouts">;

/** `fixedTags` go on every stat (`--stats-tag`). */
export function statsPrometheus(reader: StatReader, wishes: Wishes, fixedTags: readonly Tag[]): string {
  const page = new Page(fixedTags);
  page.add("counter", chosen(reader.counters(), wishes), numberLines);
  page.add("gauge", chosen(reader.gauges(), wishes), numberLines);
  if (wishes.textReadouts) {
    page.add(
      "gauge",
      reader.textReadouts().filter(({ name }) => wishes.wants(name)),
      textLines,
    );
  }
  const histograms = chosen(reader.histograms(), wishes);
  if (wishes.buckets === "summary") page.add("summary", histograms, summaryLines);
  else page.add("histogram", histograms, bucketLines);
  return page.text;
}

type Lines<T> = (stat: T, name: string, labels: string) => string;

class Page {
  text = "";
  private readonly fixedTags: readonly Tag[];

  constructor(fixedTags: readonly Tag[]) {
    this.fixedTags = fixedTags;
  }

  add<T extends { readonly name: string }>(type: string, stats: readonly T[], lines: Lines<T>): void {
    const groups = new Map<string, { readonly stat: T; readonly labels: string }[]>();
    for (const stat of stats) {
      const { name, tags } = extractTags(stat.name, this.fixedTags);
      const group = groups.get(name) ?? [];
      group.push({ stat, labels: labelText(tags) });
      groups.set(name, group);
    }
    for (const dotted of [...groups.keys()].sort(byTokens)) {
      const name = metricName(dotted);
      this.text += `# TYPE ${name} ${type}\n`;
      const group = groups.get(dotted) ?? [];
      group.sort((a, b) => byTokens(a.stat.name, b.stat.name));
      for (const { stat, labels } of group) this.text += lines(stat, name, labels);
    }
  }
}

/** Dotted names in the order of their tokens, so that `a.x` stands before `a-b.x`. */
export function byTokens(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

export function metricName(dotted: string): string {
  return `envoy_${dotted.replaceAll(/[^a-zA-Z0-9_:]/g, "_")}`;
}

/** `a="b",c="d"` */
export function labelText(tags: readonly Tag[]): string {
  return tags.map(({ name, value }) => `${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}="${escapeLabel(value)}"`).join(",");
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberLines({ value }: StatValue, name: string, labels: string): string {
  return `${name}{${labels}} ${value}\n`;
}

function textLines({ value }: TextValue, name: string, labels: string): string {
  const before = labels === "" ? "" : `${labels},`;
  return `${name}{${before}text_value="${escapeLabel(value)}"} 0\n`;
}

function bucketLines({ total }: HistogramValue, name: string, labels: string): string {
  const before = labels === "" ? "" : `${labels},`;
  const counts = cumulativeBuckets(total);
  let lines = "";
  for (const [i, bound] of BUCKET_BOUNDS.entries()) {
    lines += `${name}_bucket{${before}le="${formatG(bound, 32)}"} ${counts[i]}\n`;
  }
  const count = sampleCount(total);
  lines += `${name}_bucket{${before}le="+Inf"} ${count}\n`;
  return `${lines}${name}_sum{${labels}} ${formatG(sampleSum(total), 32)}\n${name}_count{${labels}} ${count}\n`;
}

/** Quantiles of the interval; sum and count of all samples. */
function summaryLines({ interval, total }: HistogramValue, name: string, labels: string): string {
  const before = labels === "" ? "" : `${labels},`;
  const values = quantiles(interval);
  let lines = "";
  for (const [i, quantile] of QUANTILES.entries()) {
    lines += `${name}{${before}quantile="${quantile}"} ${formatG(values[i] as number, 32)}\n`;
  }
  return `${lines}${name}_sum{${labels}} ${formatG(sampleSum(total), 32)}\n${name}_count{${labels}} ${sampleCount(total)}\n`;
}

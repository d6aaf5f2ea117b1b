/** Which stats a page shows. */

import { byName, type HistogramValue, type StatReader, type StatValue, type TextValue } from "../../stats/reader.ts";
import type { StatsParams, StatType } from "./params.ts";

export interface SelectedStats {
  readonly texts: readonly TextValue[];
  /** Counters and gauges in one list, sorted by name. */
  readonly numbers: readonly StatValue[];
  readonly histograms: readonly HistogramValue[];
}

type Wishes = Pick<StatsParams, "wants" | "usedOnly" | "type">;

export function selectStats(reader: StatReader, wishes: Wishes): SelectedStats {
  const shows = (type: StatType) => wishes.type === "All" || wishes.type === type;
  const numbers = [...(shows("Counters") ? reader.counters() : []), ...(shows("Gauges") ? reader.gauges() : [])];
  return {
    texts: shows("TextReadouts") ? reader.textReadouts().filter(({ name }) => wishes.wants(name)) : [],
    numbers: chosen(numbers, wishes).sort(byName),
    histograms: shows("Histograms") ? chosen(reader.histograms(), wishes) : [],
  };
}

/** Those whose name is wanted, and that were used if only such are asked for. */
export function chosen<T extends { readonly name: string; readonly used: boolean }>(
  stats: readonly T[],
  { wants, usedOnly }: Pick<Wishes, "wants" | "usedOnly">,
): T[] {
  return stats.filter((stat) => (stat.used || !usedOnly) && wants(stat.name));
}

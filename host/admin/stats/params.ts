/** Query parameters of the stats pages, and Envoy's words for the bad ones. */

import { RE2JS, RE2JSSyntaxException } from "re2js";

export type StatType = "All" | "Counters" | "Gauges" | "Histograms" | "TextReadouts";
export type StatsFormat = "text" | "json" | "prometheus" | "html" | "active-html";
export type BucketsMode = "summary" | "cumulative" | "disjoint" | "detailed" | "none";

export interface StatsParams {
  readonly usedOnly: boolean;
  /** True for the names that are wanted. */
  readonly wants: (name: string) => boolean;
  readonly type: StatType;
  readonly format: StatsFormat;
  /** `none` where nothing was said: the text shows the summary then, Prometheus buckets. */
  readonly buckets: BucketsMode;
  readonly textReadouts: boolean;
  /** As it came, for the page's form. */
  readonly filter: string;
}

const TYPES: readonly StatType[] = ["All", "Counters", "Histograms", "Gauges", "TextReadouts"];
const FORMATS: readonly StatsFormat[] = ["html", "active-html", "json", "prometheus", "text"];
const BUCKETS: readonly BucketsMode[] = ["summary", "cumulative", "disjoint", "detailed"];

/** The parameters, or the text of a 400. */
export function parseStatsParams(query: URLSearchParams): StatsParams | string {
  const filter = query.get("filter") ?? "";
  const matches = compileFilter(filter);
  if (typeof matches === "string") return matches;
  const invert = query.has("invert_filter");

  const typeText = query.get("type");
  const type = typeText === null ? "All" : TYPES.find((known) => known === typeText);
  if (type === undefined) return "invalid &type= param";

  const formatText = query.get("format");
  const format = formatText === null ? "text" : FORMATS.find((known) => known === formatText);
  if (format === undefined) return "usage: /stats?format=(html|active-html|json|prometheus|text)\n\n";

  const bucketsText = query.get("histogram_buckets");
  const buckets = bucketsText === null ? "none" : BUCKETS.find((known) => known === bucketsText);
  if (buckets === undefined) {
    // Native histograms are a matter of the protobuf form of the exposition, which nobody has here.
    if (bucketsText !== "prometheusnative") {
      return "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary|prometheusnative)\n";
    }
    return format === "prometheus"
      ? "unsupported prometheusnative histogram type when not using protobuf exposition format"
      : "Invalid histogram_buckets type for non prometheus stats type";
  }
  return {
    usedOnly: query.has("usedonly"),
    wants: filter === "" ? () => true : (name) => matches(name) !== invert,
    type,
    format,
    buckets,
    textReadouts: query.has("text_readouts"),
    filter,
  };
}

/** Finds an RE2 expression anywhere in a name; or the text of a 400. */
export function compileFilter(filter: string): ((name: string) => boolean) | string {
  if (filter === "") return () => true;
  try {
    const pattern = RE2JS.compile(filter);
    return (name) => pattern.matcher(name).find();
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return `Invalid re2 regex: ${regexProblem(error)}`;
  }
}

/** RE2's own wording of what `re2js` says as Go does. */
const RE2_WORDS: Readonly<Record<string, string>> = {
  "missing closing )": "missing )",
  "missing closing ]": "missing ]",
  "missing argument to repetition operator": "no argument for repetition operator",
  "invalid repeat count": "invalid repetition size",
  "trailing backslash at end of expression": "trailing \\",
  "invalid nested repetition operator": "bad repetition operator",
  "invalid named capture": "invalid named capture group",
};

function re2Words(description: string): string {
  return RE2_WORDS[description] ?? description;
}

/** What is wrong with a regular expression, in RE2's words. */
export function regexProblem(error: RE2JSSyntaxException): string {
  return `${re2Words(error.getDescription())}: ${error.getPattern() ?? ""}`;
}

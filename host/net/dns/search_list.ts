/** The search list of resolv.conf(5): which full names a short name may stand for, in the order to try. */

import { readFileSync } from "node:fs";

export interface SearchRules {
  readonly domains: readonly string[];
  /** A name with at least so many dots is tried as it stands first. */
  readonly ndots: number;
}

const NDOTS_DEFAULT = 1;
/** As in resolv.conf(5). */
const NDOTS_MAX = 15;

export const NO_SEARCH: SearchRules = { domains: [], ndots: NDOTS_DEFAULT };

export function readSearchRules(path: string): SearchRules {
  try {
    return parseSearchRules(readFileSync(path, "utf8"));
  } catch {
    return NO_SEARCH;
  }
}

/** `domain` and `search` overrule each other, the last one counts. */
export function parseSearchRules(text: string): SearchRules {
  let domains: readonly string[] = [];
  let ndots = NDOTS_DEFAULT;
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, "")
      .split(/\s+/)
      .filter((word) => word !== "");
    if (keyword === "search") domains = words;
    else if (keyword === "domain") domains = words.slice(0, 1);
    else if (keyword === "options") {
      const asked = words.map((word) => /^ndots:(\d+)$/.exec(word)?.[1]).findLast((digits) => digits !== undefined);
      if (asked !== undefined) ndots = Math.min(Number(asked), NDOTS_MAX);
    }
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, "")).filter((domain) => domain !== ""), ndots };
}

/** Full names for a name, best first. A name that ends in a dot stands for itself. */
export function candidateNames(name: string, rules: SearchRules): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const found = rules.domains.map((domain) => `${name}.${domain}`);
  const dots = name.split(".").length - 1;
  return dots >= rules.ndots ? [name, ...found] : [...found, name];
}

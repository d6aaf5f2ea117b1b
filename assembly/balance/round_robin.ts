// ROUND_ROBIN among hosts of equal weight: one after the other, from a random start.

import { hostOf, Source } from "./hosts";

/** The source has at least one host. */
export function roundRobinPick(source: Source): u32 {
  return hostOf(source, source.next++ % source.count);
}

// RANDOM: every host of the source with the same chance, whatever its weight, as in Envoy.

import { randomBelow } from "../bytes/random";
import { hostOf, Source } from "./hosts";

/** The source has at least one host. */
export function randomPick(source: Source): u32 {
  return hostOf(source, randomBelow(source.count));
}

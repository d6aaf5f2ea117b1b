// LEAST_REQUEST among hosts of equal weight: the one with the fewest active requests, among a few drawn at random (two
// are enough to keep the longest queue short: Mitzenmacher 2001) or among all.

import { randomBelow } from "../bytes/random";
import { activeOf, Balancer, hostOf, Source } from "./hosts";

/** `choiceCount` draws, which may hit the same host twice; the earlier draw wins a tie. The source has at least one host. */
export function leastRequestPick(balancer: Balancer, source: Source): u32 {
  const count = source.count;
  let best = hostOf(source, randomBelow(count));
  let least = activeOf(balancer, best);
  for (let i: u32 = 1; i < balancer.choiceCount; i++) {
    const host = hostOf(source, randomBelow(count));
    const active = activeOf(balancer, host);
    if (active < least) {
      best = host;
      least = active;
    }
  }
  return best;
}

/** All hosts are compared; of those that tie, each is picked with the same chance. The source has at least one host. */
export function leastRequestScan(balancer: Balancer, source: Source): u32 {
  let best = hostOf(source, 0);
  let least = activeOf(balancer, best);
  let ties: u32 = 1;
  for (let i: u32 = 1; i < source.count; i++) {
    const host = hostOf(source, i);
    const active = activeOf(balancer, host);
    if (active < least) {
      best = host;
      least = active;
      ties = 1;
    } else if (active == least && randomBelow(++ties) == 0) {
      best = host;
    }
  }
  return best;
}

// What a host weighs in the schedule when it is entered.

import { activeOf, Balancer, POLICY_LEAST_REQUEST, POLICY_LEAST_REQUEST_FULL_SCAN, weightOf } from "./hosts";

/**
 * ROUND_ROBIN: the host's weight. LEAST_REQUEST: the weight divided by the requests that are active on it, itself counted
 * (Envoy's `active_request_bias` of 1), so that busy hosts come back later. Never zero: the host writes weights of 1 and more.
 */
export function scheduleWeight(balancer: Balancer, host: u32): f64 {
  const weight = <f64>weightOf(balancer, host);
  if (balancer.policy != POLICY_LEAST_REQUEST && balancer.policy != POLICY_LEAST_REQUEST_FULL_SCAN) return weight;
  return weight / (<f64>max(activeOf(balancer, host), 0) + 1);
}

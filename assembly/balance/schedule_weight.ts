// What a host weighs in the schedule when it is entered.

import { activeOf, Balancer, POLICY_LEAST_REQUEST, POLICY_LEAST_REQUEST_FULL_SCAN, weightOf } from "./hosts";

/**
 * ROUND_ROBIN: the host's weight. LEAST_REQUEST: the weight divided by the requests that are active on it, this one counted,
 * to the power of `active_request_bias`, so that busy hosts come back later; a bias of 0 is ROUND_ROBIN. Never zero: the host writes weights of 1 and more.
 */
export function scheduleWeight(balancer: Balancer, host: u32): f64 {
  const weight = <f64>weightOf(balancer, host);
  if (balancer.policy != POLICY_LEAST_REQUEST && balancer.policy != POLICY_LEAST_REQUEST_FULL_SCAN) return weight;
  const active = <f64>max(activeOf(balancer, host), 0) + 1;
  if (balancer.bias == 1) return weight / active;
  if (balancer.bias == 0) return weight;
  return weight / NativeMath.pow(active, balancer.bias);
}

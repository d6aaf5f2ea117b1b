/** Endpoints: weights that fit into 32 bits. */
import type { ClusterLoadAssignment } from "../types/endpoint.ts";
import { rule } from "./rule.ts";

const UINT32_MAX = 2 ** 32 - 1;

export const endpointRules = [
  rule<ClusterLoadAssignment>("envoy.config.endpoint.v3.ClusterLoadAssignment", ({ endpoints = [] }, at) => {
    const byPriority = new Map<number, number>();
    for (const [index, locality] of endpoints.entries()) {
      const place = at.element("endpoints", endpoints, index);
      const hosts = (locality.lb_endpoints ?? []).reduce(
        (sum, { load_balancing_weight: weight = 1 }) => sum + weight,
        0,
      );
      if (hosts > UINT32_MAX) place.fail(`the sum of weights of all hosts of a locality exceeds ${UINT32_MAX}`);
      const priority = locality.priority ?? 0;
      const sum = (byPriority.get(priority) ?? 0) + (locality.load_balancing_weight ?? 0);
      if (sum > UINT32_MAX) place.fail(`the sum of weights of all localities of a priority exceeds ${UINT32_MAX}`);
      byPriority.set(priority, sum);
    }
  }),
];

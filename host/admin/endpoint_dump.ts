/** The endpoints part of /config_dump: a cluster's hosts as they are now, as envoy.config.endpoint.v3.ClusterLoadAssignment. */

import type { Json, JsonObject } from "../config/types/core.ts";
import type { ClusterLoadAssignment, LocalityLbEndpoints } from "../config/types/endpoint.ts";
import { addressOf, type HostDescription } from "../upstream/host.ts";
import type { AdminCluster } from "./context.ts";
import { addressJson } from "./routes/listeners.ts";

/** Percent of a priority's hosts, EDS's default. */
const OVERPROVISIONING_FACTOR = 140;

/** Hosts by priority and locality, each group in the order in which its first host came. */
export function endpointsJson(cluster: AdminCluster, assignment: ClusterLoadAssignment | undefined): JsonObject {
  const groups = new Map<string, { first: HostDescription; hosts: Json[] }>();
  for (const host of cluster.hosts) {
    const key = groupKey(host);
    const group = groups.get(key) ?? { first: host, hosts: [] };
    group.hosts.push(hostJson(host));
    groups.set(key, group);
  }
  const weights = new Map((assignment?.endpoints ?? []).map((group) => [groupKey(group), group.load_balancing_weight]));
  return {
    "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    cluster_name: cluster.name,
    endpoints: [...groups].map(([key, { first, hosts }]) => ({
      locality: { ...first.locality },
      lb_endpoints: hosts,
      load_balancing_weight: weights.get(key) ?? 0,
      ...(first.priority === 0 ? {} : { priority: first.priority }),
    })),
    policy: { overprovisioning_factor: assignment?.policy?.overprovisioning_factor ?? OVERPROVISIONING_FACTOR },
  };
}

function groupKey({ priority = 0, locality = {} }: Pick<LocalityLbEndpoints, "priority" | "locality">): string {
  return JSON.stringify([priority, locality.region, locality.zone, locality.sub_zone]);
}

function hostJson({ address, hostname, healthStatus, metadata, weight }: HostDescription): JsonObject {
  return {
    endpoint: {
      address: addressJson(addressOf(address)) as JsonObject,
      health_check_config: {},
      ...(hostname === "" ? {} : { hostname }),
    },
    health_status: healthStatus === "UNKNOWN" ? "HEALTHY" : healthStatus,
    ...(metadata === undefined ? {} : { metadata: { filter_metadata: metadata } }),
    load_balancing_weight: weight,
  };
}

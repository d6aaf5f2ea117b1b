/** How a cluster finds its hosts: config.cluster.v3.Cluster has two spellings for it, `type` and, since Envoy 1.40, `cluster_type`. */

import type { Cluster } from "./types/cluster.ts";

export type DiscoveryKind = "static" | "strict_dns" | "logical_dns";

export function discoveryKind({ type, cluster_type: typed }: Cluster): DiscoveryKind {
  if (typed?.typed_config !== undefined) {
    return typed.typed_config.all_addresses_in_single_endpoint ? "logical_dns" : "strict_dns";
  }
  if (type === "STRICT_DNS") return "strict_dns";
  if (type === "LOGICAL_DNS") return "logical_dns";
  return "static";
}

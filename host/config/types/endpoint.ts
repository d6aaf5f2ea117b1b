/** envoy.config.endpoint.v3 as far as we read it. */
import type { Address, Locality, Metadata } from "./core.ts";

export interface ClusterLoadAssignment {
  readonly cluster_name: string;
  readonly endpoints?: readonly LocalityLbEndpoints[];
  readonly policy?: {
    /** Percent; absent: 140. */
    readonly overprovisioning_factor?: number;
    readonly weighted_priority_health?: boolean;
  };
}

export interface LocalityLbEndpoints {
  readonly locality?: Locality;
  readonly lb_endpoints?: readonly LbEndpoint[];
  readonly load_balancing_weight?: number;
  readonly priority?: number;
}

export interface LbEndpoint {
  readonly endpoint?: Endpoint;
  readonly health_status?: "UNKNOWN" | "HEALTHY" | "UNHEALTHY" | "DRAINING" | "TIMEOUT" | "DEGRADED";
  readonly load_balancing_weight?: number;
  readonly metadata?: Metadata;
}

export interface Endpoint {
  readonly address?: Address;
  readonly hostname?: string;
}

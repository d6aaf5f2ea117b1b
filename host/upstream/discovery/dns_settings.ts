/** How a cluster's names are resolved: the fields of config.cluster.v3.Cluster, or of Envoy 1.40's DnsCluster, with the defaults. */

import type { CaresDnsResolverConfig, Cluster, DnsCluster, RefreshRate } from "../../config/types/cluster.ts";
import type { Address } from "../../config/types/core.ts";
import type { DnsLookupFamily, DnsResolverOptions } from "../../net/dns/resolver.ts";

export interface DnsSettings {
  readonly family: DnsLookupFamily;
  readonly refreshMs: number;
  /** Base and maximum of the waits after failures; 0: no back-off is configured, and a failure waits like a success (Envoy). */
  readonly failureBaseMs: number;
  readonly failureMaxMs: number;
  readonly jitterMs: number;
  /** The records' time to live decides instead of `refreshMs`. */
  readonly respectsTtl: boolean;
  readonly resolver: DnsResolverOptions;
}

const REFRESH_MS = 5_000;
const DNS_PORT = 53;
const QUERY_TIMEOUT_MS = 5_000;
const QUERY_TRIES = 4;

export function dnsSettings(cluster: Cluster): DnsSettings {
  const typed = cluster.cluster_type?.typed_config;
  const refreshMs = typed?.dns_refresh_rate ?? cluster.dns_refresh_rate ?? REFRESH_MS;
  const failure: RefreshRate | undefined = typed?.dns_failure_refresh_rate ?? cluster.dns_failure_refresh_rate;
  const failureBaseMs = failure?.base_interval ?? 0;
  return {
    family: lookupFamily(typed?.dns_lookup_family ?? cluster.dns_lookup_family),
    refreshMs,
    failureBaseMs,
    failureMaxMs: failure?.max_interval ?? failureBaseMs * 10,
    jitterMs: typed?.dns_jitter ?? cluster.dns_jitter ?? 0,
    respectsTtl: typed?.respect_dns_ttl ?? cluster.respect_dns_ttl ?? false,
    resolver: resolverOptions(
      cluster,
      (typed?.typed_dns_resolver_config ?? cluster.typed_dns_resolver_config)?.typed_config,
    ),
  };
}

function lookupFamily(family: DnsCluster["dns_lookup_family"]): DnsLookupFamily {
  return family === undefined || family === "UNSPECIFIED" ? "AUTO" : family;
}

function resolverOptions(cluster: Cluster, cares: CaresDnsResolverConfig | undefined): DnsResolverOptions {
  // The newest spelling that is there counts alone.
  const config = cares ?? cluster.dns_resolution_config;
  const resolvers = config === undefined ? cluster.dns_resolvers : config.resolvers;
  return {
    servers: (resolvers ?? []).map(serverText),
    timeoutMs: Number(cares?.query_timeout_seconds ?? QUERY_TIMEOUT_MS / 1000) * 1000,
    tries: cares?.query_tries ?? QUERY_TRIES,
    usesSearchList: config?.dns_resolver_options?.no_default_search_domain !== true,
  };
}

function serverText({ socket_address: socket }: Address): string {
  const ip = socket?.address ?? "";
  const port = socket?.port_value || DNS_PORT;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

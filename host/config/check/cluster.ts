/** Clusters: names that differ, types that fit their endpoints, one balancing policy. */
import { discoveryKind } from "../discovery_kind.ts";
import type { Bootstrap } from "../types/bootstrap.ts";
import type { Cluster } from "../types/cluster.ts";
import type { Address } from "../types/core.ts";
import type { ClusterLoadAssignment } from "../types/endpoint.ts";
import { addressReason, ipReason } from "./address.ts";
import { type At, rule } from "./rule.ts";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export const clusterRules = [
  rule<Bootstrap>("envoy.config.bootstrap.v3.Bootstrap", checkLocalCluster),
  rule<{ clusters?: readonly Cluster[] }>(
    "envoy.config.bootstrap.v3.Bootstrap.StaticResources",
    ({ clusters = [] }, at) => {
      const names = new Set<string>();
      for (const [index, { name }] of clusters.entries()) {
        if (names.has(name)) at.element("clusters", clusters, index).failField("name", `duplicate cluster ${name}`);
        names.add(name);
      }
    },
  ),
  rule<Cluster>("envoy.config.cluster.v3.Cluster", (cluster, at, { bootstrap }) => {
    checkDiscovery(cluster, at);
    checkBalancing(cluster, at);
    checkLocalities(cluster, at, bootstrap);
    checkProtocolOptions(cluster, at);
    checkResolvers(cluster, at);
  }),
];

function checkLocalCluster(bootstrap: Bootstrap, at: At): void {
  const name = bootstrap.cluster_manager?.local_cluster_name;
  if (name === undefined) return;
  const local = bootstrap.static_resources?.clusters?.find((cluster) => cluster.name === name);
  if (local === undefined) at.failField("cluster_manager", `the local cluster ${name} must be defined`);
  // Envoy looks at the priorities of a LOGICAL_DNS cluster as little.
  if (local?.type !== "LOGICAL_DNS" && local?.load_assignment?.endpoints?.some(({ priority = 0 }) => priority > 0)) {
    at.failField("cluster_manager", `the local cluster ${name} must have no priority but 0`);
  }
}

/** How a cluster finds its hosts; `cluster_type` is 1.40's spelling of the two DNS types. */
function checkDiscovery(cluster: Cluster, at: At): void {
  const typed = cluster.cluster_type;
  if (typed !== undefined && typed.typed_config === undefined) {
    at.failField("cluster_type", `the cluster type ${typed.name} without a typed_config is not supported yet`);
    return;
  }
  const kind = discoveryKind(cluster);
  const localities = cluster.load_assignment?.endpoints ?? [];
  const hosts = localities.flatMap(({ lb_endpoints = [] }) => lb_endpoints);
  if (kind === "logical_dns" && (localities.length !== 1 || hosts.length !== 1)) {
    const name = cluster.type === "LOGICAL_DNS" ? "a LOGICAL_DNS cluster" : "a DNS cluster with a single endpoint";
    at.failField("load_assignment", `${name} must have one locality with one endpoint`);
  }
  if (cluster.load_assignment !== undefined) checkAddresses(cluster.load_assignment, kind !== "static", at);
}

function checkAddresses(assignment: ClusterLoadAssignment, isDns: boolean, at: At): void {
  for (const { lb_endpoints: hosts = [] } of assignment.endpoints ?? []) {
    for (const { endpoint } of hosts) {
      const address = endpoint?.address;
      // Envoy's DNS clusters take an endpoint without a name to look up, and never find a host for it.
      const reason = isDns ? dnsReason(address) : addressReason(address);
      if (reason !== undefined) at.failField("load_assignment", reason);
    }
  }
}

function dnsReason(address: Address | undefined): string | undefined {
  return address?.socket_address === undefined
    ? "an endpoint without a socket address is not supported yet"
    : undefined;
}

function checkBalancing(cluster: Cluster, at: At): void {
  const policies = cluster.load_balancing_policy?.policies;
  const usable = policies?.some(({ typed_extension_config }) => typed_extension_config !== undefined) ?? false;
  if (cluster.load_balancing_policy !== undefined && !usable) {
    at.failField("load_balancing_policy", "no balancing policy is given");
  }
  if (cluster.lb_policy === "LOAD_BALANCING_POLICY_CONFIG" && policies === undefined) {
    at.failField("lb_policy", "the field load_balancing_policy needs to be set");
  }
}

/** Choosing a locality first is the same as choosing a host at once where there is one locality to choose from. */
function checkLocalities(cluster: Cluster, at: At, bootstrap: Bootstrap): void {
  const config = cluster.load_balancing_policy?.policies?.[0]?.typed_extension_config?.typed_config?.locality_lb_config;
  if (config?.zone_aware_lb_config !== undefined && bootstrap.cluster_manager?.local_cluster_name !== undefined) {
    at.failField("load_balancing_policy", "zone aware routing is not supported yet");
  }
  if (config?.locality_weighted_lb_config === undefined) return;
  const priorities = new Set<number>();
  for (const { priority = 0, lb_endpoints: hosts = [] } of cluster.load_assignment?.endpoints ?? []) {
    if (hosts.length === 0) continue;
    if (priorities.has(priority)) {
      at.failField("load_balancing_policy", "weighted balancing over several localities is not supported yet");
      return;
    }
    priorities.add(priority);
  }
}

function checkProtocolOptions(cluster: Cluster, at: At): void {
  const options = cluster.typed_extension_protocol_options ?? {};
  for (const [name, value] of Object.entries(options)) {
    const place = at.element("typed_extension_protocol_options", options, name);
    if (name !== HTTP_OPTIONS) place.fail(`protocol options ${name} are not supported yet`);
    else if (value?.["@type"] !== HTTP_OPTIONS) place.fail(`must be a ${HTTP_OPTIONS}`);
  }
  const common = options[HTTP_OPTIONS]?.common_http_protocol_options ?? cluster.common_http_protocol_options;
  if (cluster.max_requests_per_connection !== undefined && common?.max_requests_per_connection !== undefined) {
    at.failField("max_requests_per_connection", "set both here and in the HTTP protocol options; only one is allowed");
  }
}

function checkResolvers(cluster: Cluster, at: At): void {
  const typed = cluster.cluster_type?.typed_config;
  for (const [field, rate] of [
    ["dns_failure_refresh_rate", cluster.dns_failure_refresh_rate],
    ["cluster_type", typed?.dns_failure_refresh_rate],
  ] as const) {
    if (rate?.max_interval !== undefined && rate.max_interval < rate.base_interval) {
      at.failField(field, "max_interval must not be less than base_interval");
    }
  }
  // Envoy looks at the resolvers of a cluster only when it resolves.
  if (discoveryKind(cluster) === "static") return;
  // Of the spellings that are there the newest counts alone.
  const spellings = [
    ["cluster_type", typed?.typed_dns_resolver_config?.typed_config?.resolvers],
    ["typed_dns_resolver_config", cluster.typed_dns_resolver_config?.typed_config?.resolvers],
    ["dns_resolution_config", cluster.dns_resolution_config?.resolvers],
    ["dns_resolvers", cluster.dns_resolvers],
  ] as const;
  const [field, resolvers = []] = spellings.find(([, list]) => list !== undefined) ?? ["dns_resolvers"];
  for (const { socket_address: socket } of resolvers) {
    const reason =
      socket === undefined ? "a resolver without a socket address is not supported yet" : ipReason(socket.address);
    if (reason !== undefined) at.failField(field, reason);
  }
}

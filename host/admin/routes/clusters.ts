/** /clusters: hosts with their health and numbers, and the limits of the circuit breakers. */

import type { Locality } from "../../config/types/core.ts";
import type { StatReader } from "../../stats/reader.ts";
import { sanitizeStatName } from "../../stats/scope.ts";
import type { BreakerLimits } from "../../upstream/circuit_breakers.ts";
import {
  addressOf,
  addressText,
  type HostDescription,
  healthFlags,
  hostStatName,
  isCanary,
} from "../../upstream/host.ts";
import type { AdminCluster, AdminContext } from "../context.ts";
import { type AdminRoute, json, text } from "../request.ts";
import { compileFilter } from "../stats/params.ts";
import { addressJson } from "./listeners.ts";

export const clusters: AdminRoute<AdminContext> = {
  path: "/clusters",
  help: "upstream cluster status",
  changes: false,
  params: [{ name: "filter", help: "Regular expression (Google re2) for filtering clusters by name" }],
  async handle(context, { query }) {
    const matches = compileFilter(query.get("filter") ?? "");
    if (typeof matches === "string") return text("Invalid re2 regex", 400);
    await context.syncStats();
    const shown = context.clusters().filter(({ name }) => matches(name));
    if (query.get("format") !== "json")
      return text(shown.map((cluster) => clusterText(cluster, context.stats)).join(""));
    return json(
      shown.length === 0 ? {} : { cluster_statuses: shown.map((cluster) => clusterJson(cluster, context.stats)) },
    );
  },
};

const GAUGES = ["cx_active", "rq_active", "rq_pending_active"];
const COUNTERS = ["cx_connect_fail", "cx_total", "rq_error", "rq_success", "rq_timeout", "rq_total"];

/** The values of one host, by the names that host/upstream/host.ts gives them. */
function hostValue(stats: StatReader, cluster: AdminCluster, host: HostDescription, name: string): number {
  const prefix = `cluster.${sanitizeStatName(cluster.observabilityName)}`;
  return stats.value(`${prefix}.${sanitizeStatName(hostStatName(host))}.${name}`, "host");
}

function clusterText(cluster: AdminCluster, stats: StatReader): string {
  const lines = [
    `observability_name::${cluster.observabilityName}`,
    ...limitLines("default_priority", cluster.limits[0]),
    ...limitLines("high_priority", cluster.limits[1]),
    `added_via_api::${cluster.addedViaApi}`,
    ...cluster.hosts.flatMap((host) => hostLines(cluster, host, stats)),
  ];
  return lines.map((line) => `${cluster.name}::${line}\n`).join("");
}

function limitLines(priority: string, limits: BreakerLimits): string[] {
  return [
    `${priority}::max_connections::${limits.connections}`,
    `${priority}::max_pending_requests::${limits.pending}`,
    `${priority}::max_requests::${limits.requests}`,
    `${priority}::max_retries::${limits.retries}`,
  ];
}

function hostLines(cluster: AdminCluster, host: HostDescription, stats: StatReader): string[] {
  const { region = "", zone = "", sub_zone = "" } = host.locality;
  const lines = [
    ...[...GAUGES, ...COUNTERS].sort().map((name) => `${name}::${hostValue(stats, cluster, host, name)}`),
    `hostname::${host.hostname}`,
    `health_flags::${healthFlags(host.healthStatus)}`,
    `weight::${host.weight}`,
    `region::${region}`,
    `zone::${zone}`,
    `sub_zone::${sub_zone}`,
    `canary::${isCanary(host)}`,
    `priority::${host.priority}`,
    "success_rate::-1",
    "local_origin_success_rate::-1",
  ];
  const address = addressText(host.address);
  return lines.map((line) => `${address}::${line}`);
}

function clusterJson(cluster: AdminCluster, stats: StatReader): object {
  const hosts = cluster.hosts.map((host) => hostJson(cluster, host, stats));
  return {
    name: cluster.name,
    ...(cluster.addedViaApi ? { added_via_api: true } : {}),
    ...(hosts.length === 0 ? {} : { host_statuses: hosts }),
    circuit_breakers: {
      thresholds: [limitsJson(cluster.limits[0]), { priority: "HIGH", ...limitsJson(cluster.limits[1]) }],
    },
    observability_name: cluster.observabilityName,
  };
}

function limitsJson(limits: BreakerLimits): object {
  return {
    max_connections: limits.connections,
    max_pending_requests: limits.pending,
    max_requests: limits.requests,
    max_retries: limits.retries,
  };
}

function hostJson(cluster: AdminCluster, host: HostDescription, stats: StatReader): object {
  const metric = (name: string, type?: "GAUGE") => {
    const value = hostValue(stats, cluster, host, name);
    return { ...(type === undefined ? {} : { type }), ...(value === 0 ? {} : { value: String(value) }), name };
  };
  return {
    address: addressJson(addressOf(host.address)),
    stats: [...COUNTERS.map((name) => metric(name)), ...GAUGES.map((name) => metric(name, "GAUGE"))],
    health_status: healthJson(host),
    weight: host.weight,
    ...(host.hostname === "" ? {} : { hostname: host.hostname }),
    ...(host.priority === 0 ? {} : { priority: host.priority }),
    locality: localityJson(host.locality),
  };
}

function healthJson({ healthStatus }: HostDescription): object {
  return { eds_health_status: healthStatus === "UNKNOWN" ? "HEALTHY" : healthStatus };
}

function localityJson({ region, zone, sub_zone }: Locality): object {
  return { ...(region ? { region } : {}), ...(zone ? { zone } : {}), ...(sub_zone ? { sub_zone } : {}) };
}

/** Answers an `ExplainQuery` in a worker: what was decided about a request, or what would be. */

import type { RouteExplanation, RouteTable } from "../route/route_entry.ts";
import { RESPONSE_FLAGS } from "../stream_info/response_flags.ts";
import type { Cluster } from "../upstream/cluster.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import {
  HEADER_AUTHORITY,
  HEADER_METHOD,
  HEADER_PATH,
  HEADER_SCHEME,
  HEADER_X_ENVOY_ORIGINAL_PATH,
} from "../wasm/layout.gen.ts";
import type { WorkerParts } from "./parts.ts";
import type { ExplainQuery, Explanation } from "./query.ts";
import type { StreamRecord } from "./ring.ts";

/** Null: this worker knows nothing of it. */
export function explain(query: ExplainQuery, parts: WorkerParts): Explanation | null {
  return query.kind === "id" ? explainPast(query.requestId, parts) : explainImagined(query, parts);
}

// --- a request that is over --------------------------------------------------------------------------------------------

function explainPast(requestId: string, parts: WorkerParts): Explanation | null {
  const record = parts.ring.find(requestId, parts.clusters);
  if (record === null || record.connection === null) return null;
  const { connection, requestHeaders: headers } = record;
  const path = headers.getId(HEADER_X_ENVOY_ORIGINAL_PATH) ?? headers.getId(HEADER_PATH) ?? "";
  const request = {
    method: headers.getId(HEADER_METHOD) ?? "",
    authority: headers.getId(HEADER_AUTHORITY) ?? "",
    path,
  };
  const routes = record.manager?.routes;
  // A table that is not in force any more has given its memory back.
  const isInForce = routes !== undefined && parts.routeTables().some((table) => table.routes === routes);
  const routing = isInForce ? routingOf(routes, headers, path) : null;
  const sentences = [
    `${request.method} ${request.authority}${request.path} came ${record.remote === "" ? "" : `from ${record.remote} `}to listener '${connection.listenerName}', connection ${connection.id}, at ${new Date(parts.wallAt(record.startMs)).toISOString()}.`,
    ...(routing === null
      ? ["The routes that it met were replaced since: why it took its route can no longer be said."]
      : routeSentences(routing, request.authority)),
    ...targetSentences(record.clusterName, record.cluster, record.hostAddress),
    ...timeSentences(record),
    ...answerSentences(record),
  ];
  return {
    facts: {
      request_id: requestId,
      worker: parts.index,
      state: "over",
      request: {
        ...request,
        headers: Object.fromEntries([...headers.entries()].filter(([name]) => !name.startsWith(":"))),
      },
      listener: connection.listenerName,
      filter_chain: connection.filterChainName,
      connection_id: connection.id,
      started: new Date(parts.wallAt(record.startMs)).toISOString(),
      ...(routing === null ? {} : routeFacts(routing)),
      chosen_route:
        record.route === null ? null : { name: record.route.name, index: record.route.index, kind: record.route.kind },
      cluster: record.clusterName || null,
      host: record.hostAddress || null,
      hosts: hostFacts(record.cluster),
      circuit_breakers: breakerFacts(record.cluster),
      attempts: record.attempts,
      times_ms: times(record),
      response: {
        status: record.status,
        details: record.details,
        flags: RESPONSE_FLAGS.filter((f) => (record.flags & f.bit) !== 0).map((f) => f.short),
        bytes_sent: record.bytesSent,
      },
      bytes_received: record.bytesReceived,
    },
    sentences,
  };
}

// --- a request that is not sent ----------------------------------------------------------------------------------------

function explainImagined(query: Extract<ExplainQuery, { kind: "imagined" }>, parts: WorkerParts): Explanation | null {
  const table = parts.routeTables().find((t) => query.listener === "" || t.listener === query.listener);
  if (table === undefined) {
    const reason =
      query.listener === ""
        ? "No listener has an HTTP connection manager."
        : `There is no listener '${query.listener}' with an HTTP connection manager.`;
    return { facts: { state: "imagined", error: reason }, sentences: [reason] };
  }
  const headers = new HeaderMap(parts.core);
  if (!headers.create()) return null;
  try {
    headers.addId(HEADER_METHOD, query.method);
    headers.addId(HEADER_PATH, query.path);
    headers.addId(HEADER_AUTHORITY, query.authority);
    headers.addId(HEADER_SCHEME, "http");
    for (const [name, value] of query.headers) headers.add(name.toLowerCase(), value);
    const routing = routingOf(table.routes, headers, query.path);
    const route = routing.tried.findLast(({ verdict }) => verdict === "match")?.route ?? null;
    const clusterName = route?.forward?.cluster ?? "";
    const cluster = parts.clusters.get(clusterName) ?? null;
    return {
      facts: {
        state: "imagined",
        request: {
          method: query.method,
          authority: query.authority,
          path: query.path,
          headers: Object.fromEntries(query.headers),
        },
        listener: table.listener,
        ...routeFacts(routing),
        chosen_route: route === null ? null : { name: route.name, index: route.index, kind: route.kind },
        cluster: clusterName || null,
        hosts: hostFacts(cluster),
        circuit_breakers: breakerFacts(cluster),
      },
      sentences: [
        `${query.method} ${query.authority}${query.path} would come to listener '${table.listener}'.`,
        ...routeSentences(routing, query.authority),
        ...(route?.directResponse === undefined
          ? []
          : [`The proxy would answer ${route.directResponse.status} itself.`]),
        ...(route?.redirect === undefined ? [] : [`The proxy would redirect with ${route.redirect.status}.`]),
        ...(clusterName === "" ? [] : targetSentences(clusterName, cluster, "")),
      ],
    };
  } finally {
    headers.release();
  }
}

// --- the parts of an answer --------------------------------------------------------------------------------------------

/** The verdicts on the head as it was routed: with the path that it came with. */
function routingOf(routes: RouteTable, headers: HeaderMap, path: string): RouteExplanation {
  const current = headers.getId(HEADER_PATH) ?? "";
  if (path !== current) headers.setId(HEADER_PATH, path);
  const explanation = routes.explain(headers.block);
  if (path !== current) headers.setId(HEADER_PATH, current);
  return explanation;
}

const REASONS = {
  path: "its path does not match",
  headers: "a header matcher does not hold",
  query: "a query parameter does not match",
  grpc: "it is for gRPC alone",
} as const;

function routeSentences({ virtualHost, tried }: RouteExplanation, authority: string): string[] {
  if (virtualHost === undefined) return [`No virtual host has a domain for '${authority}'.`];
  const sentences = [`Virtual host '${virtualHost}' has a domain for '${authority}'.`];
  for (const { route, verdict } of tried) {
    const name = `Route ${route.index}${route.name === "" ? "" : ` '${route.name}'`} (${route.rule})`;
    sentences.push(verdict === "match" ? `${name} matches.` : `${name} was tried and passed by: ${REASONS[verdict]}.`);
  }
  if (!tried.some(({ verdict }) => verdict === "match")) sentences.push("No route is left: the answer is 404.");
  return sentences;
}

function routeFacts({ virtualHost, tried }: RouteExplanation): object {
  return {
    virtual_host: virtualHost ?? null,
    routes_tried: tried.map(({ route, verdict }) => ({
      index: route.index,
      name: route.name,
      match: route.rule,
      verdict,
    })),
  };
}

function targetSentences(name: string, cluster: Cluster | null, host: string): string[] {
  if (name === "") return [];
  if (cluster === null) return [`Cluster '${name}' does not exist.`];
  const healthy = cluster.hosts.filter((h) => h.health === "healthy").length;
  const among = `Cluster '${name}' has ${cluster.hosts.length} ${cluster.hosts.length === 1 ? "host" : "hosts"}, ${healthy} of them healthy`;
  const policy = cluster.config.lb_policy ?? "ROUND_ROBIN";
  return [host === "" ? `${among}; ${policy} picks.` : `${among}; ${policy} picked ${host}.`];
}

function hostFacts(cluster: Cluster | null): object[] {
  return (cluster?.hosts ?? []).map((host) => ({
    address: host.addressText,
    health: host.health,
    weight: host.weight,
    priority: host.priority,
    active_requests: host.stats.rqActive.value,
  }));
}

function breakerFacts(cluster: Cluster | null): object | null {
  if (cluster === null) return null;
  const [normal, high] = cluster.breakers;
  const of = (set: typeof normal) => ({
    connections: { used: set.connections.used, open: set.connections.isOpen },
    pending: { used: set.pending.used, open: set.pending.isOpen },
    requests: { used: set.requests.used, open: set.requests.isOpen },
    retries: { used: set.retries.used, open: set.retries.isOpen },
  });
  return { default: of(normal), high: of(high) };
}

function times(record: StreamRecord): object {
  const since = (ms: number) => (ms < 0 ? null : Math.round((ms - record.startMs) * 1000) / 1000);
  return {
    request_received: since(record.requestEndMs),
    upstream_sent: since(record.upstreamFirstTxMs),
    upstream_answered: since(record.upstreamFirstRxMs),
    end: since(record.endMs),
  };
}

function timeSentences(record: StreamRecord): string[] {
  const ms = (from: number, to: number) => `${(to - from).toFixed(1)} ms`;
  if (record.upstreamFirstTxMs < 0) return [];
  const sent = `The request left for the upstream ${ms(record.startMs, record.upstreamFirstTxMs)} after it came`;
  if (record.upstreamFirstRxMs < 0) return [`${sent}, and no answer came.`];
  return [`${sent}; the answer began ${ms(record.upstreamFirstTxMs, record.upstreamFirstRxMs)} later.`];
}

function answerSentences(record: StreamRecord): string[] {
  const by = record.details === "via_upstream" ? "the upstream's" : "the proxy's own";
  const answer =
    record.status === 0
      ? `There was no answer (${record.details || "no details"}).`
      : `The answer was ${record.status}, ${by} (${record.details || "no details"}), after ${(record.endMs - record.startMs).toFixed(1)} ms in all.`;
  return [
    answer,
    ...RESPONSE_FLAGS.filter((f) => (record.flags & f.bit) !== 0).map((f) => `${f.short}: ${f.sentence}`),
  ];
}

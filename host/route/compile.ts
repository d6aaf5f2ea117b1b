/**
 * RouteConfiguration -> RouteTable: the match program in the config arena, and behind each index that it can return an
 * immutable RouteEntry.
 */

import type {
  HeaderMutations as MutationConfig,
  Route,
  RouteConfiguration,
  VirtualHost,
} from "../config/types/route.ts";
import type { ScopeLease } from "../stats/scope.ts";
import {
  PATH_CONNECT,
  PATH_EXACT,
  PATH_PREFIX,
  PATH_REGEX,
  PATH_SEPARATED_PREFIX,
  ROUTE_BYTES,
  ROUTE_GRPC,
  ROUTE_HEADERS,
  ROUTE_IGNORE_CASE,
  ROUTE_INDEX,
  ROUTE_LIST_BYTES,
  ROUTE_LIST_COUNT,
  ROUTE_LIST_ROUTES,
  ROUTE_PATH,
  ROUTE_QUERY,
  ROUTE_TEXT,
  ROUTE_TEXT_LENGTH,
  ROUTE_TOTAL_WEIGHT,
  ROUTE_WEIGHT_HEADER,
  ROUTE_WEIGHTED_FIRST,
  ROUTE_WEIGHTS,
  ROUTES_FLAGS,
  ROUTES_HEAD_BYTES,
  ROUTES_IGNORE_PATH_PARAMETERS,
  ROUTES_IGNORE_PORT,
  SCRATCH_START,
  VIRTUAL_HOST_BYTES,
  VIRTUAL_HOST_TREE,
} from "../wasm/layout.gen.ts";
import { compileForward } from "./action.ts";
import type { RouteContext } from "./context.ts";
import { type Domain, writeDomains } from "./domains.ts";
import { describeMatch, explainRoute, type HostRoutes } from "./explain.ts";
import { compileMutations, type MutationLevel } from "./header_mutation.ts";
import type { Direction } from "./joined_headers.ts";
import { writeMatchTree } from "./match_tree.ts";
import { writeHeaderList, writeHeaderName, writeQueryList } from "./matchers.ts";
import { resolveFilterConfigs } from "./per_filter_config.ts";
import { ProgramMemory } from "./program_memory.ts";
import { lowerAscii, ProgramWriter, utf8 } from "./program_writer.ts";
import { compileDirectResponse, compileRedirect } from "./redirect.ts";
import { writeRegex } from "./regex_writer.ts";
import { tlsEntry, tlsRoutes } from "./require_tls.ts";
import { bothRewrites, compileLiteralHost, compileRewrite } from "./rewrite.ts";
import type { RouteEntry, RouteTable, VirtualHostEntry } from "./route_entry.ts";
import { VirtualClusters } from "./virtual_cluster.ts";

/** Envoy's `max_direct_response_body_size_bytes` where none is set. */
const DEFAULT_MAX_DIRECT_RESPONSE_BYTES = 4096;

/**
 * Compiles a route table. The config has passed the config door; what only shows here (a file that is gone, an arena that is
 * full) throws, and nothing stays allocated then.
 */
export function compileRouteTable(config: RouteConfiguration, context: RouteContext): RouteTable {
  const memory = new ProgramMemory(context.arena);
  const compiler = new TableCompiler(config, context, memory);
  try {
    return compiler.compile();
  } catch (error) {
    compiler.release();
    memory.dispose();
    throw error;
  }
}

class TableCompiler {
  private readonly config: RouteConfiguration;
  private readonly context: RouteContext;
  private readonly memory: ProgramMemory;
  private readonly writer = new ProgramWriter();
  private readonly routes: RouteEntry[] = [];
  private readonly virtualHosts: VirtualHostEntry[] = [];
  private readonly leases: ScopeLease[] = [];
  /** By offset of the virtual host's record. */
  private readonly hostRoutes = new Map<number, HostRoutes>();
  /** Routes in the order in which they were written, and with them the entries of their weighted clusters. */
  private readonly weighted: { readonly at: number; readonly entries: readonly Omit<RouteEntry, "index">[] }[] = [];

  constructor(config: RouteConfiguration, context: RouteContext, memory: ProgramMemory) {
    this.config = config;
    this.context = context;
    this.memory = memory;
  }

  compile(): RouteTable {
    const { config, context, writer, memory } = this;
    const { core } = context;
    writer.reserve(ROUTES_HEAD_BYTES);
    writer.u32(
      ROUTES_FLAGS,
      (config.ignore_port_in_host_matching === true ? ROUTES_IGNORE_PORT : 0) |
        (config.ignore_path_parameters_in_path_matching === true ? ROUTES_IGNORE_PATH_PARAMETERS : 0),
    );
    const domains: Domain[] = [];
    for (const host of config.virtual_hosts ?? []) {
      const virtualHost = this.writeVirtualHost(host);
      for (const domain of host.domains) domains.push({ domain, virtualHost });
    }
    for (const { at, entries } of this.weighted) {
      writer.u32(at + ROUTE_WEIGHTED_FIRST, this.routes.length);
      for (const entry of entries) this.routes.push({ ...entry, index: this.routes.length });
    }
    writeDomains(writer, domains, this.hash);
    const program = memory.store(writer.finish());
    const { routeMatch } = core.exports;
    return {
      name: config.name ?? "",
      program,
      routes: this.routes,
      virtualHosts: this.virtualHosts,
      match: (block, random) => routeMatch(program, block, random),
      explain: (block) => explainRoute(core, program, this.hostRoutes, block),
      dispose: () => {
        memory.dispose();
        this.release();
      },
    };
  }

  /** Gives back the stats of virtual clusters. */
  release(): void {
    for (const lease of this.leases.splice(0)) lease.release();
  }

  /** The core's own hash: both sides must agree. */
  private readonly hash = (text: Uint8Array): number => {
    const { core } = this.context;
    core.bytes.set(text, SCRATCH_START);
    return core.exports.domainHash(SCRATCH_START, text.length);
  };

  /** @returns the offset of its record */
  private writeVirtualHost(host: VirtualHost): number {
    const { writer } = this;
    const entry: VirtualHostEntry = {
      name: host.name,
      includeRequestAttemptCount: host.include_request_attempt_count === true,
      includeAttemptCountInResponse: host.include_attempt_count_in_response === true,
      includeIsTimeoutRetry: host.include_is_timeout_retry_header === true,
      metadata: host.metadata?.filter_metadata,
      virtualClusters: VirtualClusters.compile(host, this.context.virtualHostScope, this.leases),
    };
    this.virtualHosts.push(entry);
    const record = writer.reserve(VIRTUAL_HOST_BYTES);
    this.writeRoutes(record, [...tlsRoutes(host), ...(host.routes ?? [])], host, entry);
    if (host.matcher !== undefined) {
      const tree = writeMatchTree(writer, host.matcher, this.hash, (routes) => {
        const list = writer.reserve(ROUTE_LIST_BYTES);
        this.writeRoutes(list, routes, host, entry);
        return list;
      });
      writer.u32(record + VIRTUAL_HOST_TREE, tree);
    }
    return record;
  }

  /** Writes the list of routes whose record is at `record`. */
  private writeRoutes(
    record: number,
    routes: readonly Route[],
    host: VirtualHost,
    virtualHost: VirtualHostEntry,
  ): void {
    const { writer } = this;
    const list = writer.reserve(routes.length * ROUTE_BYTES);
    writer.u32(record + ROUTE_LIST_COUNT, routes.length);
    writer.u32(record + ROUTE_LIST_ROUTES, list);
    const first = this.routes.length;
    routes.forEach((route, i) => {
      this.writeRoute(list + i * ROUTE_BYTES, route, host, virtualHost);
    });
    this.hostRoutes.set(record, { virtualHost, routes: this.routes.slice(first) });
  }

  private writeRoute(at: number, route: Route, host: VirtualHost, virtualHost: VirtualHostEntry): void {
    const { writer, context } = this;
    const { match } = route;
    this.writePath(at, match);
    writer.u32(
      at + ROUTE_HEADERS,
      writeHeaderList(writer, match.headers, (name) => context.core.headerId(name)),
    );
    writer.u32(at + ROUTE_QUERY, writeQueryList(writer, match.query_parameters));
    writer.u32(at + ROUTE_INDEX, this.routes.length);
    this.routes.push({ ...this.entry(route, host, virtualHost, undefined), index: this.routes.length });
    const clusters = route.route?.weighted_clusters?.clusters;
    if (clusters === undefined) return;
    const sums = writer.reserve(clusters.length * 4);
    let total = 0;
    clusters.forEach((cluster, i) => {
      total += cluster.weight ?? 0;
      writer.u32(sums + i * 4, total);
    });
    writer.u32(at + ROUTE_TOTAL_WEIGHT, total);
    writer.u32(at + ROUTE_WEIGHTS, sums);
    const header = route.route?.weighted_clusters?.header_name;
    if (header !== undefined && header !== "") writer.u32(at + ROUTE_WEIGHT_HEADER, writeHeaderName(writer, header));
    this.weighted.push({ at, entries: clusters.map((cluster) => this.entry(route, host, virtualHost, cluster)) });
  }

  private writePath(at: number, match: Route["match"]): void {
    const { writer } = this;
    const flags =
      (match.case_sensitive === false ? ROUTE_IGNORE_CASE : 0) | (match.grpc !== undefined ? ROUTE_GRPC : 0);
    if (match.safe_regex !== undefined) {
      writer.u32(at + ROUTE_PATH, PATH_REGEX | flags);
      writer.u32(at + ROUTE_TEXT, writeRegex(writer, match.safe_regex.regex));
      return;
    }
    const text = match.prefix ?? match.path ?? match.path_separated_prefix;
    if (text === undefined) {
      writer.u32(at + ROUTE_PATH, PATH_CONNECT | flags);
      return;
    }
    let kind = PATH_PREFIX;
    if (match.path !== undefined) kind = PATH_EXACT;
    else if (match.path_separated_prefix !== undefined) kind = PATH_SEPARATED_PREFIX;
    const bytes = utf8(match.case_sensitive === false ? lowerAscii(text) : text);
    writer.u32(at + ROUTE_PATH, kind | flags);
    writer.u32(at + ROUTE_TEXT, writer.text(bytes));
    writer.u32(at + ROUTE_TEXT_LENGTH, bytes.length);
  }

  /** The entry of a route, or of one of its weighted clusters. */
  private entry(
    route: Route,
    host: VirtualHost,
    virtualHost: VirtualHostEntry,
    cluster: WeightedCluster | undefined,
  ): Omit<RouteEntry, "index"> {
    const ofTls = tlsEntry(route, virtualHost);
    if (ofTls !== undefined) return ofTls;
    const { config, context, memory } = this;
    const isRedirect = route.redirect !== undefined;
    const isDirect = route.direct_response !== undefined;
    return {
      name: route.name ?? "",
      kind: isRedirect ? "redirect" : isDirect ? "direct_response" : "forward",
      virtualHost,
      metadata: route.metadata?.filter_metadata,
      rule: describeMatch(route.match),
      statPrefix: route.stat_prefix ?? "",
      requestMutations: this.mutations("request", route, host, cluster),
      responseMutations: this.mutations("response", route, host, cluster),
      ...resolveFilterConfigs(
        [
          config.typed_per_filter_config,
          host.typed_per_filter_config,
          route.typed_per_filter_config,
          cluster?.typed_per_filter_config,
        ],
        context,
      ),
      forward: isRedirect || isDirect ? undefined : this.forward(route, host, cluster),
      redirect: isRedirect ? compileRedirect(route, context, memory) : undefined,
      directResponse: isDirect
        ? compileDirectResponse(
            route,
            config.max_direct_response_body_size_bytes ?? DEFAULT_MAX_DIRECT_RESPONSE_BYTES,
            context,
          )
        : undefined,
    };
  }

  private forward(route: Route, host: VirtualHost, cluster: WeightedCluster | undefined) {
    const { context, memory } = this;
    const literal = cluster?.host_rewrite_literal;
    const own = literal === undefined || literal === "" ? undefined : compileLiteralHost(literal, context, memory);
    return compileForward(
      route,
      host,
      cluster?.name ?? route.route?.cluster ?? "",
      bothRewrites(own, compileRewrite(route, context, memory)),
    );
  }

  /** A weighted cluster comes first, always; then from the route outwards, or the other way round when the most specific shall win. */
  private mutations(direction: Direction, route: Route, host: VirtualHost, cluster: WeightedCluster | undefined) {
    const { config, context, memory } = this;
    const outwards: MutationConfig[] = [route, host, config];
    if (config.most_specific_header_mutations_wins === true) outwards.reverse();
    const levels = [...(cluster === undefined ? [] : [cluster]), ...outwards];
    return compileMutations(
      levels.map((level) => levelOf(level, direction)),
      direction,
      context,
      memory,
    );
  }
}

type WeightedCluster = NonNullable<NonNullable<Route["route"]>["weighted_clusters"]>["clusters"][number];

function levelOf(config: MutationConfig, direction: Direction): MutationLevel {
  return direction === "request"
    ? { add: config.request_headers_to_add, remove: config.request_headers_to_remove }
    : { add: config.response_headers_to_add, remove: config.response_headers_to_remove };
}

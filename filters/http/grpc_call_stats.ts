/** What is counted of the calls of gRPC to a cluster, `cluster.<name>.grpc.<service>.<method>.`; each name comes to be when it is first counted. */

import type { Counter, Histogram, Scope } from "../../host/stats/scope.ts";
import type { Cluster } from "../../host/upstream/cluster.ts";
import type { HeaderMap } from "../../host/wasm/header_view.ts";
import { HEADER_GRPC_STATUS } from "../../host/wasm/layout.gen.ts";

/** Methods of one cluster with stats of their own; calls of others are counted without a method. Clients choose the names. */
const METHODS_MAX = 1000;

/** Statuses of one method with a counter of their own. Upstreams choose them; gRPC has 17. */
const STATUSES_MAX = 32;

export interface GrpcCall {
  readonly service: string;
  readonly method: string;
}

/** The call that a path means, `/service/method`; null: none. */
export function callOf(path: string): GrpcCall | null {
  const [service, method, ...others] = (path.split("?", 1)[0] as string).split("/").filter((part) => part !== "");
  return service === undefined || method === undefined || others.length > 0 ? null : { service, method };
}

/** The calls that one filter counts. */
export class GrpcCallStats {
  private readonly protocol: "grpc" | "grpc-web";
  /** A cluster that leaves the config takes its stats along. */
  private readonly byCluster = new WeakMap<Cluster, Map<string, MethodStats>>();

  constructor(protocol: "grpc" | "grpc-web") {
    this.protocol = protocol;
  }

  /** @param call null: without service and method in the name */
  of(cluster: Cluster, call: GrpcCall | null): MethodStats {
    let methods = this.byCluster.get(cluster);
    if (methods === undefined) {
      methods = new Map();
      this.byCluster.set(cluster, methods);
    }
    const name = call === null ? "" : `.${call.service}.${call.method}`;
    let found = methods.get(name);
    if (found !== undefined) return found;
    if (name !== "" && methods.size >= METHODS_MAX) return this.of(cluster, null);
    found = new MethodStats(cluster.stats.scope.scope(this.protocol + name));
    methods.set(name, found);
    return found;
  }
}

export class MethodStats {
  private readonly scope: Scope;
  private readonly counters = new Map<string, Counter>();
  private readonly statuses = new Set<string>();
  private time: Histogram | null = null;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** Counts the end of a call, if these headers or trailers tell it. */
  ended(headers: HeaderMap): void {
    if (!headers.hasId(HEADER_GRPC_STATUS)) return;
    const status = headers.getId(HEADER_GRPC_STATUS) as string;
    if (this.statuses.has(status) || this.statuses.size < STATUSES_MAX) {
      this.statuses.add(status);
      this.counter(status).inc();
    }
    this.counter(status === "0" ? "success" : "failure").inc();
    this.counter("total").inc();
  }

  requestMessages(count: number): void {
    this.counter("request_message_count").add(count);
  }

  responseMessages(count: number): void {
    this.counter("response_message_count").add(count);
  }

  /** From the last byte to the upstream to the last one from it. */
  recordTime(ms: number): void {
    this.time ??= this.scope.histogram("upstream_rq_time", "milliseconds");
    this.time.record(ms);
  }

  private counter(name: string): Counter {
    let counter = this.counters.get(name);
    if (counter === undefined) {
      counter = this.scope.counter(name);
      this.counters.set(name, counter);
    }
    return counter;
  }
}

/**
 * Virtual clusters (config.route.v3.VirtualCluster): requests of a virtual host that are counted together, whatever cluster they go to.
 * Matched in JavaScript, for only hosts that name some pay for it.
 */

import { compileHeaderPredicate, type HeaderLookup } from "../access_log/header_predicate.ts";
import type { VirtualHost } from "../config/types/route.ts";
import type { Counter, Scope, ScopeLease } from "../stats/scope.ts";
import { AnswerStats } from "../upstream/cluster_stats.ts";
import type { HeaderMap } from "../wasm/header_view.ts";

const AT_ZERO = ["retry", "retry_limit_exceeded", "retry_overflow", "retry_success"];

/** Where requests are counted that no virtual cluster of their host takes. */
const OTHER = "other";

export class VirtualCluster {
  /** `%VIRTUAL_CLUSTER_NAME%`; empty for those that none takes. */
  readonly name: string;
  readonly rqTotal: Counter;
  readonly rqTimeout: Counter;
  private readonly answers: AnswerStats;

  constructor(name: string, scope: Scope) {
    this.name = name;
    this.rqTotal = scope.counter("upstream_rq_total");
    this.rqTimeout = scope.counter("upstream_rq_timeout");
    for (const stat of AT_ZERO) scope.counter(`upstream_rq_${stat}`);
    this.answers = new AnswerStats(scope);
  }

  answered(status: number): void {
    this.answers.completed();
    this.answers.count(status);
  }

  /** From the end of the request to the end of the answer. */
  recordTime(ms: number): void {
    this.answers.recordTime(ms);
  }
}

export class VirtualClusters {
  private readonly rows: readonly {
    readonly matches: (lookup: HeaderLookup) => boolean;
    readonly of: VirtualCluster;
  }[];
  private readonly other: VirtualCluster;

  private constructor(rows: VirtualClusters["rows"], other: VirtualCluster) {
    this.rows = rows;
    this.other = other;
  }

  /** Null for a host without any. What it leases in `scope` (`vhost.`) is added to `leases`. */
  static compile(host: VirtualHost, scope: Scope, leases: ScopeLease[]): VirtualClusters | null {
    const { virtual_clusters: clusters = [] } = host;
    if (clusters.length === 0) return null;
    const make = (name: string, shown: string) => {
      const lease = scope.scope(host.name).scope("vcluster").scope(name).lease();
      leases.push(lease);
      return new VirtualCluster(shown, lease.scope);
    };
    const rows = clusters.map(({ name, headers = [] }) => {
      const rules = headers.map(compileHeaderPredicate);
      return { matches: (lookup: HeaderLookup) => rules.every((rule) => rule(lookup)), of: make(name, name) };
    });
    return new VirtualClusters(rows, make(OTHER, ""));
  }

  /** The first one that takes the request. */
  pick(headers: HeaderMap): VirtualCluster {
    const lookup = (name: string) => headers.getAll(name);
    return this.rows.find(({ matches }) => matches(lookup))?.of ?? this.other;
  }
}

/** Stats of one router, `http.<stat_prefix>.`: Envoy keeps them beside those of the connection manager. */

import type { Counter, Scope } from "../../../host/stats/scope.ts";

/** Names that a dashboard expects to find although nothing counts them yet: internal redirects, load that is shed. */
const COUNTERS_AT_ZERO = [
  "passthrough_internal_redirect_bad_location",
  "passthrough_internal_redirect_no_route",
  "passthrough_internal_redirect_predicate",
  "passthrough_internal_redirect_too_many_redirects",
  "passthrough_internal_redirect_unsafe_scheme",
  "rq_overload_local_reply",
  "rq_redirect",
];

export class RouterStats {
  readonly directResponse: Counter;
  readonly noCluster: Counter;
  readonly noRoute: Counter;
  readonly resetAfterResponseStarted: Counter;
  readonly rqTotal: Counter;

  /** @param scope `http.<stat_prefix>.` */
  constructor(scope: Scope) {
    this.directResponse = scope.counter("rq_direct_response");
    this.noCluster = scope.counter("no_cluster");
    this.noRoute = scope.counter("no_route");
    this.resetAfterResponseStarted = scope.counter("rq_reset_after_downstream_response_started");
    this.rqTotal = scope.counter("rq_total");
    for (const name of COUNTERS_AT_ZERO) scope.counter(name);
  }
}

/** Values of one host, on the clusters page of the admin port. */

import type { Counter, Gauge, Scope } from "../stats/scope.ts";

export class HostStats {
  readonly cxActive: Gauge;
  readonly cxConnectFail: Counter;
  readonly cxTotal: Counter;
  readonly rqActive: Gauge;
  readonly rqError: Counter;
  readonly rqPendingActive: Gauge;
  readonly rqSuccess: Counter;
  readonly rqTimeout: Counter;
  readonly rqTotal: Counter;

  /** @param scope of this host, among the values of hosts */
  constructor(scope: Scope) {
    this.cxActive = scope.gauge("cx_active");
    this.cxConnectFail = scope.counter("cx_connect_fail");
    this.cxTotal = scope.counter("cx_total");
    this.rqActive = scope.gauge("rq_active");
    this.rqError = scope.counter("rq_error");
    this.rqPendingActive = scope.gauge("rq_pending_active");
    this.rqSuccess = scope.counter("rq_success");
    this.rqTimeout = scope.counter("rq_timeout");
    this.rqTotal = scope.counter("rq_total");
  }
}

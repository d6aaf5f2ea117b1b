/** `proxy_proto.[<prefix>.]`, and the one counter that Envoy has had from the start. */

import type { Counter, Scope } from "../../../host/stats/scope.ts";

export class VersionStats {
  readonly found: Counter;
  readonly disallowed: Counter;
  readonly error: Counter;

  constructor(scope: Scope) {
    this.found = scope.counter("found");
    this.disallowed = scope.counter("disallowed");
    this.error = scope.counter("error");
  }
}

export class ProxyProtocolStats {
  readonly error: Counter;
  readonly notFoundAllowed: Counter;
  readonly notFoundDisallowed: Counter;
  readonly v1: VersionStats;
  readonly v2: VersionStats;

  constructor(root: Scope, prefix: string) {
    this.error = root.counter("downstream_cx_proxy_proto_error");
    const own = root.scope("proxy_proto");
    const scope = prefix === "" ? own : own.scope(prefix);
    this.notFoundAllowed = scope.counter("not_found_allowed");
    this.notFoundDisallowed = scope.counter("not_found_disallowed");
    this.v1 = new VersionStats(scope.scope("versions").scope("v1"));
    this.v2 = new VersionStats(scope.scope("versions").scope("v2"));
  }
}

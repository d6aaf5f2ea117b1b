/** The timeouts of one request: the route's, as headers of the request change them (Envoy: router filter, "HTTP headers (consumed)"). */

import { formatGrpcTimeout, readGrpcTimeout } from "../../../host/http/grpc_timeout.ts";
import type { ForwardAction, GrpcTimeoutRule } from "../../../host/route/route_entry.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_GRPC_TIMEOUT,
  HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
  HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT,
  HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS,
  HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS,
} from "../../../host/wasm/layout.gen.ts";
import type { RouterConfig } from "./config.ts";

/** What the field shows at most: 49 days. */
const NUMBER_MAX = 0xffff_ffff;

/** In milliseconds, 0: no limit. */
export class RequestTimeouts {
  /** From the end of the request to the end of the answer, over all tries. */
  globalMs = 0;
  /** Of one try: from the end of the request, or from when it got its connection. */
  perTryMs = 0;
  /** Of one try, while nothing moves. */
  perTryIdleMs = 0;
  private isHedged = false;
  private tellsGrpc = false;

  /** Reads the route and the headers that steer it, and takes those away. */
  read(headers: HeaderMap, action: ForwardAction, isGrpc: boolean, config: RouterConfig): void {
    const ofGrpc =
      isGrpc && action.grpcTimeout !== null && !action.grpcTimeout.limitsStream ? action.grpcTimeout : null;
    let globalMs = ofGrpc === null ? action.timeoutMs : grpcTimeout(headers, ofGrpc);
    let isExpected = false;
    if (config.respectExpectedRqTimeout && headers.hasId(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS)) {
      const expected = milliseconds(headers.getId(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS));
      if (expected >= 0) {
        globalMs = expected;
        isExpected = true;
      }
    }
    if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS)) {
      const asked = milliseconds(headers.getId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS));
      if (asked >= 0 && !isExpected) globalMs = asked;
      headers.removeId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS);
    }
    let perTryMs = action.retry === null ? 0 : action.retry.perTryTimeoutMs;
    if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS)) {
      const asked = milliseconds(headers.getId(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS));
      if (asked >= 0) perTryMs = asked;
      headers.removeId(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS);
    }
    this.globalMs = globalMs;
    this.perTryMs = globalMs !== 0 && perTryMs >= globalMs ? 0 : perTryMs;
    this.perTryIdleMs = action.retry === null ? 0 : action.retry.perTryIdleTimeoutMs;
    // A hedged request goes on when its first try times out: the upstream may answer until the end.
    this.isHedged = headers.hasId(HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT);
    this.tellsGrpc = ofGrpc !== null;
  }

  /** Tells the upstream how long it has. @param elapsedMs since the end of the request */
  tell(headers: HeaderMap, elapsedMs: number, config: RouterConfig): void {
    const { globalMs } = this;
    let expectedMs = this.perTryMs > 0 && !this.isHedged ? this.perTryMs : globalMs;
    if (expectedMs === 0) return;
    // 0 would be no limit.
    if (globalMs > 0) expectedMs = Math.min(expectedMs, Math.max(globalMs - Math.trunc(elapsedMs), 1));
    if (!config.suppressEnvoyHeaders) {
      headers.setIdNumber(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS, Math.min(expectedMs, NUMBER_MAX));
    }
    if (this.tellsGrpc) headers.setId(HEADER_GRPC_TIMEOUT, formatGrpcTimeout(expectedMs));
  }
}

/** What the call says, less the offset, within what the route allows; 0 is no limit, also where the route allows it. */
function grpcTimeout(headers: HeaderMap, { maxMs, offsetMs }: GrpcTimeoutRule): number {
  const asked = Math.max(readGrpcTimeout(headers.getId(HEADER_GRPC_TIMEOUT)), 0);
  const timeoutMs = offsetMs < asked ? asked - offsetMs : asked;
  return maxMs > 0 && (timeoutMs === 0 || timeoutMs > maxMs) ? maxMs : timeoutMs;
}

function milliseconds(value: string | undefined): number {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : -1;
}

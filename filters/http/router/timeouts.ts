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

/**
 * Milliseconds from the end of the request to the end of the answer, 0: no limit. Consumes the headers that steer it, and
 * tells the upstream what to expect.
 */
export function requestTimeout(
  headers: HeaderMap,
  action: ForwardAction,
  isGrpc: boolean,
  config: RouterConfig,
): number {
  const ofGrpc = isGrpc && action.grpcTimeout !== null && !action.grpcTimeout.limitsStream ? action.grpcTimeout : null;
  let timeoutMs = ofGrpc === null ? action.timeoutMs : grpcTimeout(headers, ofGrpc);
  let isExpected = false;
  if (config.respectExpectedRqTimeout && headers.hasId(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS)) {
    const expected = milliseconds(headers.getId(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS));
    if (expected >= 0) {
      timeoutMs = expected;
      isExpected = true;
    }
  }
  if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS)) {
    const asked = milliseconds(headers.getId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS));
    if (asked >= 0 && !isExpected) timeoutMs = asked;
    headers.removeId(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS);
  }
  let perTryMs = 0;
  if (headers.hasId(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS)) {
    perTryMs = Math.max(milliseconds(headers.getId(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS)), 0);
    headers.removeId(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS);
    if (timeoutMs !== 0 && perTryMs >= timeoutMs) perTryMs = 0;
  }
  // A hedged request goes on when its first try times out: the upstream may answer until the end.
  const isHedged = headers.hasId(HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT);
  const expectedMs = perTryMs > 0 && !isHedged ? perTryMs : timeoutMs;
  if (expectedMs > 0 && !config.suppressEnvoyHeaders) {
    headers.setIdNumber(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS, Math.min(expectedMs, NUMBER_MAX));
  }
  if (expectedMs > 0 && ofGrpc !== null) headers.setId(HEADER_GRPC_TIMEOUT, formatGrpcTimeout(expectedMs));
  // Without retries the first try is the only one, so its limit is the request's.
  return expectedMs;
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

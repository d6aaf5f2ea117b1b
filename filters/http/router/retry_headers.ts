/** The request headers that steer retries (Envoy: router filter, "HTTP headers (consumed)"): the upstream does not see them. */

import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT,
  HEADER_X_ENVOY_MAX_RETRIES,
  HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES,
  HEADER_X_ENVOY_RETRIABLE_STATUS_CODES,
  HEADER_X_ENVOY_RETRY_GRPC_ON,
  HEADER_X_ENVOY_RETRY_ON,
  HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME,
  HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS,
} from "../../../host/wasm/layout.gen.ts";

const CONSUMED = [
  HEADER_X_ENVOY_RETRY_ON,
  HEADER_X_ENVOY_RETRY_GRPC_ON,
  HEADER_X_ENVOY_MAX_RETRIES,
  HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES,
  HEADER_X_ENVOY_RETRIABLE_STATUS_CODES,
  HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT,
  HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME,
  HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS,
];

const [low, high] = CONSUMED.reduce(
  ([l, h], id) => (id < 64 ? [l | (1n << BigInt(id)), h] : [l, h | (1n << BigInt(id - 64))]),
  [0n, 0n],
);

/** All of them in one walk. */
export function dropRetryHeaders(headers: HeaderMap): void {
  headers.removeIds(low, high);
}

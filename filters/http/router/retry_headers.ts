/** The request headers that steer retries (Envoy: router filter, "HTTP headers (consumed)"): the upstream does not see them. */

import { HeaderIds, type HeaderMap } from "../../../host/wasm/header_view.ts";
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

const CONSUMED = new HeaderIds([
  HEADER_X_ENVOY_RETRY_ON,
  HEADER_X_ENVOY_RETRY_GRPC_ON,
  HEADER_X_ENVOY_MAX_RETRIES,
  HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES,
  HEADER_X_ENVOY_RETRIABLE_STATUS_CODES,
  HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT,
  HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME,
  HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS,
]);

/** All of them in one walk. */
export function dropRetryHeaders(headers: HeaderMap): void {
  headers.removeIds(CONSUMED);
}

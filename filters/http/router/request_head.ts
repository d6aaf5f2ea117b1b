/** The head of a request as the upstream shall see it: mutations of the route, rewrites, the authority of the host. */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import { rewriteAuthority } from "../../../host/route/rewrite.ts";
import type { ForwardAction } from "../../../host/route/route_entry.ts";
import type { Host } from "../../../host/upstream/host.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import { HEADER_X_ENVOY_ATTEMPT_COUNT, HEADER_X_ENVOY_IS_TIMEOUT_RETRY } from "../../../host/wasm/layout.gen.ts";

/**
 * The same head for a later try: what depends on the try and its host.
 * @param timedOut the try before took too long
 */
export function prepareRetryHead(
  stream: TerminalStream,
  headers: HeaderMap,
  action: ForwardAction,
  host: Host,
  timedOut: boolean,
): boolean {
  const { route, attemptCount } = stream;
  if (route === null) return false;
  const { includeIsTimeoutRetry, includeRequestAttemptCount } = route.virtualHost;
  if (includeRequestAttemptCount && !headers.setIdNumber(HEADER_X_ENVOY_ATTEMPT_COUNT, attemptCount)) return false;
  if (includeIsTimeoutRetry && !headers.setId(HEADER_X_ENVOY_IS_TIMEOUT_RETRY, String(timedOut))) return false;
  return !action.autoHostRewrite || rewriteAuthority(headers, host.hostname, false, false);
}

/** False when the block has no room. @param keepOriginal the upstream is told what was rewritten */
export function prepareRequestHead(
  stream: TerminalStream,
  headers: HeaderMap,
  action: ForwardAction,
  host: Host,
  keepOriginal: boolean,
): boolean {
  const { route } = stream;
  if (route === null) return false;
  if (route.virtualHost.includeRequestAttemptCount && !headers.setId(HEADER_X_ENVOY_ATTEMPT_COUNT, "1")) return false;
  if (!route.requestMutations.empty && !route.requestMutations.apply(headers, stream.info)) return false;
  if (action.rewrite !== undefined && !action.rewrite.apply(headers, keepOriginal)) return false;
  return !action.autoHostRewrite || rewriteAuthority(headers, host.hostname, keepOriginal, action.appendXForwardedHost);
}

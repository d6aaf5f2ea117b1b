/** Routes that the proxy answers itself: redirects and direct responses. */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import type { DirectResponseAction, RedirectAction } from "../../../host/route/route_entry.ts";
import { NO_ROUTE_FOUND } from "../../../host/stream_info/response_flags.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import {
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_TYPE,
  HEADER_LOCATION,
  HEADER_STATUS,
} from "../../../host/wasm/layout.gen.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterStats } from "./stats.ts";

const DETAILS = "direct_response";

/** A route that leads to no cluster, or no route at all. */
export function answerItself(
  stream: TerminalStream,
  headers: HeaderMap,
  stats: RouterStats,
  config: RouterConfig,
): void {
  const { route } = stream;
  if (route === null) {
    stats.noRoute.inc();
    stream.sendLocalReply(404, "", "route_not_found", NO_ROUTE_FOUND);
    return;
  }
  // Envoy counts a redirect as a direct response, too; `rq_redirect` is about redirects that it follows itself.
  stats.directResponse.inc();
  if (route.redirect !== undefined) answerRedirect(stream, headers, route.redirect, config);
  else if (route.directResponse !== undefined) answerDirectly(stream, headers, route.directResponse);
}

function answerRedirect(
  stream: TerminalStream,
  headers: HeaderMap,
  action: RedirectAction,
  config: RouterConfig,
): void {
  action.rewrite?.apply(headers, !config.suppressEnvoyHeaders);
  const location = action.location(headers);
  const response = newAnswer(stream, action.status);
  if (response === null) return;
  response.setId(HEADER_LOCATION, location);
  stream.respondBytes(action.status, undefined, DETAILS);
}

function answerDirectly(stream: TerminalStream, headers: HeaderMap, action: DirectResponseAction): void {
  const response = newAnswer(stream, action.status);
  if (response === null) return;
  const { body } = action;
  if (body !== undefined && body.length > 0) {
    response.setIdNumber(HEADER_CONTENT_LENGTH, body.length);
    response.setId(HEADER_CONTENT_TYPE, "text/plain");
  }
  if (action.location !== undefined) response.setId(HEADER_LOCATION, action.location(headers));
  stream.respondBytes(action.status, body, DETAILS);
}

/** Null: the core has no header block left, and the stream is over. */
function newAnswer(stream: TerminalStream, status: number): HeaderMap | null {
  const response = stream.newResponse();
  if (response === null) stream.abort("no_header_block");
  else response.setId(HEADER_STATUS, String(status));
  return response;
}

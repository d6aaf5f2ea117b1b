/**
 * What the connection manager asks of a request's head before it is routed, in Envoy's order: a path, a normal path,
 * the authority without its port, the forwarding rules. Who does not pass is answered here.
 */

import { DOWNSTREAM_PROTOCOL_ERROR } from "../stream_info/response_flags.ts";
import { PROTOCOL_HTTP2 } from "../stream_info/stream_info.ts";
import { forwardedClient } from "../wasm/forward.ts";
import {
  FORWARDED_BLOCK,
  FORWARDED_FACTS,
  FORWARDED_FROM_HEADER,
  HEADER_AUTHORITY,
  HEADER_CONTENT_TYPE,
  HEADER_LOCATION,
  HEADER_METHOD,
  HEADER_NO_ROOM,
  HEADER_PATH,
  HEADER_STATUS,
  HEADERS_NO_SLASH,
  METHOD_CONNECT,
  METHOD_OTHER,
  OK,
} from "../wasm/layout.gen.ts";
import type { HttpStream } from "./stream.ts";

/** `flags`: HEADERS_... of its head. False: the request is answered. */
export function admit(stream: HttpStream, flags: number): boolean {
  return (
    checkHost(stream) &&
    checkQuery(stream) &&
    checkPath(stream, flags) &&
    normalizePath(stream) &&
    stripPort(stream) &&
    forward(stream)
  );
}

/** HTTP/1 without Host is refused by its codec. */
function checkHost(stream: HttpStream): boolean {
  if (stream.protocol !== PROTOCOL_HTTP2 || stream.authority !== "") return true;
  stream.sendLocalReply(400, "", "missing_host_header", 0);
  return false;
}

/** QUERY is about its content, whose type must be told (draft-ietf-httpbis-safe-method-w-body). */
function checkQuery(stream: HttpStream): boolean {
  if (stream.method !== METHOD_OTHER || stream.requestHeaders.hasId(HEADER_CONTENT_TYPE)) return true;
  if (stream.requestHeaders.getId(HEADER_METHOD) !== "QUERY") return true;
  stream.sendLocalReply(400, "", "query_missing_content_type", 0);
  return false;
}

function checkPath(stream: HttpStream, flags: number): boolean {
  if ((flags & HEADERS_NO_SLASH) === 0 || stream.method === METHOD_CONNECT) return true;
  if (!stream.requestHeaders.hasId(HEADER_PATH)) {
    stream.sendLocalReply(404, "", "missing_path_rejected", 0);
    return false;
  }
  stream.manager.stats.rqNonRelativePath.inc();
  stream.sendLocalReply(404, "", "absolute_path_rejected", 0);
  return false;
}

function normalizePath(stream: HttpStream): boolean {
  const { pathNormalizer, stats } = stream.manager;
  if (pathNormalizer === null || stream.method === METHOD_CONNECT) return true;
  const path = stream.path;
  const normal = pathNormalizer.normalize(path);
  if (normal.kind === "path") {
    if (normal.path !== path) stream.requestHeaders.setId(HEADER_PATH, normal.path);
    return true;
  }
  if (normal.kind === "reject") {
    stats.rqFailedPathNormalization.inc();
    stream.http.endAfterResponse();
    stream.sendLocalReply(400, "", "path_normalization_failed", 0);
    return false;
  }
  stats.rqRedirectedWithNormalizedPath.inc();
  const response = stream.newResponse();
  if (response === null) {
    stream.abort("no_header_block");
    return false;
  }
  response.setId(HEADER_STATUS, "307");
  response.setId(HEADER_LOCATION, normal.path);
  stream.respondBytes(307, undefined, "path_normalization_failed");
  return false;
}

function stripPort(stream: HttpStream): boolean {
  const { stripPort: which, stripTrailingDot } = stream.manager;
  if (which === null && !stripTrailingDot) return true;
  let host = stream.authority;
  const portAt = portStart(host);
  if (which !== null && portAt > 0) {
    const { local } = stream.http.info;
    const port = host.slice(portAt + 1);
    const matches = local.kind === "ip" && port === String(local.port);
    if (which === "any" ? /^\d+$/.test(port) : matches) host = host.slice(0, portAt);
  }
  if (stripTrailingDot) {
    const at = portStart(host);
    const name = at > 0 ? host.slice(0, at) : host;
    if (name.endsWith(".")) host = name.slice(0, -1) + host.slice(name.length);
  }
  if (host !== stream.authority) stream.requestHeaders.setId(HEADER_AUTHORITY, host);
  return true;
}

/** Index of the colon before a port; -1: none. The colons of an IPv6 address stand in brackets. */
function portStart(host: string): number {
  const at = host.lastIndexOf(":");
  return at > host.lastIndexOf("]") ? at : -1;
}

function forward(stream: HttpStream): boolean {
  const { http, manager, requestHeaders, worker } = stream;
  const { core } = worker;
  const code = core.exports.forwardRequest(
    requestHeaders.block,
    manager.forwardParams,
    http.forwardPeer,
    manager.internalOnlyHeaders,
  );
  requestHeaders.block = core.result(FORWARDED_BLOCK);
  if (code !== OK) {
    if (code === HEADER_NO_ROOM)
      stream.sendLocalReply(431, "Request Header Fields Too Large", "request_headers_too_large", 0);
    else {
      // Envoy's codec refuses it, and closes: what else such a client says is not to be trusted.
      http.endAfterResponse();
      stream.sendLocalReply(400, "Bad Request", "http1.connection_header_rejected", DOWNSTREAM_PROTOCOL_ERROR);
    }
    return false;
  }
  if ((core.result(FORWARDED_FACTS) & FORWARDED_FROM_HEADER) !== 0) stream.forwardedClient = forwardedClient(core);
  return true;
}

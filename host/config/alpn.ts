/** The names of application protocols (RFC 7301) that are HTTP, and which of them a connection may agree on. */

import type { HttpConnectionManager } from "./types/http_connection_manager.ts";
import type { FilterChain } from "./types/listener.ts";

export const HTTP2_PROTOCOL = "h2";
export const HTTP1_PROTOCOL = "http/1.1";

/** What a connection manager speaks, by its `codec_type`. */
const SPOKEN_DOWNSTREAM = {
  AUTO: [HTTP2_PROTOCOL, HTTP1_PROTOCOL, "http/1.0"],
  HTTP1: [HTTP1_PROTOCOL, "http/1.0"],
  HTTP2: [HTTP2_PROTOCOL],
} as const;
const CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

const HTTP_PROTOCOLS: ReadonlySet<string> = new Set([HTTP2_PROTOCOL, HTTP1_PROTOCOL, "http/1.0", "h3"]);

/**
 * What to offer, or to choose from: as it was asked for, without the versions of HTTP that would not be spoken. Whoever is offered one
 * may choose it, and would then be spoken to in another.
 * @param spoken empty: bytes are carried, whatever they mean
 */
export function spokenOf(asked: readonly string[], spoken: readonly string[]): readonly string[] {
  if (spoken.length === 0) return asked;
  return asked.filter((protocol) => spoken.includes(protocol) || !HTTP_PROTOCOLS.has(protocol));
}

/** What the connection manager of a filter chain speaks; empty: there is none. */
export function spokenDownstream({ filters = [] }: FilterChain): readonly string[] {
  for (const { typed_config: config } of filters) {
    if (config?.["@type"] !== CONNECTION_MANAGER) continue;
    return SPOKEN_DOWNSTREAM[(config as HttpConnectionManager).codec_type ?? "AUTO"];
  }
  return [];
}

/** What the transport of a listener's chains is made of: TLS contexts, and who looks at a connection before its chain is chosen. */

import { SPOKEN_DOWNSTREAM, spokenOf } from "../config/alpn.ts";
import type { FilterChain, Listener } from "../config/types/listener.ts";
import { DOWNSTREAM_TLS_CONTEXT, type DownstreamTlsContext } from "../config/types/tls.ts";
import type { HttpWorker } from "../http/http_worker.ts";
import { TlsServerContext } from "../net/tls/server_context.ts";
import { TlsStats } from "../net/tls/tls_stats.ts";
import type { Scope } from "../stats/scope.ts";
import type { InspectionParts } from "./tls_inspection.ts";
import { TlsInspectorStats } from "./tls_inspector_stats.ts";

const LISTENER_FILTERS_TIMEOUT_MS = 15_000;
const CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const TLS_INSPECTOR = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
const SECRET_COUNTERS = [
  "downstream_context_secrets_not_ready",
  "ssl_context_update_by_sds",
  "upstream_context_secrets_not_ready",
];

/** The TLS of a chain, or null. Throws TlsMaterialError, and what OpenSSL throws. */
export function tlsOf(chain: FilterChain, worker: HttpWorker, listenerScope: Scope): TlsServerContext | null {
  const config = chain.transport_socket?.typed_config;
  if (config?.["@type"] !== DOWNSTREAM_TLS_CONTEXT) return null;
  for (const name of SECRET_COUNTERS) listenerScope.scope("server_ssl_socket_factory").counter(name);
  const stats = new TlsStats(listenerScope.scope("ssl"));
  const isHttp = (chain.filters ?? []).some(({ typed_config }) => typed_config?.["@type"] === CONNECTION_MANAGER);
  const asked = config as DownstreamTlsContext;
  return new TlsServerContext(isHttp ? spokenOnly(asked) : asked, worker.net.options, stats);
}

/** A version of HTTP that is not spoken is not chosen. The door refuses it alone. */
function spokenOnly(config: DownstreamTlsContext): DownstreamTlsContext {
  const alpn_protocols = spokenOf(config.common_tls_context?.alpn_protocols ?? [], SPOKEN_DOWNSTREAM);
  return { ...config, common_tls_context: { ...config.common_tls_context, alpn_protocols } };
}

/**
 * How the beginning of a connection is looked at; null where nobody asks. Envoy puts a `tls_inspector` in by itself where a
 * chain's match cannot do without.
 */
export function inspectionOf(config: Listener, worker: HttpWorker): InspectionParts | null {
  const isListed = (config.listener_filters ?? []).some(
    ({ typed_config }) => typed_config?.["@type"] === TLS_INSPECTOR,
  );
  const isNeeded = (config.filter_chains ?? []).some(({ filter_chain_match: match }) => {
    const { server_names: names = [], application_protocols: protocols = [], transport_protocol } = match ?? {};
    return transport_protocol === "tls" || (transport_protocol === undefined && names.length + protocols.length > 0);
  });
  if (!isListed && !isNeeded) return null;
  return {
    timers: worker.timers,
    memory: worker.core.bytes,
    stats: new TlsInspectorStats(worker.stats.root.scope("tls_inspector")),
    timeoutMs: config.listener_filters_timeout ?? LISTENER_FILTERS_TIMEOUT_MS,
    continuesOnTimeout: config.continue_on_listener_filters_timeout ?? false,
  };
}

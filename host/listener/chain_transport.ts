/** What the transport of a listener's chains is made of. */

import { spokenDownstream, spokenOf } from "../config/alpn.ts";
import type { FilterChain } from "../config/types/listener.ts";
import { DOWNSTREAM_TLS_CONTEXT, type DownstreamTlsContext } from "../config/types/tls.ts";
import type { HttpWorker } from "../http/http_worker.ts";
import { keyLogOf } from "../net/tls/key_log.ts";
import { TlsServerContext } from "../net/tls/server_context.ts";
import { TlsStats } from "../net/tls/tls_stats.ts";
import type { Scope } from "../stats/scope.ts";

const SECRET_COUNTERS = [
  "downstream_context_secrets_not_ready",
  "ssl_context_update_by_sds",
  "upstream_context_secrets_not_ready",
];

/** The TLS of a chain, or null. Throws TlsMaterialError, and what OpenSSL throws. */
export function tlsOf(chain: FilterChain, worker: HttpWorker, listenerScope: Scope): TlsServerContext | null {
  const config = chain.transport_socket?.typed_config;
  if (config?.["@type"] !== DOWNSTREAM_TLS_CONTEXT) return null;
  const factory = listenerScope.scope("server_ssl_socket_factory");
  for (const name of SECRET_COUNTERS) factory.counter(name);
  const stats = new TlsStats(listenerScope.scope("ssl"));
  const asked = config as DownstreamTlsContext;
  const keyLog = keyLogOf(asked.common_tls_context, worker.accessLogSinks);
  return new TlsServerContext(
    spokenOnly(asked, spokenDownstream(chain)),
    worker.net.options,
    stats,
    worker.secrets,
    () => factory.counter("ssl_context_update_by_sds").inc(),
    keyLog,
  );
}

/** A version of HTTP that is not spoken is not chosen. The door refuses it alone. */
function spokenOnly(config: DownstreamTlsContext, spoken: readonly string[]): DownstreamTlsContext {
  const alpn_protocols = spokenOf(config.common_tls_context?.alpn_protocols ?? [], spoken);
  return { ...config, common_tls_context: { ...config.common_tls_context, alpn_protocols } };
}

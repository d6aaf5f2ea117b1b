/** envoy.filters.listener.tls_inspector: whether a connection is TLS, for whom, and what it would speak. */

import {
  type Inspector,
  type ListenerFilter,
  type ListenerFilterFactory,
  LOOK_MORE,
  LOOK_REFUSED,
} from "../../../host/listener/filter.ts";
import type { ConnectionFacts } from "../../../host/stream_info/connection_facts.ts";
import { ClientHelloReader } from "./client_hello.ts";
import { TlsInspectorStats } from "./stats.ts";

class TlsInspector implements Inspector {
  private readonly stats: TlsInspectorStats;
  private readonly reader = new ClientHelloReader();

  constructor(stats: TlsInspectorStats) {
    this.stats = stats;
  }

  look(bytes: Buffer, facts: ConnectionFacts): number {
    const { stats } = this;
    const answer = this.reader.read(bytes);
    if (answer === "more") return LOOK_MORE;
    if (answer === "too large") {
      stats.clientHelloTooLarge.inc();
      return LOOK_REFUSED;
    }
    stats.bytesProcessed.record(bytes.length);
    if (answer === "not TLS") {
      stats.tlsNotFound.inc();
      return 0;
    }
    stats.tlsFound.inc();
    (answer.serverName === "" ? stats.sniNotFound : stats.sniFound).inc();
    (answer.protocols.length === 0 ? stats.alpnNotFound : stats.alpnFound).inc();
    facts.transportProtocol = "tls";
    facts.serverName = answer.serverName;
    facts.applicationProtocols = answer.protocols;
    return 0;
  }
}

class TlsInspectorFilter implements ListenerFilter {
  private readonly stats: TlsInspectorStats;

  constructor(stats: TlsInspectorStats) {
    this.stats = stats;
  }

  open(): Inspector {
    return new TlsInspector(this.stats);
  }
}

export const tlsInspector: ListenerFilterFactory<object> = {
  name: "envoy.filters.listener.tls_inspector",
  typeNames: ["envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"],
  decode: (config) => config,
  create: (_config, { worker }) =>
    new TlsInspectorFilter(new TlsInspectorStats(worker.stats.root.scope("tls_inspector"))),
};

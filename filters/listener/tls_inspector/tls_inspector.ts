/** envoy.filters.listener.tls_inspector: whether a connection is TLS, for whom, and what it would speak. */

import {
  type Inspector,
  type ListenerFilter,
  type ListenerFilterFactory,
  LOOK_MORE,
  LOOK_REFUSED,
} from "../../../host/listener/filter.ts";
import type { ConnectionFacts } from "../../../host/stream_info/connection_facts.ts";
import { type ClientHello, readClientHello } from "../../../host/wasm/client_hello.ts";
import type { Core } from "../../../host/wasm/core.ts";
import { CLIENT_HELLO_MAX, type TlsInspectorConfig } from "./config.ts";
import { ja3Of, ja4Of } from "./fingerprint.ts";
import { TlsInspectorStats } from "./stats.ts";

const NAME = "envoy.filters.listener.tls_inspector";
/** BoringSSL looks at so many before it says what they are not. */
const FIRST_LOOK_BYTES = 5;

class TlsInspectorFilter implements ListenerFilter {
  readonly config: TlsInspectorConfig;
  readonly core: Core;
  readonly stats: TlsInspectorStats;
  readonly maxBytes: number;

  constructor(config: TlsInspectorConfig, core: Core, stats: TlsInspectorStats) {
    this.config = config;
    this.core = core;
    this.stats = stats;
    this.maxBytes = config.max_client_hello_size ?? CLIENT_HELLO_MAX;
  }

  open(): Inspector {
    return new TlsInspector(this);
  }
}

class TlsInspector implements Inspector {
  private readonly filter: TlsInspectorFilter;
  private needed = FIRST_LOOK_BYTES;

  constructor(filter: TlsInspectorFilter) {
    this.filter = filter;
  }

  look(bytes: Buffer, facts: ConnectionFacts): number {
    const { stats, core, maxBytes, config } = this.filter;
    const seen = bytes.length > maxBytes ? bytes.subarray(0, maxBytes) : bytes;
    // What can begin no TLS is told apart at once, however short it is.
    if (seen.length < this.needed && seen.length < maxBytes && this.needed > FIRST_LOOK_BYTES) return LOOK_MORE;
    const answer = readClientHello(core, seen);
    if (typeof answer === "number") {
      this.needed = answer;
      if (seen.length < maxBytes) return LOOK_MORE;
    }
    stats.bytesProcessed.record(seen.length);
    if (typeof answer === "number") {
      stats.clientHelloTooLarge.inc();
      facts.setMetadata(NAME, "failure_reason", "ClientHelloTooLarge");
      return LOOK_REFUSED;
    }
    if (answer !== "none") this.note(answer, facts);
    if (answer !== "none" && isKnownVersion(answer.legacyVersion)) {
      stats.tlsFound.inc();
      (answer.protocols.length === 0 ? stats.alpnNotFound : stats.alpnFound).inc();
      facts.transportProtocol = "tls";
      return 0;
    }
    if (config.close_connection_on_client_hello_parsing_errors === true) {
      if (seen.length >= maxBytes) stats.clientHelloTooLarge.inc();
      return LOOK_REFUSED;
    }
    stats.tlsNotFound.inc();
    const reason = answer === "none" ? "ClientHelloNotDetected" : "ClientHelloInvalidTlsVersion";
    facts.setMetadata(NAME, "failure_reason", reason);
    return 0;
  }

  private note(hello: ClientHello, facts: ConnectionFacts): void {
    const { stats, config } = this.filter;
    (hello.serverName === "" ? stats.sniNotFound : stats.sniFound).inc();
    facts.serverName = hello.serverName;
    facts.applicationProtocols = hello.protocols;
    if (config.enable_ja3_fingerprinting === true) facts.ja3 = ja3Of(hello);
    if (config.enable_ja4_fingerprinting === true) facts.ja4 = ja4Of(hello);
  }
}

/** TLS 1.0 to 1.3. */
function isKnownVersion(version: number): boolean {
  return version >= 0x0301 && version <= 0x0304;
}

export const tlsInspector: ListenerFilterFactory<TlsInspectorConfig> = {
  name: NAME,
  typeNames: ["envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"],
  decode: (config) => config as TlsInspectorConfig,
  create: (config, { worker }) =>
    new TlsInspectorFilter(config, worker.core, new TlsInspectorStats(worker.stats.root.scope("tls_inspector"))),
};

/** envoy.filters.listener.proxy_protocol: takes the PROXY header off a connection, whose client is then who the header says. */

import {
  type Inspector,
  type ListenerFilter,
  type ListenerFilterFactory,
  LOOK_MORE,
  LOOK_REFUSED,
} from "../../../host/listener/filter.ts";
import { mayBegin, type ProxyHeader, readProxyHeader, versionOf } from "../../../host/net/proxy_protocol.ts";
import type { ConnectionFacts } from "../../../host/stream_info/connection_facts.ts";
import type { ProxyProtocol, TlvRule } from "./config.ts";
import { ProxyProtocolStats } from "./stats.ts";

const NAME = "envoy.filters.listener.proxy_protocol";

class ProxyProtocolFilter implements ListenerFilter, Inspector {
  private readonly stats: ProxyProtocolStats;
  private readonly rules: ReadonlyMap<number, TlvRule["on_tlv_present"]>;
  /** Null: none is passed on. */
  private readonly passesOn: ((type: number) => boolean) | null;
  private readonly isOptional: boolean;
  private readonly disallowed: ReadonlySet<number>;

  constructor(config: ProxyProtocol, stats: ProxyProtocolStats) {
    const { rules = [], pass_through_tlvs: passed, disallowed_versions: disallowed = [] } = config;
    this.stats = stats;
    this.rules = new Map(rules.map(({ tlv_type = 0, on_tlv_present }) => [tlv_type, on_tlv_present]));
    const types = new Set(passed?.tlv_type ?? []);
    this.passesOn =
      passed === undefined ? null : passed.match_type === "INCLUDE" ? (type) => types.has(type) : () => true;
    this.isOptional = config.allow_requests_without_proxy_protocol ?? false;
    this.disallowed = new Set(disallowed.map((version) => (version === "V1" ? 1 : 2)));
  }

  /** It keeps nothing of a connection. */
  open(): Inspector {
    return this;
  }

  look(bytes: Buffer, facts: ConnectionFacts): number {
    const { stats } = this;
    if (this.isOptional && !this.mayBegin(bytes, 1) && !this.mayBegin(bytes, 2)) {
      stats.notFoundAllowed.inc();
      return 0;
    }
    const version = versionOf(bytes);
    if (version === 0) return LOOK_MORE;
    if (version === "none") {
      stats.notFoundDisallowed.inc();
      stats.error.inc();
      return LOOK_REFUSED;
    }
    const counted = version === 1 ? stats.v1 : stats.v2;
    if (this.disallowed.has(version)) {
      counted.found.inc();
      counted.disallowed.inc();
      return LOOK_REFUSED;
    }
    const answer = readProxyHeader(bytes, version);
    if (answer === "more") return LOOK_MORE;
    if (typeof answer === "string") {
      counted.error.inc();
      stats.error.inc();
      return LOOK_REFUSED;
    }
    counted.found.inc();
    this.note(answer, facts);
    return answer.length;
  }

  private mayBegin(bytes: Buffer, version: 1 | 2): boolean {
    return !this.disallowed.has(version) && mayBegin(bytes, version);
  }

  private note({ source, destination, tlvs }: ProxyHeader, facts: ConnectionFacts): void {
    if (source === null || destination === null) return;
    facts.remote = source;
    facts.local = destination;
    const { passesOn } = this;
    const passed = passesOn === null ? [] : tlvs.filter(({ type }) => passesOn(type));
    facts.proxied = { source, destination, tlvs: passed };
    for (const { type, value } of tlvs) {
      if (!this.rules.has(type)) continue;
      const { metadata_namespace, key = "", value_string_encoding: encoding } = this.rules.get(type) ?? {};
      const text = encoding === "BASE64" ? value.toString("base64") : sanitized(value);
      facts.setMetadata(metadata_namespace || NAME, key, text);
    }
  }
}

/** As Envoy writes bytes that are no UTF-8. */
function sanitized(value: Buffer): string {
  return value.toString("utf8").replaceAll("\ufffd", "!");
}

export const proxyProtocol: ListenerFilterFactory<ProxyProtocol> = {
  name: NAME,
  typeNames: ["envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"],
  decode: (config) => config as ProxyProtocol,
  create: (config, { worker }) =>
    new ProxyProtocolFilter(config, new ProxyProtocolStats(worker.stats.root, config.stat_prefix ?? "")),
};

/** The listener filters of a listener: what they are made of, and which of them look at a connection. */

import type { TypedExtension } from "../config/types/core.ts";
import type { Listener, ListenerFilterPredicate } from "../config/types/listener.ts";
import type { CommonTlsContext } from "../config/types/tls.ts";
import type { HttpWorker } from "../http/http_worker.ts";
import type { Address } from "../net/address.ts";
import type { ListenerFilter, ListenerFilterFactories } from "./filter.ts";
import type { InspectionParts } from "./inspection.ts";

const LISTENER_FILTERS_TIMEOUT_MS = 15_000;
const TLS_INSPECTOR = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";

interface Row {
  readonly filter: ListenerFilter;
  readonly isDisabled: ((local: Address) => boolean) | null;
}

export class ListenerFilters {
  readonly parts: InspectionParts;
  private readonly rows: readonly Row[];
  private readonly all: readonly ListenerFilter[] | null;

  /**
   * Envoy puts a `tls_inspector` in by itself where a chain's match cannot do without; so does a choice of certificates by name
   * here, for Node's own shows one of them alone. Throws what a factory throws.
   */
  constructor(config: Listener, worker: HttpWorker, factories: ListenerFilterFactories) {
    const listed = (config.listener_filters ?? []).map(({ typed_config, filter_disabled }) => ({
      type: typed_config?.["@type"] ?? "",
      typed_config,
      filter_disabled,
    }));
    const implied = needsTlsInspector(config) && !listed.some(({ type }) => type === TLS_INSPECTOR);
    const wanted = implied
      ? [...listed, { type: TLS_INSPECTOR, typed_config: {}, filter_disabled: undefined }]
      : listed;
    this.rows = wanted.map(({ type, typed_config, filter_disabled }) => {
      const factory = factories.get(type);
      // The config door knows the same list: what it lets through is here.
      if (factory === undefined || typed_config === undefined) throw new Error(`no listener filter for ${type}`);
      return {
        filter: factory.create(factory.decode(typed_config), { worker }),
        isDisabled: filter_disabled === undefined ? null : predicateOf(filter_disabled),
      };
    });
    this.all = this.rows.some(({ isDisabled }) => isDisabled !== null) ? null : this.rows.map(({ filter }) => filter);
    this.parts = {
      timers: worker.timers,
      memory: worker.core.bytes,
      timeoutMs: config.listener_filters_timeout ?? LISTENER_FILTERS_TIMEOUT_MS,
      continuesOnTimeout: config.continue_on_listener_filters_timeout ?? false,
    };
  }

  get isEmpty(): boolean {
    return this.rows.length === 0;
  }

  /** Those that look at a connection which came to this address. */
  at(local: Address): readonly ListenerFilter[] {
    if (this.all !== null) return this.all;
    return this.rows.flatMap(({ filter, isDisabled }) => (isDisabled?.(local) === true ? [] : [filter]));
  }
}

function needsTlsInspector({ filter_chains: chains = [], default_filter_chain: last }: Listener): boolean {
  if ([...chains, last].some((chain) => choosesCertificates(chain?.transport_socket))) return true;
  return chains.some(({ filter_chain_match: match }) => {
    const { server_names: names = [], application_protocols: protocols = [], transport_protocol } = match ?? {};
    return transport_protocol === "tls" || (transport_protocol === undefined && names.length + protocols.length > 0);
  });
}

function choosesCertificates(socket: TypedExtension | undefined): boolean {
  const { common_tls_context: common } = (socket?.typed_config ?? {}) as { common_tls_context?: CommonTlsContext };
  const { tls_certificates: own = [], tls_certificate_sds_secret_configs: references = [] } = common ?? {};
  return own.length + references.length > 1;
}

/** One of the fields is set. */
function predicateOf(predicate: ListenerFilterPredicate): (local: Address) => boolean {
  const { or_match, and_match, not_match, destination_port_range: ports } = predicate;
  if (or_match !== undefined) {
    const rules = (or_match.rules ?? []).map(predicateOf);
    return (local) => rules.some((rule) => rule(local));
  }
  if (and_match !== undefined) {
    const rules = (and_match.rules ?? []).map(predicateOf);
    return (local) => rules.every((rule) => rule(local));
  }
  if (not_match !== undefined) {
    const rule = predicateOf(not_match);
    return (local) => !rule(local);
  }
  if (ports !== undefined) {
    const { start = 0, end = 0 } = ports;
    return (local) => local.kind === "ip" && local.port >= start && local.port < end;
  }
  return () => predicate.any_match === true;
}

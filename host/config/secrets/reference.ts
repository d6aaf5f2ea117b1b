/** Which secrets a bootstrap refers to, and where each of them stands. */

import type { Bootstrap } from "../types/bootstrap.ts";
import type { Any, TypedExtension } from "../types/core.ts";
import {
  type CommonTlsContext,
  DOWNSTREAM_TLS_CONTEXT,
  type DownstreamTlsContext,
  type SdsSecretConfig,
  type TlsCertificate,
  UPSTREAM_TLS_CONTEXT,
} from "../types/tls.ts";

export type SecretKind = "tls_certificate" | "validation_context" | "session_ticket_keys";

export interface SecretReference {
  /** Tells it from every other; what is in force is known by it everywhere. */
  readonly key: string;
  readonly kind: SecretKind;
  /** Empty: a certificate without a name, whose files are watched. */
  readonly name: string;
  /** The file that holds it; empty: it stands in the bootstrap. */
  readonly path: string;
  /** What is watched for moves; empty: the folder of `path`, for moves onto it. */
  readonly watchedDirectory: string;
  /** Where it stands itself: a certificate without a name. */
  readonly certificate: TlsCertificate | null;
}

export function sdsReference(config: SdsSecretConfig, kind: SecretKind): SecretReference {
  const { name = "", sds_config: sds } = config;
  const path = sds?.path_config_source?.path ?? sds?.path ?? "";
  const watchedDirectory = sds?.path_config_source?.watched_directory?.path ?? "";
  return { key: JSON.stringify([kind, name, path]), kind, name, path, watchedDirectory, certificate: null };
}

/** Null: it is read once, with the config. */
export function watchedCertificate(certificate: TlsCertificate): SecretReference | null {
  const watchedDirectory = certificate.watched_directory?.path ?? "";
  if (watchedDirectory === "") return null;
  const key = JSON.stringify(certificate);
  return { key, kind: "tls_certificate", name: "", path: "", watchedDirectory, certificate };
}

/** What one context refers to, in the order of its fields. */
export function referencesOf(context: Any): readonly SecretReference[] {
  const type = context["@type"];
  if (type !== DOWNSTREAM_TLS_CONTEXT && type !== UPSTREAM_TLS_CONTEXT) return [];
  const { common_tls_context: common = {} } = context as { readonly common_tls_context?: CommonTlsContext };
  const validation =
    common.validation_context_sds_secret_config ??
    common.combined_validation_context?.validation_context_sds_secret_config;
  const tickets = (context as DownstreamTlsContext).session_ticket_keys_sds_secret_config;
  return [
    ...(common.tls_certificates ?? []).flatMap((certificate) => watchedCertificate(certificate) ?? []),
    ...(common.tls_certificate_sds_secret_configs ?? []).map((config) => sdsReference(config, "tls_certificate")),
    ...(validation === undefined ? [] : [sdsReference(validation, "validation_context")]),
    ...(tickets === undefined ? [] : [sdsReference(tickets, "session_ticket_keys")]),
  ];
}

/** All contexts of a bootstrap, in its order: of the chains of listeners, then of clusters. */
export function tlsContextsIn(bootstrap: Pick<Bootstrap, "static_resources">): readonly Any[] {
  const { listeners = [], clusters = [] } = bootstrap.static_resources ?? {};
  const chains = listeners.flatMap(({ filter_chains = [], default_filter_chain: last }) =>
    last === undefined ? filter_chains : [...filter_chains, last],
  );
  return [...chains, ...clusters].flatMap(({ transport_socket: socket }) => contextIn(socket) ?? []);
}

/** The TLS context of a transport socket, or of the one that it wraps. */
export function contextIn(socket: TypedExtension | undefined): Any | null {
  const config = socket?.typed_config;
  if (config === undefined) return null;
  if (config["@type"] === DOWNSTREAM_TLS_CONTEXT || config["@type"] === UPSTREAM_TLS_CONTEXT) return config;
  return contextIn((config as { readonly transport_socket?: TypedExtension }).transport_socket);
}

/** Each once. */
export function referencesIn(bootstrap: Pick<Bootstrap, "static_resources">): readonly SecretReference[] {
  const byKey = new Map(
    tlsContextsIn(bootstrap)
      .flatMap(referencesOf)
      .map((reference) => [reference.key, reference] as const),
  );
  return [...byKey.values()];
}

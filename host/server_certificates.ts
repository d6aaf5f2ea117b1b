/** Certificates that are in force, for the admin page and the stats: of the chains of listeners, then of clusters. */

import type { X509Certificate } from "node:crypto";
import { dataSourceName } from "./config/data_source.ts";
import { contextIn, referencesOf, tlsContextsIn } from "./config/secrets/reference.ts";
import { readAuthorities } from "./config/tls_material.ts";
import type { Bootstrap } from "./config/types/bootstrap.ts";
import type { Any, DataSource } from "./config/types/core.ts";
import type { CommonTlsContext } from "./config/types/tls.ts";
import type { ListenerDescription } from "./listener/listener.ts";
import { identitiesOf, UNNAMED, validationOf } from "./net/tls/material.ts";
import { SecretStore } from "./net/tls/secret_store.ts";
import type { SecretInForce } from "./server_secrets.ts";

export interface CertificateInForce {
  /** In stat names. */
  readonly name: string;
  /** Where it comes from. */
  readonly path: string;
  readonly certificate: X509Certificate;
}

export interface ContextCertificates {
  /** `listener.<address>` or `cluster.<name>`. */
  readonly owner: string;
  readonly authority: CertificateInForce | null;
  readonly chain: readonly CertificateInForce[];
  /** Why what its files say now is not in force. */
  readonly failures: readonly string[];
}

/** What the certificates come from. */
export interface CertificateSources {
  readonly bootstrap: Bootstrap;
  readonly listening: readonly ListenerDescription[];
  readonly secrets: readonly SecretInForce[];
}

export function certificatesInForce({ bootstrap, listening, secrets }: CertificateSources): ContextCertificates[] {
  const store = new SecretStore();
  store.update(secrets.map(({ loaded }) => loaded));
  const failures = new Map(secrets.map(({ reference, failure }) => [reference.key, failure]));
  const of = (owner: string, context: Any): ContextCertificates => {
    const { common_tls_context: common = {} } = context as { readonly common_tls_context?: CommonTlsContext };
    const ca = validationOf(common, store)?.trusted_ca;
    const reference =
      common.validation_context_sds_secret_config ??
      common.combined_validation_context?.validation_context_sds_secret_config;
    return {
      owner,
      authority: ca === undefined ? null : authorityOf(ca, reference?.name ?? UNNAMED),
      chain: identitiesOf(common, store).map(({ name, facts, source }) => ({
        name,
        path: dataSourceName(source),
        certificate: facts.certificate,
      })),
      failures: referencesOf(context).flatMap(({ key }) => failures.get(key) || []),
    };
  };
  const ofListeners = listening.flatMap(({ config, statName }) =>
    tlsContextsIn({ static_resources: { listeners: [config] } }).map((context) => of(`listener.${statName}`, context)),
  );
  const ofClusters = (bootstrap.static_resources?.clusters ?? []).flatMap(
    ({ name, alt_stat_name, transport_socket }) => {
      const context = contextIn(transport_socket);
      return context === null ? [] : [of(`cluster.${alt_stat_name || name}`, context)];
    },
  );
  return [...ofListeners, ...ofClusters];
}

function authorityOf(source: DataSource, name: string): CertificateInForce {
  return { name, path: dataSourceName(source), certificate: readAuthorities(source)[0] as X509Certificate };
}

const DAY_MS = 86_400_000;
/** What Envoy shows where there is no certificate. */
const NO_CERTIFICATE_DAYS = 4_294_967_295;

/** When each expires, and in how many days the first one does. */
export function* certificateGauges(sources: CertificateSources): Iterable<readonly [name: string, value: number]> {
  let first = NO_CERTIFICATE_DAYS;
  for (const { owner, authority, chain } of certificatesInForce(sources)) {
    for (const { name, certificate } of authority === null ? chain : [...chain, authority]) {
      const at = certificate.validToDate.getTime();
      first = Math.min(first, Math.max(0, Math.floor((at - Date.now()) / DAY_MS)));
      const scope = `${owner.replaceAll(":", "_")}.ssl.certificate.${name.replaceAll(":", "_")}`;
      yield [`${scope}.expiration_unix_time_seconds`, Math.floor(at / 1_000)];
    }
  }
  yield ["server.days_until_first_cert_expiring", first];
}

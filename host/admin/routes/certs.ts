/** /certs: envoy.admin.v3.Certificates, of each TLS context of a listener's chain or a cluster, as they were when the config was loaded. */

import type { X509Certificate } from "node:crypto";
import { dataSourceName } from "../../config/data_source.ts";
import { readAuthorities, readIdentity } from "../../config/tls_material.ts";
import type { DataSource, TypedExtension } from "../../config/types/core.ts";
import { type CommonTlsContext, DOWNSTREAM_TLS_CONTEXT, UPSTREAM_TLS_CONTEXT } from "../../config/types/tls.ts";
import { CertificateFacts } from "../../net/tls/certificate_facts.ts";
import type { AdminContext } from "../context.ts";
import { type AdminRoute, json } from "../request.ts";

const DAY_MS = 86_400_000;
/** Other kinds of names have no place in Envoy's message. */
const SAN_FIELDS: Readonly<Record<string, string>> = { DNS: "dns", URI: "uri", IP_ADDRESS: "ip_address" };

export const certs: AdminRoute<AdminContext> = {
  path: "/certs",
  help: "print certs on machine",
  changes: false,
  handle(context) {
    const { clusters, listeners } = context.config();
    const sockets = [
      ...listeners.flatMap(({ config }) =>
        [...(config.filter_chains ?? []), ...(config.default_filter_chain ? [config.default_filter_chain] : [])].map(
          ({ transport_socket }) => transport_socket,
        ),
      ),
      ...clusters.map(({ config }) => config.transport_socket),
    ];
    return json({ certificates: sockets.flatMap(certificatesOf) });
  },
};

function certificatesOf(socket: TypedExtension | undefined): object[] {
  const config = socket?.typed_config;
  if (config?.["@type"] !== DOWNSTREAM_TLS_CONTEXT && config?.["@type"] !== UPSTREAM_TLS_CONTEXT) return [];
  const { tls_certificates: identities = [], validation_context } =
    (config as { readonly common_tls_context?: CommonTlsContext }).common_tls_context ?? {};
  const ca = validation_context?.trusted_ca;
  return [
    {
      ca_cert: ca === undefined ? [] : [describe(ca, readAuthorities(ca)[0] as X509Certificate)],
      cert_chain: identities.map((identity) =>
        describe(identity.certificate_chain as DataSource, readIdentity(identity).chain[0] as X509Certificate),
      ),
    },
  ];
}

/** envoy.admin.v3.CertificateDetails. */
function describe(source: DataSource, certificate: X509Certificate): object {
  const facts = new CertificateFacts(certificate);
  const { validFromDate: from, validToDate: to } = certificate;
  return {
    path: dataSourceName(source),
    serial_number: facts.serial,
    subject_alt_names: facts.sans.flatMap(({ kind, value }) => {
      const field = SAN_FIELDS[kind];
      return field === undefined ? [] : [{ [field]: value }];
    }),
    days_until_expiration: String(Math.max(0, Math.floor((to.getTime() - Date.now()) / DAY_MS))),
    valid_from: seconds(from),
    expiration_time: seconds(to),
  };
}

/** `2035-02-10T19:16:52Z` */
function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** /certs: envoy.admin.v3.Certificates, of each TLS context of a listener's chain or a cluster, as they are in force. */

import { CertificateFacts } from "../../net/tls/certificate_facts.ts";
import type { AdminCertificate, AdminCertificates, AdminContext } from "../context.ts";
import { type AdminRoute, json } from "../request.ts";

const DAY_MS = 86_400_000;
/** Other kinds of names have no place in Envoy's message. */
const SAN_FIELDS: Readonly<Record<string, string>> = { DNS: "dns", URI: "uri", IP_ADDRESS: "ip_address" };

export const certs: AdminRoute<AdminContext> = {
  path: "/certs",
  help: "print certs on machine",
  changes: false,
  handle: (context) => json({ certificates: context.certificates().map(describeContext) }),
};

/** `rotation_failures` is not Envoy's: there it is in the log alone. */
function describeContext({ authority, chain, failures }: AdminCertificates): object {
  return {
    ca_cert: authority === null ? [] : [describe(authority)],
    cert_chain: chain.map(describe),
    ...(failures.length === 0 ? {} : { rotation_failures: failures }),
  };
}

/** envoy.admin.v3.CertificateDetails. */
function describe({ path, certificate }: AdminCertificate): object {
  const facts = new CertificateFacts(certificate);
  const { validFromDate: from, validToDate: to } = certificate;
  return {
    path,
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

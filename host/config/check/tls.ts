/** TLS contexts: what they name must be there, parse and fit together; what Node's OpenSSL cannot do is refused with the reason. */

import { createSecureContext, type SecureContextOptions } from "node:tls";
import { spokenDownstream, spokenOf } from "../alpn.ts";
import { dataSourceName, readDataSource } from "../data_source.ts";
import { readAuthorities, readIdentity, readRevocations, TlsMaterialError } from "../tls_material.ts";
import type { FilterChain } from "../types/listener.ts";
import {
  type CertificateValidationContext,
  type CommonTlsContext,
  DOWNSTREAM_TLS_CONTEXT,
  type DownstreamTlsContext,
  type TlsCertificate,
  type TlsParameters,
  UPSTREAM_TLS_CONTEXT,
  type UpstreamTlsContext,
} from "../types/tls.ts";
import { type At, rule } from "./rule.ts";

const TLS = "envoy.extensions.transport_sockets.tls.v3";
/** Name 16, HMAC key 32, AES key 32. */
const TICKET_KEY_BYTES = 80;

export const tlsRules = [
  rule<TlsCertificate>(`${TLS}.TlsCertificate`, (certificate, at) => attempt(at, () => readIdentity(certificate))),
  rule<CertificateValidationContext>(`${TLS}.CertificateValidationContext`, checkValidation),
  rule<TlsParameters>(`${TLS}.TlsParameters`, checkParameters),
  rule<CommonTlsContext>(`${TLS}.CommonTlsContext`, checkCommon),
  rule<DownstreamTlsContext>(DOWNSTREAM_TLS_CONTEXT, checkDownstream),
  rule<UpstreamTlsContext>(UPSTREAM_TLS_CONTEXT, checkUpstream),
  rule<FilterChain>("envoy.config.listener.v3.FilterChain", checkChain),
];

/** What is wrong with the material is said at the field that names it. */
function attempt(at: At, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof TlsMaterialError)) throw error;
    // The rule of data sources says so.
    if (!error.isMissing) at.failField(error.field, error.message);
  }
}

function checkValidation(context: CertificateValidationContext, at: At): void {
  const { trusted_ca: ca, crl, match_typed_subject_alt_names: names = [] } = context;
  if (ca !== undefined) attempt(at, () => readAuthorities(ca));
  if (crl !== undefined) {
    if (ca === undefined) at.failField("crl", "a list of revoked certificates without trusted_ca");
    else attempt(at, () => readRevocations(crl));
  }
  if (names.length > 0 && ca === undefined) {
    at.failField(
      "match_typed_subject_alt_names",
      "SAN-based verification of peer certificates without trusted_ca is insecure and not allowed",
    );
  }
  const { verify_certificate_hash: hashes = [], verify_certificate_spki: keys = [] } = context;
  for (const [index, hash] of hashes.entries()) {
    if (!/^(?:[0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})$/i.test(hash)) {
      at.element("verify_certificate_hash", hashes, index).fail(`invalid hex-encoded SHA-256: ${hash}`);
    }
  }
  for (const [index, key] of keys.entries()) {
    if (Buffer.from(key, "base64").length !== 32) {
      at.element("verify_certificate_spki", keys, index).fail(`invalid base64-encoded SHA-256: ${key}`);
    }
  }
}

function checkParameters(params: TlsParameters, at: At): void {
  const { cipher_suites: suites = [], ecdh_curves: curves = [] } = params;
  for (const [index, suite] of suites.entries()) {
    const place = at.element("cipher_suites", suites, index);
    if (/[[\]|]/.test(suite)) place.fail("groups of equal preference are not supported yet: OpenSSL has none");
    else if (!isKnown({ ciphers: suite })) place.fail(`unknown cipher suite ${suite}`);
  }
  for (const [index, curve] of curves.entries()) {
    if (!isKnown({ ecdhCurve: curve })) at.element("ecdh_curves", curves, index).fail(`unknown curve ${curve}`);
  }
}

function isKnown(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}

function checkCommon({ tls_certificates: certificates = [] }: CommonTlsContext, at: At): void {
  const types = new Set<string>();
  for (const [index, certificate] of certificates.entries()) {
    try {
      const type = readIdentity(certificate).key.asymmetricKeyType ?? "";
      if (types.has(type)) {
        at.element("tls_certificates", certificates, index).fail(
          `a second certificate with a key of type ${type} is not supported yet`,
        );
      }
      types.add(type);
    } catch (error) {
      // Said at the certificate itself.
      if (!(error instanceof TlsMaterialError)) throw error;
    }
  }
}

function checkDownstream(context: DownstreamTlsContext, at: At): void {
  if ((context.common_tls_context?.tls_certificates ?? []).length === 0) {
    at.failField("common_tls_context", "no TLS certificates found for server context");
  }
  const keys = context.session_ticket_keys?.keys ?? [];
  if (keys.length > 1)
    at.failField("session_ticket_keys", "more than one ticket key is not supported yet: Node takes one");
  for (const key of keys) {
    const length = readable(() => readDataSource(key).length);
    if (length === null || length === TICKET_KEY_BYTES) continue;
    at.failField(
      "session_ticket_keys",
      `incorrect length of the ticket key ${dataSourceName(key)}: ${length}, expected ${TICKET_KEY_BYTES}`,
    );
  }
}

/** Null where there is nothing to read: the source's own rule says so. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function checkUpstream(context: UpstreamTlsContext, at: At): void {
  const { auto_sni_san_validation: isAutomatic, common_tls_context: common } = context;
  if (isAutomatic === true && common?.validation_context?.trusted_ca === undefined) {
    at.failField("auto_sni_san_validation", "needs a validation context with a trusted CA");
  }
}

/** A version of HTTP that every client would choose must be spoken. */
function checkChain(chain: FilterChain, at: At): void {
  const config = chain.transport_socket?.typed_config as { readonly common_tls_context?: CommonTlsContext } | undefined;
  const asked = config?.common_tls_context?.alpn_protocols ?? [];
  const spoken = spokenDownstream(chain);
  if (spoken.length === 0 || asked.length === 0 || spokenOf(asked, spoken).length > 0) return;
  at.failField("transport_socket", `alpn_protocols: none of ${asked.join(", ")} is spoken by the connection manager`);
}

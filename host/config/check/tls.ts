/** TLS contexts: what they name must be there, parse and fit together; what Node's OpenSSL cannot do is refused with the reason. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { spokenDownstream, spokenOf } from "../alpn.ts";
import { checkTicketKeys, loadSecret } from "../secrets/load.ts";
import { sdsReference } from "../secrets/reference.ts";
import { SecretError } from "../secrets/secret_file.ts";
import { readAuthorities, readIdentity, readRevocations, TlsMaterialError } from "../tls_material.ts";
import type { FilterChain } from "../types/listener.ts";
import {
  type CertificateValidationContext,
  type CommonTlsContext,
  DOWNSTREAM_TLS_CONTEXT,
  type DownstreamTlsContext,
  type SdsSecretConfig,
  type SessionTicketKeys,
  SPIFFE_VALIDATOR,
  type SpiffeValidatorConfig,
  type TlsCertificate,
  type TlsKeyLog,
  type TlsParameters,
  UPSTREAM_TLS_CONTEXT,
  type UpstreamTlsContext,
} from "../types/tls.ts";
import { type At, type Context, rule } from "./rule.ts";

const TLS = "envoy.extensions.transport_sockets.tls.v3";

export const tlsRules = [
  rule<TlsCertificate>(`${TLS}.TlsCertificate`, (certificate, at) => attempt(at, () => readIdentity(certificate))),
  rule<CertificateValidationContext>(`${TLS}.CertificateValidationContext`, checkValidation),
  rule<TlsKeyLog>(`${TLS}.TlsKeyLog`, ({ path }, at) => {
    if (!existsSync(dirname(path))) at.failField("path", `unable to open file '${path}': its folder does not exist`);
  }),
  rule<SpiffeValidatorConfig>(SPIFFE_VALIDATOR, ({ trust_domains: domains = [] }, at) => {
    const names = new Set<string>();
    for (const [index, { name, trust_bundle: bundle }] of domains.entries()) {
      const place = at.element("trust_domains", domains, index);
      if (names.has(name)) place.fail(`multiple trust bundles for one trust domain: ${name}`);
      names.add(name);
      if (bundle !== undefined) attempt(place, () => readAuthorities(bundle), "trust_bundle");
    }
  }),
  rule<TlsParameters>(`${TLS}.TlsParameters`, checkParameters),
  rule<CommonTlsContext>(`${TLS}.CommonTlsContext`, checkCommon),
  rule<DownstreamTlsContext>(DOWNSTREAM_TLS_CONTEXT, checkDownstream),
  rule<SessionTicketKeys>(`${TLS}.TlsSessionTicketKeys`, (keys, at) =>
    attempt(at, () => checkTicketKeys(keys), "keys"),
  ),
  rule<UpstreamTlsContext>(UPSTREAM_TLS_CONTEXT, checkUpstream),
  rule<FilterChain>("envoy.config.listener.v3.FilterChain", checkChain),
];

/** What is wrong with the material is said at the field that names it. */
function attempt(at: At, read: () => unknown, field?: string): void {
  try {
    read();
  } catch (error) {
    if (error instanceof SecretError) at.fail(error.message);
    else if (!(error instanceof TlsMaterialError)) throw error;
    // The rule of data sources says so.
    else if (!error.isMissing) at.failField(field ?? error.field, error.message);
  }
}

function checkValidation(context: CertificateValidationContext, at: At): void {
  const { trusted_ca: ca, crl } = context;
  if (ca !== undefined) attempt(at, () => readAuthorities(ca));
  if (crl !== undefined) attempt(at, () => readRevocations(crl));
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

/** What needs an authority. @param isGiven by a secret */
function checkAuthority(context: CertificateValidationContext, at: At, isGiven: boolean): void {
  if (context.trusted_ca !== undefined || context.custom_validator_config !== undefined || isGiven) return;
  if (context.crl !== undefined) at.failField("crl", "a list of revoked certificates without trusted_ca");
  if ((context.match_typed_subject_alt_names ?? []).length > 0) {
    at.failField(
      "match_typed_subject_alt_names",
      "SAN-based verification of peer certificates without trusted_ca is insecure and not allowed",
    );
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

function checkCommon(common: CommonTlsContext, at: At, { bootstrap }: Context): void {
  const { tls_certificate_sds_secret_configs: references = [], validation_context: validation } = common;
  const { validation_context_sds_secret_config: reference, combined_validation_context: combined } = common;
  for (const [index, config] of references.entries()) {
    const place = at.element("tls_certificate_sds_secret_configs", references, index);
    attempt(place, () => loadSecret(sdsReference(config, "tls_certificate"), bootstrap));
  }
  const load = (config: SdsSecretConfig, place: At) =>
    attempt(place, () => loadSecret(sdsReference(config, "validation_context"), bootstrap));
  if (reference !== undefined) load(reference, at.inside("validation_context_sds_secret_config"));
  if (validation !== undefined) checkAuthority(validation, at.inside("validation_context"), false);
  if (combined !== undefined) {
    const { default_validation_context: base, validation_context_sds_secret_config: over } = combined;
    const place = at.inside("combined_validation_context");
    if (over !== undefined) load(over, place.inside("validation_context_sds_secret_config"));
    if (base !== undefined) checkAuthority(base, place.inside("default_validation_context"), over !== undefined);
  }
  checkCurves(common, at);
}

/** OpenSSL holds one certificate with a key of elliptic curves for a client to check, whichever curve it is on. */
function checkCurves({ tls_certificates: certificates = [] }: CommonTlsContext, at: At): void {
  const curves = new Set<string>();
  for (const [index, certificate] of certificates.entries()) {
    const key = readable(() => readIdentity(certificate).key);
    if (key?.asymmetricKeyType !== "ec") continue;
    curves.add(key.asymmetricKeyDetails?.namedCurve ?? "");
    if (curves.size > 1) {
      at.element("tls_certificates", certificates, index).fail(
        "certificates with keys on different curves are not supported yet: OpenSSL does not choose between them",
      );
      return;
    }
  }
}

function checkDownstream(context: DownstreamTlsContext, at: At, { bootstrap }: Context): void {
  const { tls_certificates: own = [], tls_certificate_sds_secret_configs: references = [] } =
    context.common_tls_context ?? {};
  if (own.length + references.length === 0) {
    at.failField("common_tls_context", "no TLS certificates found for server context");
  }
  const tickets = context.session_ticket_keys_sds_secret_config;
  if (tickets !== undefined) {
    const place = at.inside("session_ticket_keys_sds_secret_config");
    attempt(place, () => loadSecret(sdsReference(tickets, "session_ticket_keys"), bootstrap));
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
  const isGiven =
    common?.validation_context_sds_secret_config !== undefined || common?.combined_validation_context !== undefined;
  if (isAutomatic === true && !isGiven && common?.validation_context?.trusted_ca === undefined) {
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

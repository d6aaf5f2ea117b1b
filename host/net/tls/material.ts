/** What a TLS context is made of, with its secrets in place of the references to them. */

import { type SecretReference, sdsReference, watchedCertificate } from "../../config/secrets/reference.ts";
import { type Identity, readIdentity, TlsMaterialError } from "../../config/tls_material.ts";
import type { DataSource } from "../../config/types/core.ts";
import type {
  CertificateValidationContext,
  CommonTlsContext,
  SdsSecretConfig,
  Secret,
  TlsCertificate,
} from "../../config/types/tls.ts";
import { CertificateFacts } from "./certificate_facts.ts";
import type { SecretStore } from "./secret_store.ts";

/** In stat names, in place of a name that there is none of: Envoy hashes the empty name. */
export const UNNAMED = "unnamed_cert_e3b0c442";

export interface NamedIdentity {
  readonly identity: Identity;
  readonly facts: CertificateFacts;
  /** Of the secret, or UNNAMED. */
  readonly name: string;
  /** What the chain was read from. */
  readonly source: DataSource;
}

/** Throws TlsMaterialError. */
export function identitiesOf(common: CommonTlsContext, secrets: SecretStore): readonly NamedIdentity[] {
  const { tls_certificates: own = [], tls_certificate_sds_secret_configs: references = [] } = common;
  const given = own.map((certificate) => {
    const watched = watchedCertificate(certificate);
    const inForce = watched === null ? certificate : (secrets.get(watched.key)?.tls_certificate ?? certificate);
    return named(inForce, UNNAMED);
  });
  return [
    ...given,
    ...references.map((config) => {
      const { tls_certificate } = required(secrets, sdsReference(config, "tls_certificate"));
      return named(tls_certificate as TlsCertificate, config.name || UNNAMED);
    }),
  ];
}

function named(certificate: TlsCertificate, name: string): NamedIdentity {
  const identity = readIdentity(certificate);
  const facts = new CertificateFacts(identity.chain[0] as Identity["chain"][number]);
  return { identity, facts, name, source: certificate.certificate_chain as DataSource };
}

/** Throws TlsMaterialError. */
export function validationOf(common: CommonTlsContext, secrets: SecretStore): CertificateValidationContext | undefined {
  const { validation_context, validation_context_sds_secret_config: reference, combined_validation_context } = common;
  if (reference !== undefined) return dynamicValidation(reference, secrets);
  if (combined_validation_context === undefined) return validation_context;
  const { default_validation_context: base = {}, validation_context_sds_secret_config: over } =
    combined_validation_context;
  return over === undefined ? base : merged(base, dynamicValidation(over, secrets));
}

function dynamicValidation(reference: SdsSecretConfig, secrets: SecretStore): CertificateValidationContext {
  return required(secrets, sdsReference(reference, "validation_context")).validation_context ?? {};
}

/** As protobuf merges: what is set replaces, lists are appended. */
function merged(base: CertificateValidationContext, over: CertificateValidationContext): CertificateValidationContext {
  const result: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(over)) {
    const before = result[field];
    result[field] = Array.isArray(before) ? [...before, ...(value as readonly unknown[])] : value;
  }
  return result as CertificateValidationContext;
}

export function required(secrets: SecretStore, { key, kind, name }: SecretReference): Secret {
  const secret = secrets.get(key);
  if (secret === undefined) throw new TlsMaterialError("common_tls_context", `secret '${name}' (${kind}) is not there`);
  return secret;
}

/** Secrets as they are in force: read, checked, and free of files, so that what one thread has seen is what all others get. */

import { createHash } from "node:crypto";
import { createSecureContext } from "node:tls";
import { dataSourceName, fixDataSource, readDataSource } from "../data_source.ts";
import { type Identity, readAuthorities, readIdentity, readRevocations, TlsMaterialError } from "../tls_material.ts";
import type { Bootstrap } from "../types/bootstrap.ts";
import type { DataSource } from "../types/core.ts";
import type { Secret, SessionTicketKeys } from "../types/tls.ts";
import type { SecretReference } from "./reference.ts";
import { readSecretFile, SecretError } from "./secret_file.ts";

/** Structured-clonable. */
export interface SecretValue {
  readonly key: string;
  readonly name: string;
  /** Equal where the contents are. */
  readonly version: string;
  readonly secret: Secret;
}

export interface LoadedSecret extends SecretValue {
  /** As it was written, with the names of its files. */
  readonly definition: Secret;
  /** Files that its contents come from, beside the one that holds it. */
  readonly files: readonly string[];
}

/** Name 16, HMAC key 32, AES key 32. */
const TICKET_KEY_BYTES = 80;

/** The secret as it is written: in the bootstrap, or in its file as that is now. Throws SecretError. */
export function defineSecret(reference: SecretReference, bootstrap: Pick<Bootstrap, "static_resources">): Secret {
  const { certificate, kind, name, path } = reference;
  if (certificate !== null) return { "@type": "", tls_certificate: certificate };
  const secret =
    path === ""
      ? bootstrap.static_resources?.secrets?.find((one) => one.name === name && one[kind] !== undefined)
      : readSecretFile(path, name);
  if (secret === undefined) throw new SecretError(`unknown static secret '${name}' of kind ${kind}`, false);
  if (secret[kind] === undefined) throw new SecretError(`secret '${name}' in ${path} is no ${kind}`, false);
  return secret;
}

/** Reads what a definition names. Throws SecretError. */
export function fixSecret({ key, name, kind }: SecretReference, definition: Secret): LoadedSecret {
  const files: string[] = [];
  try {
    const contents = fixMessage(definition[kind] as object, files);
    const secret = { "@type": "", name, [kind]: contents } as unknown as Secret;
    check(secret);
    const version = createHash("sha256").update(JSON.stringify(contents)).digest("hex");
    return { key, name, version, secret, definition, files };
  } catch (error) {
    if (error instanceof TlsMaterialError) throw new SecretError(error.message, false, files);
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new SecretError(`cannot read ${path ?? "a file"}: ${code}`, false, files);
  }
}

/** Throws SecretError. */
export function loadSecret(reference: SecretReference, bootstrap: Pick<Bootstrap, "static_resources">): LoadedSecret {
  return fixSecret(reference, defineSecret(reference, bootstrap));
}

/** The same message with its data sources read. Secrets hold them one level down, or in a list there. */
function fixMessage(message: object, files: string[]): object {
  const fix = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fix);
    if (!isDataSource(value)) return value;
    if (value.filename !== undefined) files.push(value.filename);
    return fixDataSource(value);
  };
  return Object.fromEntries(Object.entries(message).map(([field, value]) => [field, fix(value)]));
}

function isDataSource(value: unknown): value is DataSource {
  if (typeof value !== "object" || value === null) return false;
  return ["filename", "inline_bytes", "inline_string", "environment_variable"].some((field) => field in value);
}

/** Throws TlsMaterialError. */
function check({ tls_certificate: certificate, validation_context: validation, session_ticket_keys: keys }: Secret) {
  if (certificate !== undefined) checkUsable(readIdentity(certificate));
  if (validation?.trusted_ca !== undefined) readAuthorities(validation.trusted_ca);
  if (validation?.crl !== undefined) readRevocations(validation.crl);
  if (keys !== undefined) checkTicketKeys(keys);
}

/** OpenSSL refuses some keys and digests for being weak. Throws TlsMaterialError. */
function checkUsable({ chainPem, key }: Identity): void {
  try {
    createSecureContext({ cert: chainPem, key: key.export({ type: "pkcs8", format: "pem" }) });
  } catch (error) {
    throw new TlsMaterialError("certificate_chain", `OpenSSL refuses the certificate: ${(error as Error).message}`);
  }
}

/** Throws TlsMaterialError. */
export function checkTicketKeys({ keys = [] }: SessionTicketKeys): void {
  if (keys.length > 1) {
    throw new TlsMaterialError("session_ticket_keys", "more than one ticket key is not supported yet: Node takes one");
  }
  for (const key of keys) {
    const { length } = readDataSource(key);
    if (length === TICKET_KEY_BYTES) continue;
    const message = `incorrect length of the ticket key ${dataSourceName(key)}: ${length}, expected ${TICKET_KEY_BYTES}`;
    throw new TlsMaterialError("session_ticket_keys", message);
  }
}

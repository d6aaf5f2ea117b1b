/**
 * Certificates, keys and authorities that a TLS context names, read and looked at: what the config door checks and what a worker
 * makes its contexts from is read by the same code.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { dataSourceName, readDataSource } from "./data_source.ts";
import type { DataSource } from "./types/core.ts";
import type { TlsCertificate } from "./types/tls.ts";

/** What is wrong with a piece of material; `field` is the DataSource that it came from. */
export class TlsMaterialError extends Error {
  readonly field: string;
  /** The file is not there at all. */
  readonly isMissing: boolean;

  constructor(field: string, message: string, isMissing = false) {
    super(message);
    this.field = field;
    this.isMissing = isMissing;
  }
}

export interface Identity {
  /** The chain as PEM, leaf first. */
  readonly chainPem: string;
  readonly chain: readonly X509Certificate[];
  readonly key: KeyObject;
}

const PEM_CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const PEM_CRL = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/;

/** What was read for an object of the config: read once, for a file that changes under a config is not what is in force. */
const identities = new WeakMap<TlsCertificate, Identity>();
const authorities = new WeakMap<DataSource, readonly X509Certificate[]>();

/** A certificate with its key. Throws TlsMaterialError. */
export function readIdentity(certificate: TlsCertificate): Identity {
  const known = identities.get(certificate);
  if (known !== undefined) return known;
  const { certificate_chain: chainSource, private_key: keySource, password } = certificate;
  if (chainSource === undefined) throw new TlsMaterialError("certificate_chain", "a certificate chain is required");
  if (keySource === undefined) throw new TlsMaterialError("private_key", "a private key is required");
  const chainPem = read(chainSource, "certificate_chain");
  const chain = certificatesIn(chainPem, chainSource, "certificate_chain", "certificate chain");
  const key = privateKey(keySource, password);
  if (!(chain[0] as X509Certificate).checkPrivateKey(key)) {
    throw new TlsMaterialError(
      "private_key",
      `the key in ${dataSourceName(keySource)} is not that of the certificate in ${dataSourceName(chainSource)}`,
    );
  }
  const identity = { chainPem, chain, key };
  identities.set(certificate, identity);
  return identity;
}

/** The authorities in a bundle, as PEM each. Throws TlsMaterialError. */
export function readAuthorities(source: DataSource): readonly X509Certificate[] {
  let found = authorities.get(source);
  if (found === undefined) {
    found = certificatesIn(read(source, "trusted_ca"), source, "trusted_ca", "trusted CA certificates");
    authorities.set(source, found);
  }
  return found;
}

/** Lists of revoked certificates, as PEM. Throws TlsMaterialError. */
export function readRevocations(source: DataSource): string {
  const text = read(source, "crl");
  if (!PEM_CRL.test(text))
    throw new TlsMaterialError("crl", `failed to load CRL from ${dataSourceName(source)}: no list in it`);
  return text;
}

function read(source: DataSource, field: string): string {
  try {
    return readDataSource(source).toString("latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TlsMaterialError(field, `cannot read ${dataSourceName(source)}: ${code}`, code === "ENOENT");
  }
}

function certificatesIn(text: string, source: DataSource, field: string, what: string): readonly X509Certificate[] {
  const found = text.match(PEM_CERTIFICATE) ?? [];
  const failed = (why: string) =>
    new TlsMaterialError(field, `failed to load ${what} from ${dataSourceName(source)}: ${why}`);
  if (found.length === 0) throw failed("no PEM certificate in it");
  return found.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw failed(`certificate ${index + 1} does not parse (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
    }
  });
}

function privateKey(source: DataSource, password: DataSource | undefined): KeyObject {
  const pem = read(source, "private_key");
  const passphrase = password === undefined ? undefined : read(password, "password");
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const why =
      code === "ERR_MISSING_PASSPHRASE" ? "it is encrypted and there is no password" : `it does not parse (${code})`;
    throw new TlsMaterialError("private_key", `failed to load private key from ${dataSourceName(source)}: ${why}`);
  }
}

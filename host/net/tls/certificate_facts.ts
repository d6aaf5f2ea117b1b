/** What log operators, headers and validation ask of a certificate, each answer made when it is first asked for. */

import { createHash, type X509Certificate } from "node:crypto";

export type SanKind = "DNS" | "URI" | "IP_ADDRESS" | "EMAIL" | "OTHER_NAME";

export interface SubjectAltName {
  readonly kind: SanKind;
  readonly value: string;
}

const SAN_KINDS: Readonly<Record<string, SanKind>> = {
  DNS: "DNS",
  URI: "URI",
  "IP Address": "IP_ADDRESS",
  email: "EMAIL",
  othername: "OTHER_NAME",
};

export class CertificateFacts {
  readonly certificate: X509Certificate;
  private cachedSans: readonly SubjectAltName[] | null = null;

  constructor(certificate: X509Certificate) {
    this.certificate = certificate;
  }

  /** RFC 2253, as Envoy prints it: `CN=client,O=Nuncio\, Inc,C=DE`. */
  get subject(): string {
    return rfc2253(this.certificate.subject);
  }

  get issuer(): string {
    return rfc2253(this.certificate.issuer);
  }

  /** In the order of the certificate. */
  get sans(): readonly SubjectAltName[] {
    this.cachedSans ??= parseSubjectAltNames(this.certificate.subjectAltName ?? "");
    return this.cachedSans;
  }

  sansOf(kind: SanKind): readonly string[] {
    return this.sans.flatMap((san) => (san.kind === kind ? [san.value] : []));
  }

  /** Hex in lower case, without leading zeros. */
  get serial(): string {
    const hex = this.certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, "");
    return hex;
  }

  get fingerprint256(): string {
    return digest(this.certificate.raw, "sha256", "hex");
  }

  get fingerprint1(): string {
    return digest(this.certificate.raw, "sha1", "hex");
  }

  /** Base64 of the SHA-256 of the public key's DER. */
  get spkiHash(): string {
    return digest(this.certificate.publicKey.export({ type: "spki", format: "der" }), "sha256", "base64");
  }

  /** What the peer sent: the certificate itself and what stands behind it. */
  get chain(): readonly CertificateFacts[] {
    const chain: CertificateFacts[] = [this];
    for (let next = this.certificate.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
      if (chain.some(({ certificate }) => certificate.raw.equals((next as X509Certificate).raw))) break;
      chain.push(new CertificateFacts(next));
    }
    return chain;
  }

  /** PEM, percent-encoded, as in x-forwarded-client-cert. */
  get urlEncodedPem(): string {
    return encodeURIComponent(this.certificate.toString()).replaceAll("'", "%27");
  }
}

function digest(bytes: Buffer, algorithm: string, encoding: "hex" | "base64"): string {
  return createHash(algorithm).update(bytes).digest(encoding);
}

/** Node prints one attribute a line, in the certificate's order, escaped already; RFC 2253 wants the last first. */
function rfc2253(printed: string | undefined): string {
  return (printed ?? "").split("\n").reverse().join(",");
}

/** `DNS:a.example, URI:"text with, comma"`: Node quotes as JSON whatever could be mistaken for two names. */
export function parseSubjectAltNames(printed: string): readonly SubjectAltName[] {
  const names: SubjectAltName[] = [];
  const pattern = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;
  for (const [, label = "", text = ""] of printed.matchAll(pattern)) {
    const kind = SAN_KINDS[label];
    if (kind === undefined) continue;
    const value = text.startsWith('"') ? (JSON.parse(text) as string) : text;
    names.push({ kind, value: kind === "IP_ADDRESS" ? canonicalIp(value) : value });
  }
  return names;
}

/** Node prints IPv6 in full and in capitals. */
function canonicalIp(text: string): string {
  return text.includes(":") ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}

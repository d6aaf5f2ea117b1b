// X.509 certificates for tests, made where they are used: no keys in the tree, nothing to expire. DER by hand (RFC 5280, X.690).
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface TestCertificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly subject: Buffer;
}

export interface CertificateOptions {
  /** Attributes in the order of the certificate: `[["O", "Nuncio"], ["CN", "client"]]`. */
  readonly subject?: readonly (readonly [string, string])[];
  /** `DNS:a.example`, `URI:spiffe://a`, `email:me@a.example`, `IP:127.0.0.1` */
  readonly sans?: readonly string[];
  /** Who signs; absent: itself. */
  readonly issuer?: TestCertificate;
  readonly isAuthority?: boolean;
  readonly serial?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly keyType?: "ec" | "ec384" | "rsa";
}

const OIDS: Readonly<Record<string, string>> = {
  C: "550406",
  O: "55040a",
  CN: "550403",
};
const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const RSA_SHA256 = sequence(oid("2a864886f70d01010b"), der(0x05));
const DAY_MS = 86_400_000;

export function makeCertificate(options: CertificateOptions = {}): TestCertificate {
  const { subject = [["CN", "test"]], sans = [], issuer, isAuthority = false, serial = 4_097 } = options;
  const { notBefore = new Date(Date.now() - DAY_MS), notAfter = new Date(Date.now() + 30 * DAY_MS) } = options;
  const { publicKey, privateKey } =
    options.keyType === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: options.keyType === "ec384" ? "P-384" : "P-256" });
  const name = distinguishedName(subject);
  const signer = issuer?.privateKey ?? privateKey;
  const algorithm = signatureAlgorithm(signer);
  const spki = publicKey.export({ type: "spki", format: "der" });
  const extensions = [
    ...(isAuthority ? [extension("551d13", true, sequence(der(0x01, Buffer.of(0xff))))] : []),
    ...(sans.length > 0 ? [extension("551d11", false, sequence(...sans.map(generalName)))] : []),
    extension("551d0e", false, der(0x04, createHash("sha1").update(spki).digest())),
  ];
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    algorithm,
    issuer?.subject ?? name,
    sequence(time(notBefore), time(notAfter)),
    name,
    spki,
    der(0xa3, sequence(...extensions)),
  );
  return {
    certificate: pem("CERTIFICATE", signed(body, algorithm, signer)),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    privateKey,
    subject: name,
  };
}

export function makeAuthority(name: string): TestCertificate {
  return makeCertificate({
    subject: [
      ["O", "Nuncio"],
      ["CN", name],
    ],
    isAuthority: true,
    serial: 1,
  });
}

/** A list of revoked serial numbers. */
export function makeRevocations(issuer: TestCertificate, serials: readonly number[]): string {
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const now = new Date(Date.now() - DAY_MS);
  const revoked = serials.map((serial) => sequence(integer(serial), time(now)));
  const body = sequence(
    integer(1),
    algorithm,
    issuer.subject,
    time(now),
    time(new Date(Date.now() + DAY_MS)),
    ...(revoked.length > 0 ? [sequence(...revoked)] : []),
  );
  return pem("X509 CRL", signed(body, algorithm, issuer.privateKey));
}

function signed(body: Buffer, algorithm: Buffer, key: KeyObject): Buffer {
  return sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), sign("sha256", body, key)])));
}

function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === "rsa" ? RSA_SHA256 : ECDSA_SHA256;
}

function distinguishedName(attributes: readonly (readonly [string, string])[]): Buffer {
  return sequence(
    ...attributes.map(([type, value]) =>
      der(0x31, sequence(oid(OIDS[type] as string), der(type === "C" ? 0x13 : 0x0c, Buffer.from(value)))),
    ),
  );
}

function generalName(san: string): Buffer {
  const colon = san.indexOf(":");
  const [kind, value] = [san.slice(0, colon), san.slice(colon + 1)];
  if (kind === "IP") return der(0x87, Buffer.from(value.split(".").map(Number)));
  return der({ email: 0x81, DNS: 0x82, URI: 0x86 }[kind] as number, Buffer.from(value));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, "")));
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return der(0x02, (bytes[0] as number) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

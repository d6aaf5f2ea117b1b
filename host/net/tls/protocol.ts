/** Versions, ciphers and curves in the words of Node's OpenSSL, with Envoy's defaults (tls.v3.TlsParameters). */

import { constants } from "node:crypto";
import type { SecureVersion } from "node:tls";
import type { TlsParameters, TlsProtocol } from "../../config/types/tls.ts";

const VERSIONS: Readonly<Record<Exclude<TlsProtocol, "TLS_AUTO">, SecureVersion>> = {
  TLSv1_0: "TLSv1",
  TLSv1_1: "TLSv1.1",
  TLSv1_2: "TLSv1.2",
  TLSv1_3: "TLSv1.3",
};

/** TLS 1.3's suites cannot be chosen in Envoy either. */
const TLS13_CIPHERS = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
];
const CURVES = ["X25519", "P-256"];

export interface ProtocolOptions {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  readonly ciphers: string;
  readonly ecdhCurve: string;
  readonly secureOptions: number;
}

/** @param newest what `TLS_AUTO` goes up to: TLS 1.3 for servers, TLS 1.2 for clients, as in Envoy */
export function protocolOptions(params: TlsParameters = {}, newest: SecureVersion = "TLSv1.3"): ProtocolOptions {
  const minVersion = version(params.tls_minimum_protocol_version, "TLSv1.2");
  const suites = [TLS13_CIPHERS, ...(params.cipher_suites?.length ? params.cipher_suites : CIPHERS)];
  // OpenSSL's default security level has no ciphers for the old versions.
  if (minVersion < "TLSv1.2") suites.push("@SECLEVEL=0");
  return {
    minVersion,
    maxVersion: version(params.tls_maximum_protocol_version, newest),
    ciphers: suites.join(":"),
    // Envoy's default leaves it to the client whether AES or ChaCha comes first.
    secureOptions: params.cipher_suites?.length ? 0 : constants.SSL_OP_PRIORITIZE_CHACHA,
    ecdhCurve: (params.ecdh_curves?.length ? params.ecdh_curves : CURVES).join(":"),
  };
}

function version(asked: TlsProtocol | undefined, otherwise: SecureVersion): SecureVersion {
  return asked === undefined || asked === "TLS_AUTO" ? otherwise : VERSIONS[asked];
}

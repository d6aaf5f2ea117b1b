/**
 * Operators over TLS. Connections are plain here until TLS arrives, so what is asked for is not known: what Envoy shows on
 * a plain connection too.
 */

import { type OperatorFamily, type OperatorKind, plain } from "./operator.ts";

const unknown: OperatorKind = plain(() => undefined);
const unknownTime: OperatorKind = { argument: "optional", compile: () => () => undefined };

const OF_BOTH_SIDES = [
  "PEER_URI_SAN",
  "PEER_DNS_SAN",
  "PEER_IP_SAN",
  "LOCAL_URI_SAN",
  "LOCAL_DNS_SAN",
  "LOCAL_IP_SAN",
  "PEER_SUBJECT",
  "PEER_ISSUER",
  "PEER_CERT",
  "TLS_SESSION_ID",
  "TLS_CIPHER",
  "TLS_VERSION",
] as const;

const OF_DOWNSTREAM = [
  "PEER_EMAIL_SAN",
  "PEER_OTHERNAME_SAN",
  "LOCAL_EMAIL_SAN",
  "LOCAL_OTHERNAME_SAN",
  "LOCAL_SUBJECT",
  "PEER_FINGERPRINT_256",
  "PEER_FINGERPRINT_1",
  "PEER_SERIAL",
  "PEER_CHAIN_FINGERPRINTS_256",
  "PEER_CHAIN_FINGERPRINTS_1",
  "PEER_CHAIN_SERIALS",
  "TRANSPORT_FAILURE_REASON",
  "HANDSHAKE_DURATION",
] as const;

export const tlsOperators: OperatorFamily = {
  ...Object.fromEntries(OF_BOTH_SIDES.flatMap((name) => [`DOWNSTREAM_${name}`, `UPSTREAM_${name}`]).map(named)),
  ...Object.fromEntries(OF_DOWNSTREAM.map((name) => named(`DOWNSTREAM_${name}`))),
  DOWNSTREAM_PEER_CERT_V_START: unknownTime,
  DOWNSTREAM_PEER_CERT_V_END: unknownTime,
  UPSTREAM_PEER_CERT_V_START: unknownTime,
  UPSTREAM_PEER_CERT_V_END: unknownTime,
  TLS_JA3_FINGERPRINT: unknown,
  TLS_JA4_FINGERPRINT: unknown,
};

function named(name: string): [string, OperatorKind] {
  return [name, unknown];
}

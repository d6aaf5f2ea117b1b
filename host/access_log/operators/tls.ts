/** Operators over the TLS of either side; on a plain connection, or without a certificate, nothing is known. */

import type { CertificateFacts, SanKind } from "../../net/tls/certificate_facts.ts";
import type { TlsFacts } from "../../net/tls/tls_facts.ts";
import type { StreamInfo } from "../../stream_info/stream_info.ts";
import { compileStrftime } from "../strftime.ts";
import { type OperatorFamily, type OperatorKind, plain, plainText } from "./operator.ts";

type ReadTls = (info: StreamInfo) => TlsFacts | null;
type ReadCertificate = (info: StreamInfo) => CertificateFacts | null;

const downstream: ReadTls = (info) => info.connection.tls;
const upstream: ReadTls = (info) => info.upstreamTls;

export const tlsOperators: OperatorFamily = {
  ...ofBothSides("DOWNSTREAM", downstream),
  ...ofBothSides("UPSTREAM", upstream),
  ...ofDownstream(peerOf(downstream), localOf(downstream)),
  DOWNSTREAM_TRANSPORT_FAILURE_REASON: plainText((info) => info.connection.transportFailure.replaceAll(" ", "_")),
  DOWNSTREAM_HANDSHAKE_DURATION: plain(({ connection: { handshakeMs } }) =>
    handshakeMs < 0 ? undefined : Math.floor(handshakeMs),
  ),
  TLS_JA3_FINGERPRINT: plainText((info) => info.connection.facts.ja3),
  TLS_JA4_FINGERPRINT: plainText((info) => info.connection.facts.ja4),
};

function ofBothSides(side: string, tls: ReadTls): OperatorFamily {
  const [peer, local] = [peerOf(tls), localOf(tls)];
  return {
    [`${side}_PEER_URI_SAN`]: sans(peer, "URI"),
    [`${side}_PEER_DNS_SAN`]: sans(peer, "DNS"),
    [`${side}_PEER_IP_SAN`]: sans(peer, "IP_ADDRESS"),
    [`${side}_LOCAL_URI_SAN`]: sans(local, "URI"),
    [`${side}_LOCAL_DNS_SAN`]: sans(local, "DNS"),
    [`${side}_LOCAL_IP_SAN`]: sans(local, "IP_ADDRESS"),
    [`${side}_PEER_SUBJECT`]: text(peer, ({ subject }) => subject),
    [`${side}_PEER_ISSUER`]: text(peer, ({ issuer }) => issuer),
    [`${side}_PEER_CERT`]: text(peer, ({ urlEncodedPem }) => urlEncodedPem),
    [`${side}_PEER_CERT_V_START`]: validity(peer, ({ certificate }) => certificate.validFromDate),
    [`${side}_PEER_CERT_V_END`]: validity(peer, ({ certificate }) => certificate.validToDate),
    [`${side}_TLS_SESSION_ID`]: plainText((info) => tls(info)?.sessionId ?? ""),
    [`${side}_TLS_CIPHER`]: plainText((info) => tls(info)?.cipher ?? ""),
    [`${side}_TLS_VERSION`]: plainText((info) => tls(info)?.version ?? ""),
  };
}

function ofDownstream(peer: ReadCertificate, local: ReadCertificate): OperatorFamily {
  return {
    DOWNSTREAM_PEER_EMAIL_SAN: sans(peer, "EMAIL"),
    DOWNSTREAM_PEER_OTHERNAME_SAN: sans(peer, "OTHER_NAME"),
    DOWNSTREAM_LOCAL_EMAIL_SAN: sans(local, "EMAIL"),
    DOWNSTREAM_LOCAL_OTHERNAME_SAN: sans(local, "OTHER_NAME"),
    DOWNSTREAM_LOCAL_SUBJECT: text(local, ({ subject }) => subject),
    DOWNSTREAM_PEER_FINGERPRINT_256: text(peer, ({ fingerprint256 }) => fingerprint256),
    DOWNSTREAM_PEER_FINGERPRINT_1: text(peer, ({ fingerprint1 }) => fingerprint1),
    DOWNSTREAM_PEER_SERIAL: text(peer, ({ serial }) => serial),
    DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256: chain(peer, ({ fingerprint256 }) => fingerprint256),
    DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1: chain(peer, ({ fingerprint1 }) => fingerprint1),
    DOWNSTREAM_PEER_CHAIN_SERIALS: chain(peer, ({ serial }) => serial),
  };
}

function peerOf(tls: ReadTls): ReadCertificate {
  return (info) => tls(info)?.peer ?? null;
}

function localOf(tls: ReadTls): ReadCertificate {
  return (info) => tls(info)?.local ?? null;
}

function text(of: ReadCertificate, read: (certificate: CertificateFacts) => string): OperatorKind {
  return plainText((info) => {
    const certificate = of(info);
    return certificate === null ? "" : read(certificate);
  });
}

function sans(of: ReadCertificate, kind: SanKind): OperatorKind {
  return text(of, (certificate) => certificate.sansOf(kind).join(","));
}

function chain(of: ReadCertificate, read: (certificate: CertificateFacts) => string): OperatorKind {
  return text(of, (certificate) => certificate.chain.map(read).join(","));
}

function validity(of: ReadCertificate, read: (certificate: CertificateFacts) => Date): OperatorKind {
  return {
    argument: "optional",
    compile(argument) {
      const format = argument === "" ? (ms: number) => new Date(ms).toISOString() : compileStrftime(argument, false);
      return (info) => {
        const certificate = of(info);
        return certificate === null ? undefined : format(read(certificate).getTime());
      };
    },
  };
}

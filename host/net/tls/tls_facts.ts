/** What is known of the TLS of one connection, for logs, headers and stats; from Node when it is first asked for. */

import type { TLSSocket } from "node:tls";
import type { CertificateFacts } from "./certificate_facts.ts";

/** BoringSSL's names for what OpenSSL calls otherwise. */
const CURVE_NAMES: Readonly<Record<string, string>> = {
  x25519: "X25519",
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

/** What the handshake's judge knows already. */
export interface KnownOfPeer {
  readonly serverName: string;
  readonly peer: CertificateFacts | null;
  readonly peerIsValidated: boolean;
  readonly local: CertificateFacts | null;
}

export class TlsFacts {
  /** `TLSv1.3` */
  readonly version: string;
  /** In OpenSSL's spelling, which is Envoy's: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** `http/1.1`; empty: none was agreed on. */
  readonly alpn: string;
  /** Server name of the ClientHello; empty without. */
  readonly serverName: string;
  readonly isResumed: boolean;
  /** Key agreement, `X25519`; Node tells it to clients only. */
  readonly curve: string;
  /** The peer's certificate was checked against an authority or a pin, and passed. */
  readonly peerIsValidated: boolean;
  /** Our certificate; null where we showed none. */
  readonly local: CertificateFacts | null;
  /** What the peer showed; null: nothing. */
  readonly peer: CertificateFacts | null;
  private readonly stream: TLSSocket;
  private cachedSession: string | undefined;

  constructor(stream: TLSSocket, known: KnownOfPeer) {
    this.stream = stream;
    this.version = stream.getProtocol() ?? "";
    this.cipher = stream.getCipher()?.name ?? "";
    this.alpn = typeof stream.alpnProtocol === "string" ? stream.alpnProtocol : "";
    this.serverName = known.serverName;
    this.isResumed = stream.isSessionReused();
    const key = stream.getEphemeralKeyInfo();
    const curve = key !== null && "name" in key ? (key.name ?? "") : "";
    this.curve = CURVE_NAMES[curve] ?? curve;
    this.peer = known.peer;
    this.peerIsValidated = known.peerIsValidated;
    this.local = known.local;
  }

  /** Hex; empty in TLS 1.3 before a ticket. */
  get sessionId(): string {
    this.cachedSession ??= sessionIdOf(this.stream.getSession());
    return this.cachedSession;
  }
}

/** Session ids stand in the ASN.1 of a session as the second OCTET STRING, after version, version and cipher. */
function sessionIdOf(session: Buffer | null | undefined): string {
  // Node's types do not know of null: the connection is gone.
  if (session === undefined || session === null) return "";
  let at = session[1] === undefined || session[1] < 0x80 ? 2 : 2 + (session[1] & 0x7f);
  for (let strings = 0; at + 1 < session.length; ) {
    const [tag = 0, length = 0] = [session[at], session[at + 1]];
    if (length >= 0x80) return "";
    if (tag === 0x04 && ++strings === 2) return session.subarray(at + 2, at + 2 + length).toString("hex");
    at += 2 + length;
  }
  return "";
}

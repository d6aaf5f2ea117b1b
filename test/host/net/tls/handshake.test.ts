// Which peers are accepted, what is known of them, and what is said and counted of the others; both sides are ours.

import { X509Certificate } from "node:crypto";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CertificateValidationContext,
  type CommonTlsContext,
  DOWNSTREAM_TLS_CONTEXT,
  type DownstreamTlsContext,
  UPSTREAM_TLS_CONTEXT,
  type UpstreamTlsContext,
} from "../../../../host/config/types/tls.ts";
import type { CloseReason } from "../../../../host/net/close_reason.ts";
import { PortableNet } from "../../../../host/net/portable/portable_net.ts";
import { CertificateFacts } from "../../../../host/net/tls/certificate_facts.ts";
import { TlsClientContext } from "../../../../host/net/tls/client_context.ts";
import { TlsServerContext } from "../../../../host/net/tls/server_context.ts";
import type { TlsFacts } from "../../../../host/net/tls/tls_facts.ts";
import type { TlsSocket } from "../../../../host/net/tls/tls_socket.ts";
import { TlsStats } from "../../../../host/net/tls/tls_stats.ts";
import {
  makeAuthority,
  makeCertificate,
  makeRevocations,
  type TestCertificate,
} from "../../../support/certificates.ts";
import { LOOPBACK, SocketBench } from "../../../support/socket_bench.ts";
import { CountingScope, inline } from "../../../support/tls_net.ts";

const authority = makeAuthority("ours");
const stranger = makeAuthority("another");
const server = makeCertificate({
  issuer: authority,
  subject: [["CN", "server"]],
  sans: ["DNS:*.wild.example", "URI:spiffe://a/server"],
});
const client = makeCertificate({
  issuer: authority,
  subject: [
    ["C", "DE"],
    ["O", "Nuncio, Inc"],
    ["CN", "client"],
  ],
  sans: ["URI:spiffe://a/client", "DNS:client.example", "email:me@a.example", "IP:127.0.0.1"],
  serial: 0x1002,
});
const foreign = makeCertificate({ issuer: stranger, sans: ["DNS:client.example"] });
const expired = makeCertificate({ issuer: authority, notAfter: new Date(Date.now() - 3_600_000) });
const trusted: CertificateValidationContext = { trusted_ca: inline(authority.certificate) };

const VERIFY = "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ";

function common(identity: TestCertificate | null, more: CommonTlsContext = {}): CommonTlsContext {
  if (identity === null) return more;
  const { certificate, key } = identity;
  return { tls_certificates: [{ certificate_chain: inline(certificate), private_key: inline(key) }], ...more };
}

interface Side {
  tls: TlsFacts | null;
  failure: string;
  code: string;
}

interface Outcome {
  readonly server: Side;
  readonly client: Side;
  readonly serverCounts: ReadonlyMap<string, number>;
  readonly clientCounts: ReadonlyMap<string, number>;
}

describe("a handshake", () => {
  const bench = new SocketBench({
    name: "handshake",
    hasFiles: true,
    maker: () => (options) => new PortableNet(options),
  });
  beforeEach(() => bench.setUp());
  afterEach(() => bench.tearDown());

  /** Both sides' views of one connection; the client says a word, which must not arrive where it refuses the server. */
  async function shake(
    down: Omit<DownstreamTlsContext, "@type">,
    up: Omit<UpstreamTlsContext, "@type"> = {},
    contexts: { client?: TlsClientContext; protocols?: readonly string[] } = {},
  ): Promise<Outcome> {
    const [serverScope, clientScope] = [new CountingScope(), new CountingScope()];
    const serverContext = new TlsServerContext(
      { "@type": DOWNSTREAM_TLS_CONTEXT, ...down },
      bench.serverSide.options,
      new TlsStats(serverScope),
    );
    const clientContext =
      contexts.client ??
      new TlsClientContext(
        { "@type": UPSTREAM_TLS_CONTEXT, ...up },
        bench.clientSide.options,
        new TlsStats(clientScope),
      );
    const sides: Record<"server" | "client", Side> = {
      server: { tls: null, failure: "", code: "" },
      client: { tls: null, failure: "", code: "" },
    };
    let received = "";
    const serverDone = Promise.withResolvers<void>();
    const { listener } = await bench.serverSide.net.listen({
      address: LOOPBACK,
      backlog: 8,
      reusePort: false,
      ipv6Only: true,
      highBytes: 0,
      onAcceptTrouble() {},
      onAccept: (socket) => {
        const { remote, local } = socket;
        serverContext.handshake(socket.detach(), remote, local, 0, {
          onSecure: (secure) => {
            const endpoint = bench.endpointOn(bench.serverSide);
            endpoint.socket = secure;
            secure.owner = endpoint;
            sides.server.tls = secure.tls;
            endpoint.whenRead = (bytes) => {
              received += bytes.toString();
              endpoint.send("answer", true);
            };
            endpoint.whenEnded = () => secure.end();
            void endpoint.until(() => endpoint.closedBy !== null).then(() => serverDone.resolve());
          },
          onHandshakeFailed: (reason: CloseReason) => {
            sides.server.failure = reason.transportFailure ?? "";
            sides.server.code = reason.code;
            serverDone.resolve();
          },
        });
      },
    });
    if (listener === null) throw new Error("not listening");
    bench.listeners.push(listener);
    const endpoint = bench.endpointOn(bench.clientSide);
    endpoint.socket = clientContext.connect(listener.address, "", { highBytes: 0 }, endpoint, contexts.protocols);
    endpoint.whenConnected = () => {
      sides.client.tls = (endpoint.socket as TlsSocket).tls;
    };
    endpoint.send("word");
    endpoint.whenEnded = () => endpoint.connection.end();
    await endpoint.until(() => endpoint.closedBy !== null);
    sides.client.failure = endpoint.closedBy?.transportFailure ?? "";
    sides.client.code = endpoint.closedBy?.code ?? "";
    await serverDone.promise;
    if (sides.client.tls === null) expect(received).toBe("");
    else if (sides.server.tls !== null) expect([received, endpoint.text]).toEqual(["word", "answer"]);
    return { ...sides, serverCounts: serverScope.counts, clientCounts: clientScope.counts };
  }

  it("knows version, cipher, names and certificates on both sides", async () => {
    const outcome = await shake(
      { common_tls_context: common(server, { validation_context: trusted, alpn_protocols: ["http/1.1"] }) },
      {
        sni: "x.wild.example",
        auto_sni_san_validation: true,
        common_tls_context: common(client, { validation_context: trusted, alpn_protocols: ["http/1.1"] }),
      },
    );
    const { tls } = outcome.server;
    expect(tls).toMatchObject({
      version: "TLSv1.2",
      cipher: "ECDHE-ECDSA-AES128-GCM-SHA256",
      alpn: "http/1.1",
      serverName: "x.wild.example",
      peerIsValidated: true,
    });
    expect(tls?.sessionId).toMatch(/^([0-9a-f]{64})?$/);
    expect(tls?.peer?.subject).toBe("CN=client,O=Nuncio\\, Inc,C=DE");
    expect(tls?.peer?.issuer).toBe("CN=ours,O=Nuncio");
    expect(tls?.peer?.serial).toBe("1002");
    expect(tls?.peer?.sansOf("URI")).toEqual(["spiffe://a/client"]);
    expect(tls?.peer?.sansOf("EMAIL")).toEqual(["me@a.example"]);
    expect(tls?.peer?.sansOf("IP_ADDRESS")).toEqual(["127.0.0.1"]);
    expect(tls?.local?.subject).toBe("CN=server");
    expect(outcome.client.tls).toMatchObject({ peerIsValidated: true, curve: "X25519" });
    expect(Object.fromEntries(outcome.serverCounts)).toEqual({
      handshake: 1,
      "versions.TLSv1.2": 1,
      "ciphers.ECDHE-ECDSA-AES128-GCM-SHA256": 1,
    });
    expect(outcome.clientCounts.get("curves.X25519")).toBe(1);
  });

  it.each(["TLSv1_2", "TLSv1_3"] as const)("asks for a certificate and gets none (%s)", async (newest) => {
    const { server: side, serverCounts } = await shake(
      { require_client_certificate: true, common_tls_context: common(server, { validation_context: trusted }) },
      { common_tls_context: { tls_params: { tls_maximum_protocol_version: newest } } },
    );
    expect(side.failure).toBe(
      "TLS_error:|268435648:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:peer did not provide required client certificate:TLS_error_end",
    );
    expect(Object.fromEntries(serverCounts)).toEqual({ fail_verify_no_cert: 1 });
  });

  const untrusted = `${VERIFY}X509_verify_cert: certificate verification error at depth 0: unable to get local issuer certificate:TLS_error_end`;
  const otherName = `${VERIFY}SAN matcher, certificate SANs are [spiffe://a/client, client.example, me@a.example, 127.0.0.1]:TLS_error_end`;
  const pin = `${VERIFY}cert hash and spki:TLS_error_end`;
  const san = (san_type: "DNS" | "URI" | "EMAIL" | "IP_ADDRESS", matcher: object) => ({
    match_typed_subject_alt_names: [{ san_type, matcher }],
  });
  const facts = new CertificateFacts(new X509Certificate(client.certificate));
  const isExpired = `${VERIFY}X509_verify_cert: certificate verification error at depth 0: certificate has expired:TLS_error_end`;

  it.each<[string, TestCertificate, object, string, object]>([
    ["an unknown authority", foreign, {}, untrusted, { fail_verify_error: 1 }],
    ["an expired certificate", expired, {}, isExpired, { fail_verify_error: 1 }],
    ["another DNS name", client, san("DNS", { exact: "other.example" }), otherName, { fail_verify_san: 1 }],
    ["a name of another type", client, san("URI", { exact: "client.example" }), otherName, { fail_verify_san: 1 }],
    ["another hash", client, { verify_certificate_hash: ["00".repeat(32)] }, pin, { fail_verify_cert_hash: 1 }],
    ["a key that is not pinned", client, { verify_certificate_spki: ["x"] }, pin, { fail_verify_cert_hash: 1 }],
    [
      "a revoked certificate",
      client,
      { crl: inline(makeRevocations(authority, [0x1002])) },
      `${VERIFY}X509_verify_cert: certificate verification error at depth 0: certificate revoked:TLS_error_end`,
      { fail_verify_error: 1 },
    ],
  ])("refuses a client with %s", async (_what, identity, rules, failure, counts) => {
    const validation_context = { ...trusted, ...rules };
    for (const require_client_certificate of [true, false]) {
      const { server: side, serverCounts } = await shake(
        { require_client_certificate, common_tls_context: common(server, { validation_context }) },
        { common_tls_context: common(identity) },
      );
      expect(side.failure).toBe(failure);
      expect(Object.fromEntries(serverCounts)).toEqual(counts);
    }
  });

  it.each<[string, object]>([
    ["a DNS name", san("DNS", { exact: "client.example" })],
    ["a URI by prefix", san("URI", { prefix: "spiffe://a/" })],
    ["an address", san("IP_ADDRESS", { exact: "127.0.0.1" })],
    ["an email by regex", san("EMAIL", { safe_regex: { regex: ".*@a\\.example" } })],
    [
      "its hash, with colons",
      { verify_certificate_hash: [facts.fingerprint256.replace(/..(?=.)/g, "$&:").toUpperCase()] },
    ],
    ["its key", { verify_certificate_spki: [facts.spkiHash] }],
    ["a list of revoked others", { crl: inline(makeRevocations(authority, [7])) }],
  ])("accepts a client with %s", async (_what, rules) => {
    const validation_context = { ...trusted, ...rules };
    const { server: side } = await shake(
      { require_client_certificate: true, common_tls_context: common(server, { validation_context }) },
      { common_tls_context: common(client) },
    );
    expect(side.failure).toBe("");
    expect(side.tls?.peerIsValidated).toBe(true);
  });

  describe("agrees on a protocol", () => {
    it.each([
      ["what the client speaks", ["h2", "http/1.1"], [], ["h2"], "h2"],
      ["what the server puts first", ["h2", "http/1.1"], [], ["http/1.1", "h2"], "h2"],
      ["what the config offers, rather than what the client would", ["h2", "x"], ["x"], ["h2"], "x"],
      ["no HTTP that the client does not speak", ["h2", "http/1.1"], ["h2", "http/1.1"], ["http/1.1"], "http/1.1"],
      ["whatever the config offers where bytes are carried", ["h2"], ["h2"], [], "h2"],
      ["none, where none is offered", ["h2"], [], [], ""],
    ])("%s", async (_what, accepted, configured, protocols, agreed) => {
      const outcome = await shake(
        { common_tls_context: common(server, { alpn_protocols: accepted }) },
        { common_tls_context: common(null, configured.length === 0 ? {} : { alpn_protocols: configured }) },
        { protocols },
      );
      expect(outcome.server.tls?.alpn).toBe(agreed);
      expect(outcome.client.tls?.alpn).toBe(agreed);
    });
  });

  it("lets an untrusted client pass where that is asked for, counts it, and does not call it validated", async () => {
    const validation_context = { ...trusted, trust_chain_verification: "ACCEPT_UNTRUSTED" as const };
    const { server: side, serverCounts } = await shake(
      { require_client_certificate: true, common_tls_context: common(server, { validation_context }) },
      { common_tls_context: common(foreign) },
    );
    expect(side.tls?.peerIsValidated).toBe(false);
    expect(serverCounts.get("fail_verify_error")).toBe(1);
    expect(serverCounts.get("handshake")).toBe(1);
  });

  it.each<[string, Omit<UpstreamTlsContext, "@type">, string, string]>([
    [
      "of another authority",
      { common_tls_context: { validation_context: { trusted_ca: inline(stranger.certificate) } } },
      untrusted,
      "fail_verify_error",
    ],
    [
      "without the name that was asked for",
      { sni: "a.b.wild.example", auto_sni_san_validation: true, common_tls_context: { validation_context: trusted } },
      `${VERIFY}SAN matcher, certificate SANs are [*.wild.example, spiffe://a/server]:TLS_error_end`,
      "fail_verify_san",
    ],
  ])("refuses a server %s, and says nothing to it", async (_what, up, failure, counter) => {
    const { client: side, clientCounts } = await shake({ common_tls_context: common(server) }, up);
    expect(side).toEqual({ tls: null, failure, code: "TLS" });
    expect(Object.fromEntries(clientCounts)).toEqual({ [counter]: 1 });
  });

  it("finds no cipher in common", async () => {
    const cipher = (name: string) => ({
      tls_params: { cipher_suites: [name], tls_maximum_protocol_version: "TLSv1_2" as const },
    });
    const outcome = await shake(
      { common_tls_context: common(server, cipher("ECDHE-ECDSA-AES256-GCM-SHA384")) },
      { common_tls_context: cipher("ECDHE-ECDSA-AES128-GCM-SHA256") },
    );
    expect(outcome.client.failure).toBe(
      "TLS_error:|268436496:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE|268435610:SSL routines:OPENSSL_internal:HANDSHAKE_FAILURE_ON_CLIENT_HELLO:TLS_error_end",
    );
    expect(outcome.server.failure).toContain(":268435640:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER".slice(1));
    expect(outcome.serverCounts.get("connection_error")).toBe(1);
    expect(outcome.clientCounts.get("connection_error")).toBe(1);
  });

  it("resumes a session", async () => {
    const scope = new CountingScope();
    const context = new TlsClientContext(
      { "@type": UPSTREAM_TLS_CONTEXT },
      bench.clientSide.options,
      new TlsStats(scope),
    );
    const key = inline("k".repeat(80));
    const down = { common_tls_context: common(server), session_ticket_keys: { keys: [key] } };
    await shake(down, {}, { client: context });
    // Another server context with the same keys, as in another worker.
    const { server: side } = await shake(down, {}, { client: context });
    expect(side.tls?.isResumed).toBe(true);
    expect(scope.counts.get("session_reused")).toBe(1);
  });

  it("judges a resumed session by the certificate that it began with", async () => {
    const scope = new CountingScope();
    const context = new TlsClientContext(
      { "@type": UPSTREAM_TLS_CONTEXT, common_tls_context: { validation_context: trusted } },
      bench.clientSide.options,
      new TlsStats(scope),
    );
    const down = { common_tls_context: common(server), session_ticket_keys: { keys: [inline("k".repeat(80))] } };
    await shake(down, {}, { client: context });
    const { client: side } = await shake(down, {}, { client: context });
    expect(scope.counts.get("session_reused")).toBe(1);
    expect(side.tls).toMatchObject({ peerIsValidated: true });
    expect(side.tls?.peer?.fingerprint256).toBe(
      new CertificateFacts(new X509Certificate(server.certificate)).fingerprint256,
    );
  });

  it("refuses a server again that was refused, whatever session it gave", async () => {
    const context = new TlsClientContext(
      { "@type": UPSTREAM_TLS_CONTEXT, common_tls_context: { validation_context: trusted } },
      bench.clientSide.options,
      new TlsStats(new CountingScope()),
    );
    const down = { common_tls_context: common(foreign), session_ticket_keys: { keys: [inline("k".repeat(80))] } };
    for (let i = 0; i < 3; i++) {
      const { client: side } = await shake(down, {}, { client: context });
      expect(side).toMatchObject({ tls: null, failure: expect.stringContaining(VERIFY) });
    }
  });

  it.each<[string, string, string]>([
    [
      "plain HTTP",
      "GET / HTTP/1.1\r\n\r\n",
      "TLS_error:|268435612:SSL routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end",
    ],
    [
      "noise",
      "\x16\x09\x09 no TLS at all",
      "TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end",
    ],
  ])("answers %s with an end", async (_what, bytes, failure) => {
    const context = new TlsServerContext(
      { "@type": DOWNSTREAM_TLS_CONTEXT, common_tls_context: common(server) },
      bench.serverSide.options,
      new TlsStats(new CountingScope()),
    );
    const failed = Promise.withResolvers<CloseReason>();
    const { listener } = await bench.serverSide.net.listen({
      address: LOOPBACK,
      backlog: 8,
      reusePort: false,
      ipv6Only: true,
      highBytes: 0,
      onAcceptTrouble() {},
      onAccept: (socket) => {
        const { remote, local } = socket;
        context.handshake(socket.detach(), remote, local, 0, {
          onSecure: (secure) => secure.close(),
          onHandshakeFailed: failed.resolve,
        });
      },
    });
    if (listener === null) throw new Error("not listening");
    bench.listeners.push(listener);
    const peer = connect({ port: listener.address.kind === "ip" ? listener.address.port : 0, host: "127.0.0.1" });
    peer.on("error", () => {});
    peer.write(bytes, "latin1");
    expect((await failed.promise).transportFailure).toBe(failure);
    peer.destroy();
  });
});

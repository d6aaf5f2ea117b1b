/**
 * One DownstreamTlsContext: makes secure sockets of accepted connections.
 *
 *   stream --handshake--> shaking --Node's handshake--> judged --certificate accepted--> onSecure
 *                            \____ error, timeout, close ____\____ refused ____> onHandshakeFailed
 *
 * Node's `tls.Server` does the handshakes; it never listens, connections are given to it as its `connection` event (which Node
 * documents for that). Its events do not say which connection they are about, so each is given a view of the server that
 * inherits everything and hears its events alone.
 */

import { constants, randomBytes } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { Socket as NodeSocket } from "node:net";
import { createServer, Server, type TLSSocket, type TlsOptions } from "node:tls";
import { readDataSource } from "../../config/data_source.ts";
import { referencesOf, sdsReference } from "../../config/secrets/reference.ts";
import type { DownstreamTlsContext } from "../../config/types/tls.ts";
import { type Address, UNKNOWN_ADDRESS } from "../address.ts";
import { type CloseReason, closeReasonOfCode, closeReasonOfTls } from "../close_reason.ts";
import type { NetOptions } from "../socket.ts";
import { CertificateChoice } from "./certificate_choice.ts";
import { CertificateFacts } from "./certificate_facts.ts";
import { failureOfChain, failureOfCode, failureOfError } from "./failure_reason.ts";
import type { KeyLog, KeyLogSink } from "./key_log.ts";
import { identitiesOf, type NamedIdentity, required, validationOf } from "./material.ts";
import { protocolOptions } from "./protocol.ts";
import { SecretStore } from "./secret_store.ts";
import { TlsFacts } from "./tls_facts.ts";
import { TlsSocket } from "./tls_socket.ts";
import type { TlsStats } from "./tls_stats.ts";
import { ACCEPTED, PeerValidator } from "./validation.ts";
import { chainErrorOf, countVerdict } from "./verdict.ts";

/** Who waits for a handshake. Neither is called inside `handshake()`. */
export interface HandshakeOwner {
  /** Takes the socket over: sets its owner or closes it before it returns. */
  onSecure(socket: TlsSocket): void;
  onHandshakeFailed(reason: CloseReason): void;
}

/** Node gives up on its own after so long; the limit that the config sets is its owner's. */
const HANDSHAKE_MAX_MS = 2 ** 31 - 1;
/** As Node wants them. */
const TICKET_KEYS_BYTES = 48;

export class TlsServerContext {
  readonly stats: TlsStats;
  private readonly config: DownstreamTlsContext;
  private readonly options: NetOptions;
  private readonly secrets: SecretStore;
  private readonly keyLog: KeyLog | null;
  private readonly requiresCertificate: boolean;
  private readonly unwatch: () => void;
  /** What tickets are encrypted with unless the config says: they outlive a change of certificates. */
  private readonly ownTicketKeys = randomBytes(TICKET_KEYS_BYTES);
  private material: ServerMaterial;

  /** Throws TlsMaterialError, and what OpenSSL throws. @param onUpdate a secret was replaced by another, now and at each later time */
  constructor(
    config: DownstreamTlsContext,
    options: NetOptions,
    stats: TlsStats,
    secrets: SecretStore = new SecretStore(),
    onUpdate: () => void = () => {},
    keyLog: KeyLog | null = null,
  ) {
    this.config = config;
    this.options = options;
    this.stats = stats;
    this.secrets = secrets;
    this.keyLog = keyLog;
    this.requiresCertificate = config.require_client_certificate ?? false;
    this.material = this.make();
    const keys = referencesOf(config).map(({ key }) => key);
    this.unwatch = secrets.watch(keys, () => {
      this.material = this.make();
      onUpdate();
    });
    for (const _ of keys) onUpdate();
  }

  /** No handshake will come. Those under way go on. */
  dispose(): void {
    this.unwatch();
  }

  /**
   * Takes a stream over, with what was read of it given back to it before (`unshift`).
   * @param serverName that the client asks for, as far as it is known already: several certificates are chosen by it
   */
  handshake(
    stream: NodeSocket,
    remote: Address,
    local: Address | null,
    highBytes: number,
    owner: HandshakeOwner,
    serverName = "",
  ): Handshake {
    // What holds now judges, though a secret be replaced meanwhile: OpenSSL asks the same authorities.
    const { material } = this;
    const { choice } = material;
    return new Handshake(
      this.serverFor(material, serverName === "" ? choice.withoutName : choice.forName(serverName)),
      stream,
      this.options,
      owner,
      (secure) => {
        const answer = this.judge(secure, material);
        if ("kind" in answer) return answer;
        const parts = { options: this.options, stream: secure, below: stream, remote, local, highBytes };
        return new TlsSocket(parts, answer, null);
      },
      (reason) => this.failed(reason, material),
      this.keyLog?.between(local ?? UNKNOWN_ADDRESS, remote) ?? null,
    );
  }

  private judge(secure: TLSSocket, { validator, identities }: ServerMaterial): TlsFacts | CloseReason {
    const { stats } = this;
    const certificate = secure.getPeerX509Certificate();
    const peer = certificate === undefined ? null : new CertificateFacts(certificate);
    let peerIsValidated = false;
    if (peer === null) {
      if (this.requiresCertificate) {
        return closeReasonOfTls(failureOfCode("ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"));
      }
    } else {
      const verdict = validator.judge(peer, chainErrorOf(secure), "");
      countVerdict(stats, verdict);
      if (verdict.failure !== "") return closeReasonOfTls(verdict.failure);
      peerIsValidated = verdict.kind === ACCEPTED;
    }
    const serverName = typeof secure.servername === "string" ? secure.servername.toLowerCase() : "";
    const facts = new TlsFacts(secure, { serverName, peer, peerIsValidated, local: shownBy(secure, identities) });
    stats.succeeded(facts);
    return facts;
  }

  /** Counts what the verdict has not. */
  private failed(reason: CloseReason, { validator }: ServerMaterial): void {
    const failure = reason.transportFailure ?? "";
    if (failure.includes("PEER_DID_NOT_RETURN_A_CERTIFICATE")) this.stats.failVerifyNoCert.inc();
    else if (failure.includes("X509_verify_cert") && this.requiresCertificate && validator.insistsOnChain) {
      this.stats.failVerifyError.inc();
    } else if (failure !== "" && !failure.includes("CERTIFICATE_VERIFY_FAILED")) this.stats.connectionError.inc();
  }

  /** What the config and the secrets come to now. Throws TlsMaterialError. */
  private make(): ServerMaterial {
    const { config, secrets } = this;
    const { common_tls_context: common = {}, session_ticket_keys_sds_secret_config: reference } = config;
    const identities = identitiesOf(common, secrets);
    const tickets =
      reference === undefined
        ? config.session_ticket_keys
        : required(secrets, sdsReference(reference, "session_ticket_keys")).session_ticket_keys;
    const [key] = tickets?.keys ?? [];
    const material = {
      identities,
      choice: new CertificateChoice(identities, config.full_scan_certs_on_sni_mismatch ?? false),
      validator: new PeerValidator(validationOf(common, secrets)),
      ticketKeys: key === undefined ? this.ownTicketKeys : ticketKeysOf(readDataSource(key)),
      servers: new Map(),
    };
    // What OpenSSL does not like is said now.
    this.serverFor(material, material.choice.withoutName);
    return material;
  }

  /** The server that shows these. */
  private serverFor(material: ServerMaterial, identities: readonly NamedIdentity[]): Server {
    const { servers } = material;
    let server = servers.get(identities);
    if (server === undefined) {
      server = createServer(this.optionsWith(material, identities));
      // Node asks OpenSSL for lines where somebody listens; each handshake hears its own.
      if (this.keyLog !== null) server.on("keylog", () => {});
      servers.set(identities, server);
    }
    return server;
  }

  private optionsWith({ validator, ticketKeys }: ServerMaterial, identities: readonly NamedIdentity[]): TlsOptions {
    const { config, requiresCertificate } = this;
    const { authorities, revocations } = validator;
    const { common_tls_context: common = {}, session_timeout: timeout } = config;
    const protocol = protocolOptions(common.tls_params);
    const noTickets = config.disable_stateless_session_resumption === true ? constants.SSL_OP_NO_TICKET : 0;
    return {
      ...protocol,
      secureOptions: protocol.secureOptions | noTickets,
      honorCipherOrder: config.prefer_client_ciphers !== true,
      cert: identities.map(({ identity }) => identity.chainPem),
      key: identities.map(({ identity }) => identity.key.export({ type: "pkcs8", format: "pem" })),
      ca: [...(authorities ?? [])],
      ...(revocations === undefined ? {} : { crl: revocations }),
      ...(common.alpn_protocols?.length ? { ALPNProtocols: [...common.alpn_protocols] } : {}),
      allowPartialTrustChain: true,
      requestCert: requiresCertificate || validator.checksAnything,
      // Where OpenSSL may refuse by itself, its peer gets the alert that says why.
      rejectUnauthorized: requiresCertificate && validator.insistsOnChain,
      handshakeTimeout: HANDSHAKE_MAX_MS,
      ...(timeout === undefined ? {} : { sessionTimeout: Math.max(1, Math.floor(timeout / 1_000)) }),
      ticketKeys,
    };
  }
}

/** What a context is made of, as long as its secrets stay. */
interface ServerMaterial {
  readonly identities: readonly NamedIdentity[];
  readonly choice: CertificateChoice;
  readonly validator: PeerValidator;
  readonly ticketKeys: Buffer;
  /** One for each choice of certificates that was made. */
  readonly servers: Map<readonly NamedIdentity[], Server>;
}

/** Which of our certificates a client was shown. */
function shownBy(secure: TLSSocket, identities: readonly NamedIdentity[]): CertificateFacts {
  const [first] = identities as readonly [NamedIdentity, ...NamedIdentity[]];
  if (identities.length === 1) return first.facts;
  const shown = secure.getX509Certificate()?.raw;
  return identities.find(({ facts }) => shown?.equals(facts.certificate.raw) === true)?.facts ?? first.facts;
}

/** Envoy's file holds name (16), HMAC key (32), AES key (32); Node wants name (16), HMAC key (16), AES key (16). */
function ticketKeysOf(key: Buffer): Buffer {
  return Buffer.concat([key.subarray(0, 16), key.subarray(16, 32), key.subarray(48, 64)]);
}

/** One handshake under way. */
export class Handshake {
  private owner: HandshakeOwner | null;
  private readonly stream: NodeSocket;
  private readonly options: NetOptions;
  private readonly admit: (secure: TLSSocket) => TlsSocket | CloseReason;
  private readonly onFailed: (reason: CloseReason) => void;

  constructor(
    server: Server,
    stream: NodeSocket,
    options: NetOptions,
    owner: HandshakeOwner,
    admit: (secure: TLSSocket) => TlsSocket | CloseReason,
    onFailed: (reason: CloseReason) => void,
    onKeyLog: KeyLogSink | null = null,
  ) {
    this.stream = stream;
    this.options = options;
    this.owner = owner;
    this.admit = admit;
    this.onFailed = onFailed;
    stream.setNoDelay(true);
    // What goes wrong below is told by the stream above it; without a listener it would be thrown.
    stream.on("error", (error: NodeJS.ErrnoException) => this.fail(closeReasonOfCode(error.code ?? "EIO")));
    // The stream above says why, and says it after this.
    stream.on("close", () => setImmediate(() => this.fail(closeReasonOfCode("ECONNRESET"))));
    const view = Object.create(server) as Server;
    view.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event === "keylog") onKeyLog?.((args[0] as Buffer).toString("latin1"));
      else if (event === "secureConnection") this.secured(args[0] as TLSSocket);
      else if (event === "tlsClientError") this.failed(args[0] as NodeJS.ErrnoException, args[1] as TLSSocket);
      return true;
    };
    (Server.prototype as EventEmitter).emit.call(view, "connection", stream);
  }

  /** Gives up; nobody is told. */
  close(): void {
    this.owner = null;
    this.stream.destroy();
  }

  private secured(secure: TLSSocket): void {
    this.options.onWake();
    const { owner } = this;
    if (owner === null) return;
    const answer = this.admit(secure);
    if (!(answer instanceof TlsSocket)) {
      this.fail(answer);
      secure.destroy();
      return;
    }
    this.owner = null;
    answer.guard(() => {
      owner.onSecure(answer);
      if (answer.owner === null) answer.close();
    });
  }

  /** Node destroys the stream by itself, after the alert that it owes the peer. */
  private failed(error: NodeJS.ErrnoException, secure: TLSSocket): void {
    const chain = error.code === "ECONNRESET" ? chainErrorOf(secure) : "";
    const failure = failureOfError(error);
    if (chain !== "") this.fail(closeReasonOfTls(failureOfChain(chain)));
    else if (failure !== "") this.fail(closeReasonOfTls(failure));
    else this.fail(closeReasonOfCode(error.code ?? "EIO"));
  }

  private fail(reason: CloseReason): void {
    const { owner } = this;
    if (owner === null) return;
    this.owner = null;
    this.options.onWake();
    this.onFailed(reason);
    try {
      owner.onHandshakeFailed(reason);
    } catch (error) {
      this.options.onFault(error);
    }
  }
}

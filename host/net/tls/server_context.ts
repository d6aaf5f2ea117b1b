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

import { constants, type X509Certificate } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { Socket as NodeSocket } from "node:net";
import { createServer, Server, type TLSSocket } from "node:tls";
import { readDataSource } from "../../config/data_source.ts";
import { type Identity, readIdentity } from "../../config/tls_material.ts";
import type { DownstreamTlsContext } from "../../config/types/tls.ts";
import type { Address } from "../address.ts";
import { type CloseReason, closeReasonOfCode, closeReasonOfTls } from "../close_reason.ts";
import type { NetOptions } from "../socket.ts";
import { CertificateFacts } from "./certificate_facts.ts";
import { failureOfChain, failureOfCode, failureOfError } from "./failure_reason.ts";
import { protocolOptions } from "./protocol.ts";
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

export class TlsServerContext {
  readonly stats: TlsStats;
  private readonly server: Server;
  private readonly validator: PeerValidator;
  private readonly local: CertificateFacts;
  private readonly options: NetOptions;
  private readonly requiresCertificate: boolean;

  /** Throws TlsMaterialError, and what OpenSSL throws. */
  constructor(config: DownstreamTlsContext, options: NetOptions, stats: TlsStats) {
    const common = config.common_tls_context ?? {};
    const identities = (common.tls_certificates ?? []).map(readIdentity);
    // The config door lets no context without a certificate through.
    this.local = new CertificateFacts((identities[0] as Identity).chain[0] as X509Certificate);
    this.options = options;
    this.stats = stats;
    this.validator = new PeerValidator(common.validation_context);
    const { authorities, revocations, checksAnything, insistsOnChain } = this.validator;
    const isRequired = config.require_client_certificate ?? false;
    const protocol = protocolOptions(common.tls_params);
    const noTickets = config.disable_stateless_session_resumption === true ? constants.SSL_OP_NO_TICKET : 0;
    this.server = createServer({
      ...protocol,
      secureOptions: protocol.secureOptions | noTickets,
      cert: identities.map(({ chainPem }) => chainPem),
      key: identities.map(({ key }) => key.export({ type: "pkcs8", format: "pem" })),
      ca: [...(authorities ?? [])],
      ...(revocations === undefined ? {} : { crl: revocations }),
      ...(common.alpn_protocols?.length ? { ALPNProtocols: [...common.alpn_protocols] } : {}),
      allowPartialTrustChain: true,
      requestCert: isRequired || checksAnything,
      // Where OpenSSL may refuse by itself, its peer gets the alert that says why.
      rejectUnauthorized: isRequired && insistsOnChain,
      handshakeTimeout: HANDSHAKE_MAX_MS,
      ...sessionOptions(config),
    });
    this.requiresCertificate = isRequired;
  }

  /** The certificate of this context. */
  get certificate(): CertificateFacts {
    return this.local;
  }

  /** Takes a stream over, with what was read of it given back to it before (`unshift`). */
  handshake(
    stream: NodeSocket,
    remote: Address,
    local: Address | null,
    highBytes: number,
    owner: HandshakeOwner,
  ): Handshake {
    return new Handshake(
      this.server,
      stream,
      this.options,
      owner,
      (secure) => {
        const answer = this.judge(secure);
        if ("kind" in answer) return answer;
        const parts = { options: this.options, stream: secure, below: stream, remote, local, highBytes };
        return new TlsSocket(parts, answer, null);
      },
      (reason) => this.failed(reason),
    );
  }

  private judge(secure: TLSSocket): TlsFacts | CloseReason {
    const { stats, validator } = this;
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
    const facts = new TlsFacts(secure, { serverName, peer, peerIsValidated, local: this.local });
    stats.succeeded(facts);
    return facts;
  }

  /** Counts what the verdict has not. */
  private failed(reason: CloseReason): void {
    const failure = reason.transportFailure ?? "";
    if (failure.includes("PEER_DID_NOT_RETURN_A_CERTIFICATE")) this.stats.failVerifyNoCert.inc();
    else if (failure.includes("X509_verify_cert") && this.requiresCertificate && this.validator.insistsOnChain) {
      this.stats.failVerifyError.inc();
    } else if (failure !== "" && !failure.includes("CERTIFICATE_VERIFY_FAILED")) this.stats.connectionError.inc();
  }
}

/** Tickets are encrypted with keys of this worker's own unless the config gives some. */
function sessionOptions(config: DownstreamTlsContext) {
  const key = config.session_ticket_keys?.keys?.[0];
  return {
    ...(config.session_timeout === undefined
      ? {}
      : { sessionTimeout: Math.max(1, Math.floor(config.session_timeout / 1_000)) }),
    ...(key === undefined ? {} : { ticketKeys: ticketKeysOf(readDataSource(key)) }),
  };
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
      if (event === "secureConnection") this.secured(args[0] as TLSSocket);
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

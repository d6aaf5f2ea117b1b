/**
 * One UpstreamTlsContext: opens connections and speaks TLS on them. The server's certificate is judged inside Node's
 * `secureConnect`, before anything of ours is sent; its owner hears `onConnect` after that, or `onClose` with the reason.
 *
 * Sessions are kept for the next connection, `max_session_keys` of them, used from the newest on, and only of servers whose certificate was
 * accepted. A resumed session shows no certificate: the one that it began with is kept beside it, and judged again.
 */

import { connect as nodeConnect } from "node:net";
import { createSecureContext, type SecureContext, type TLSSocket, connect as tlsConnect } from "node:tls";
import { spokenOf } from "../../config/alpn.ts";
import { referencesOf } from "../../config/secrets/reference.ts";
import type { UpstreamTlsContext } from "../../config/types/tls.ts";
import { type Address, UNKNOWN_ADDRESS } from "../address.ts";
import { type CloseReason, closeReasonOfTls } from "../close_reason.ts";
import type { ConnectOptions, NetOptions, SocketOwner } from "../socket.ts";

import { CertificateFacts } from "./certificate_facts.ts";
import { failureOfVerification } from "./failure_reason.ts";
import type { KeyLog } from "./key_log.ts";
import { identitiesOf, validationOf } from "./material.ts";
import { protocolOptions } from "./protocol.ts";
import { SecretStore } from "./secret_store.ts";
import { TlsFacts } from "./tls_facts.ts";
import { TlsSocket } from "./tls_socket.ts";
import type { TlsStats } from "./tls_stats.ts";
import { ACCEPTED, PeerValidator } from "./validation.ts";
import { chainErrorOf, countVerdict } from "./verdict.ts";

const SESSION_KEYS = 1;

/** Whom a connection is for, where that is not the config's affair. */
export interface ServerIdentity {
  /** Server name of the ClientHello; empty: as the config says. */
  readonly serverName: string;
  /** What the certificate must be for; empty: as the config says. */
  readonly expected: string;
}

interface Session {
  readonly serverName: string;
  readonly ticket: Buffer;
  readonly peer: CertificateFacts | null;
}

/** What a context is made of, as long as its secrets stay. */
interface ClientMaterial {
  readonly secureContext: SecureContext;
  readonly validator: PeerValidator;
  readonly local: CertificateFacts | null;
}

export class TlsClientContext {
  readonly stats: TlsStats;
  private readonly config: UpstreamTlsContext;
  private readonly options: NetOptions;
  private readonly secrets: SecretStore;
  private readonly keyLog: KeyLog | null;
  private readonly sessionsMax: number;
  /** The newest last. */
  private readonly sessions: Session[] = [];
  private readonly unwatch: () => void;
  private material: ClientMaterial;

  /** Throws TlsMaterialError, and what OpenSSL throws. @param onUpdate a secret was replaced by another, now and at each later time */
  constructor(
    config: UpstreamTlsContext,
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
    this.sessionsMax = config.max_session_keys ?? SESSION_KEYS;
    this.material = this.make();
    const keys = referencesOf(config).map(({ key }) => key);
    this.unwatch = secrets.watch(keys, () => {
      this.material = this.make();
      // They speak of certificates of before.
      this.sessions.length = 0;
      onUpdate();
    });
    for (const _ of keys) onUpdate();
  }

  /** No connection will be made. */
  dispose(): void {
    this.unwatch();
  }

  private make(): ClientMaterial {
    const common = this.config.common_tls_context ?? {};
    const identities = identitiesOf(common, this.secrets);
    const validator = new PeerValidator(validationOf(common, this.secrets));
    const { authorities, revocations } = validator;
    const secureContext = createSecureContext({
      ...protocolOptions(common.tls_params, "TLSv1.2"),
      ...(identities.length === 0
        ? {}
        : {
            cert: identities.map(({ identity }) => identity.chainPem),
            key: identities.map(({ identity }) => identity.key.export({ type: "pkcs8", format: "pem" })),
          }),
      ca: [...(authorities ?? [])],
      ...(revocations === undefined ? {} : { crl: revocations }),
      allowPartialTrustChain: true,
    });
    return { secureContext, validator, local: identities[0]?.facts ?? null };
  }

  /**
   * As `Net.connect`. What was agreed on stands in `socket.tls.alpn` from `onConnect` on.
   * @param hostname name of the host in its cluster, for `auto_host_sni`; may be empty
   * @param protocols what the owner speaks, the best first: offered unless the config names others; empty: bytes, whatever they mean
   * @param preamble what is said before the handshake
   * @param identity whom it is for, when each request says so
   */
  connect(
    address: Address,
    hostname: string,
    connectOptions: ConnectOptions,
    owner: SocketOwner,
    protocols: readonly string[] = [],
    preamble: Buffer | null = null,
    identity: ServerIdentity | null = null,
  ): TlsSocket {
    const { source } = connectOptions;
    const { material } = this;
    const below =
      address.kind === "pipe"
        ? nodeConnect({ path: address.kernelPath, allowHalfOpen: true })
        : nodeConnect({
            host: address.ip,
            port: address.port,
            allowHalfOpen: true,
            ...(source === undefined ? {} : { localAddress: source.ip, localPort: source.port }),
          });
    // It waits for the connection, and the handshake stands behind it.
    if (preamble !== null) below.write(preamble);
    const serverName = identity?.serverName || this.serverName(hostname);
    const expected = identity?.expected || (this.config.auto_sni_san_validation === true ? serverName : "");
    const configured = this.config.common_tls_context?.alpn_protocols ?? [];
    const offered = spokenOf(configured.length > 0 ? configured : protocols, protocols);
    const session = this.takeSession(serverName);
    const stream = tlsConnect({
      socket: below,
      secureContext: material.secureContext,
      servername: serverName,
      // We judge: what is refused is refused with Envoy's reason, and without an authority everything passes.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(offered.length === 0 ? {} : { ALPNProtocols: [...offered] }),
      ...(session === undefined ? {} : { session: session.ticket }),
    });
    const parts = {
      options: this.options,
      stream,
      below,
      remote: address,
      local: null,
      highBytes: connectOptions.highBytes,
    };
    const tickets: Buffer[] = [];
    let admitted: TlsFacts | null = null;
    const socket = new TlsSocket(parts, null, () => {
      const answer = this.judge(stream, { serverName, expected }, session?.peer ?? null, material);
      if (!("kind" in answer)) {
        admitted = answer;
        for (const ticket of tickets) this.keepSession({ serverName, ticket, peer: answer.peer });
      }
      return answer;
    });
    // Our own address is not known yet: a range for it holds none of them.
    const logged = this.keyLog?.between(UNKNOWN_ADDRESS, address) ?? null;
    if (logged !== null) stream.on("keylog", (line: Buffer) => logged(line.toString("latin1")));
    // A ticket may come before the handshake is judged.
    stream.on("session", (ticket: Buffer) => {
      if (admitted !== null) this.keepSession({ serverName, ticket, peer: admitted.peer });
      else if (tickets.length < this.sessionsMax) tickets.push(ticket);
    });
    socket.owner = owner;
    socket.onTlsFailure = (reason) => this.failed(reason);
    return socket;
  }

  private serverName(hostname: string): string {
    const { auto_host_sni: isAutomatic, sni = "" } = this.config;
    return isAutomatic === true && hostname !== "" ? hostname : sni;
  }

  private judge(
    stream: TLSSocket,
    { serverName, expected }: ServerIdentity,
    before: CertificateFacts | null,
    { validator, local }: ClientMaterial,
  ): TlsFacts | CloseReason {
    const { stats } = this;
    const certificate = stream.getPeerX509Certificate();
    const resumed = stream.isSessionReused() ? before : null;
    const peer = certificate === undefined ? resumed : new CertificateFacts(certificate);
    let peerIsValidated = false;
    if (peer === null) {
      // A cipher without certificates is never offered; were there none all the same, nobody has been checked.
      if (validator.demandsCertificate) return closeReasonOfTls(failureOfVerification("the server has shown none"));
    } else {
      const verdict = validator.judge(peer, chainErrorOf(stream), expected);
      countVerdict(stats, verdict);
      if (verdict.failure !== "") return closeReasonOfTls(verdict.failure);
      peerIsValidated = verdict.kind === ACCEPTED;
    }
    const facts = new TlsFacts(stream, { serverName, peer, peerIsValidated, local });
    stats.succeeded(facts);
    return facts;
  }

  private failed({ transportFailure = "" }: CloseReason): void {
    if (transportFailure !== "" && !transportFailure.includes("CERTIFICATE_VERIFY_FAILED"))
      this.stats.connectionError.inc();
  }

  /** The newest with this name. */
  private takeSession(serverName: string): Session | undefined {
    const { sessions } = this;
    const at = sessions.findLastIndex((session) => session.serverName === serverName);
    return at < 0 ? undefined : sessions.splice(at, 1)[0];
  }

  private keepSession(session: Session): void {
    if (this.sessionsMax === 0) return;
    this.sessions.push(session);
    if (this.sessions.length > this.sessionsMax) this.sessions.shift();
  }
}

// A net that speaks TLS on both sides of another net's connections: what the socket suite runs on.

import { DOWNSTREAM_TLS_CONTEXT, UPSTREAM_TLS_CONTEXT } from "../../host/config/types/tls.ts";
import type { Address } from "../../host/net/address.ts";
import type {
  ConnectOptions,
  ListenOptions,
  ListenResult,
  Net,
  NetOptions,
  Socket,
  SocketOwner,
} from "../../host/net/socket.ts";
import { TlsClientContext } from "../../host/net/tls/client_context.ts";
import { TlsServerContext } from "../../host/net/tls/server_context.ts";
import { type TlsScope, TlsStats } from "../../host/net/tls/tls_stats.ts";
import { makeAuthority, makeCertificate } from "./certificates.ts";

const authority = makeAuthority("suite");
const server = makeCertificate({ issuer: authority, sans: ["DNS:suite.example"] });

/** Counters by full name. */
export class CountingScope implements TlsScope {
  readonly counts = new Map<string, number>();
  private readonly prefix: string;

  constructor(prefix = "", counts = new Map<string, number>()) {
    this.prefix = prefix;
    this.counts = counts;
  }

  counter(name: string) {
    const full = this.prefix + name;
    return { inc: () => void this.counts.set(full, (this.counts.get(full) ?? 0) + 1) };
  }

  scope(name: string): TlsScope {
    return new CountingScope(`${this.prefix}${name}.`, this.counts);
  }
}

export class TlsNet implements Net {
  readonly kind: Net["kind"];
  readonly options: NetOptions;
  private readonly below: Net;
  private readonly serverContext: TlsServerContext;
  private readonly clientContext: TlsClientContext;

  constructor(below: Net) {
    this.below = below;
    this.kind = below.kind;
    this.options = below.options;
    const identity = { certificate_chain: inline(server.certificate), private_key: inline(server.key) };
    this.serverContext = new TlsServerContext(
      { "@type": DOWNSTREAM_TLS_CONTEXT, common_tls_context: { tls_certificates: [identity] } },
      below.options,
      new TlsStats(new CountingScope()),
    );
    this.clientContext = new TlsClientContext(
      {
        "@type": UPSTREAM_TLS_CONTEXT,
        sni: "suite.example",
        auto_sni_san_validation: true,
        common_tls_context: { validation_context: { trusted_ca: inline(authority.certificate) } },
      },
      below.options,
      new TlsStats(new CountingScope()),
    );
  }

  listen(options: ListenOptions): Promise<ListenResult> {
    const onAccept = (socket: Socket) => {
      const { remote, local } = socket;
      this.serverContext.handshake(socket.detach(), remote, local, options.highBytes, {
        onSecure: (secure) => options.onAccept(secure),
        onHandshakeFailed: () => {},
      });
    };
    return this.below.listen({
      ...options,
      onAccept,
      onAcceptTrouble: (code) => options.onAcceptTrouble(code),
    });
  }

  connect(address: Address, options: ConnectOptions, owner: SocketOwner): Socket {
    return this.clientContext.connect(address, "", options, owner);
  }
}

export function inline(text: string): { inline_string: string } {
  return { inline_string: text };
}

/** `listener.<address>.ssl.` and `cluster.<name>.ssl.` */

import type { TlsFacts } from "./tls_facts.ts";

/** What stats are made of here: those of `host/stats`, which stands above the net. */
export interface TlsCounter {
  inc(): void;
}

export interface TlsScope {
  counter(name: string): TlsCounter;
  scope(name: string): TlsScope;
}

const AT_ZERO = ["ocsp_staple_failed", "ocsp_staple_omitted", "ocsp_staple_requests", "ocsp_staple_responses"];

export class TlsStats {
  readonly handshake: TlsCounter;
  readonly sessionReused: TlsCounter;
  readonly noCertificate: TlsCounter;
  readonly connectionError: TlsCounter;
  readonly failVerifyNoCert: TlsCounter;
  readonly failVerifyError: TlsCounter;
  readonly failVerifySan: TlsCounter;
  readonly failVerifyCertHash: TlsCounter;
  private readonly scope: TlsScope;
  /** By name below `ssl.`; ciphers, versions and curves are few, and each is looked up for every handshake. */
  private readonly dynamic = new Map<string, TlsCounter>();

  /** @param scope `ssl.` */
  constructor(scope: TlsScope) {
    this.scope = scope;
    this.handshake = scope.counter("handshake");
    this.sessionReused = scope.counter("session_reused");
    this.noCertificate = scope.counter("no_certificate");
    this.connectionError = scope.counter("connection_error");
    this.failVerifyNoCert = scope.counter("fail_verify_no_cert");
    this.failVerifyError = scope.counter("fail_verify_error");
    this.failVerifySan = scope.counter("fail_verify_san");
    this.failVerifyCertHash = scope.counter("fail_verify_cert_hash");
    for (const name of AT_ZERO) scope.counter(name);
  }

  /** A handshake is done. */
  succeeded(tls: TlsFacts): void {
    this.handshake.inc();
    if (tls.isResumed) this.sessionReused.inc();
    if (tls.peer === null) this.noCertificate.inc();
    this.count("versions", tls.version);
    this.count("ciphers", tls.cipher);
    if (tls.curve !== "") this.count("curves", tls.curve);
  }

  private count(kind: string, name: string): void {
    const key = `${kind}.${name}`;
    let counter = this.dynamic.get(key);
    if (counter === undefined) {
      counter = this.scope.scope(kind).counter(name);
      this.dynamic.set(key, counter);
    }
    counter.inc();
  }
}

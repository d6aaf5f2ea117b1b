/** `tls_inspector.` */

import type { Counter, Histogram, Scope } from "../../../host/stats/scope.ts";

export class TlsInspectorStats {
  readonly alpnFound: Counter;
  readonly alpnNotFound: Counter;
  readonly clientHelloTooLarge: Counter;
  readonly sniFound: Counter;
  readonly sniNotFound: Counter;
  readonly tlsFound: Counter;
  readonly tlsNotFound: Counter;
  readonly bytesProcessed: Histogram;

  /** @param scope `tls_inspector.` */
  constructor(scope: Scope) {
    this.alpnFound = scope.counter("alpn_found");
    this.alpnNotFound = scope.counter("alpn_not_found");
    this.clientHelloTooLarge = scope.counter("client_hello_too_large");
    this.sniFound = scope.counter("sni_found");
    this.sniNotFound = scope.counter("sni_not_found");
    this.tlsFound = scope.counter("tls_found");
    this.tlsNotFound = scope.counter("tls_not_found");
    this.bytesProcessed = scope.histogram("bytes_processed", "bytes");
  }
}

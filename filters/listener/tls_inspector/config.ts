/** envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector */

export interface TlsInspectorConfig {
  readonly enable_ja3_fingerprinting?: boolean;
  readonly enable_ja4_fingerprinting?: boolean;
  readonly close_connection_on_client_hello_parsing_errors?: boolean;
  /** Absent: CLIENT_HELLO_MAX. */
  readonly max_client_hello_size?: number;
}

/** So many bytes of a connection are looked at. */
export const CLIENT_HELLO_MAX = 16_384;

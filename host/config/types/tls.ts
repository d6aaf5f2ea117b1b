/** envoy.extensions.transport_sockets.tls.v3 as far as we read it. */
import type { Any, CidrRange, DataSource, DurationMs, StringMatcher, TypedExtension } from "./core.ts";

export const DOWNSTREAM_TLS_CONTEXT = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
export const UPSTREAM_TLS_CONTEXT = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

export interface DownstreamTlsContext extends Any {
  readonly common_tls_context?: CommonTlsContext;
  readonly require_client_certificate?: boolean;
  readonly session_ticket_keys?: SessionTicketKeys;
  readonly session_ticket_keys_sds_secret_config?: SdsSecretConfig;
  readonly disable_stateless_session_resumption?: boolean;
  readonly session_timeout?: DurationMs;
  readonly full_scan_certs_on_sni_mismatch?: boolean;
  readonly prefer_client_ciphers?: boolean;
}

export interface UpstreamTlsContext extends Any {
  readonly common_tls_context?: CommonTlsContext;
  /** Absent: no server name is sent. */
  readonly sni?: string;
  readonly auto_host_sni?: boolean;
  readonly auto_sni_san_validation?: boolean;
  /** Absent: 1. */
  readonly max_session_keys?: number;
}

export interface CommonTlsContext {
  readonly tls_params?: TlsParameters;
  readonly tls_certificates?: readonly TlsCertificate[];
  readonly tls_certificate_sds_secret_configs?: readonly SdsSecretConfig[];
  /** At most one of the three. */
  readonly validation_context?: CertificateValidationContext;
  readonly validation_context_sds_secret_config?: SdsSecretConfig;
  readonly combined_validation_context?: {
    readonly default_validation_context?: CertificateValidationContext;
    readonly validation_context_sds_secret_config?: SdsSecretConfig;
  };
  readonly alpn_protocols?: readonly string[];
  readonly key_log?: TlsKeyLog;
}

export type TlsProtocol = "TLS_AUTO" | "TLSv1_0" | "TLSv1_1" | "TLSv1_2" | "TLSv1_3";

export interface TlsParameters {
  readonly tls_minimum_protocol_version?: TlsProtocol;
  readonly tls_maximum_protocol_version?: TlsProtocol;
  readonly cipher_suites?: readonly string[];
  readonly ecdh_curves?: readonly string[];
}

export interface TlsCertificate {
  readonly certificate_chain?: DataSource;
  readonly private_key?: DataSource;
  readonly password?: DataSource;
  /** Files are read again when something is moved into it. */
  readonly watched_directory?: WatchedDirectory;
}

export interface WatchedDirectory {
  readonly path: string;
}

export interface SessionTicketKeys {
  readonly keys?: readonly DataSource[];
}

/** A secret that stands elsewhere. */
export interface SdsSecretConfig {
  readonly name?: string;
  /** Absent: among the static secrets of the bootstrap. */
  readonly sds_config?: {
    /** A file that holds a DiscoveryResponse with the one secret. */
    readonly path_config_source?: { readonly path: string; readonly watched_directory?: WatchedDirectory };
    /** The deprecated spelling of that. */
    readonly path?: string;
  };
}

/** Exactly one kind is set. */
export interface Secret extends Any {
  readonly name?: string;
  readonly tls_certificate?: TlsCertificate;
  readonly validation_context?: CertificateValidationContext;
  readonly session_ticket_keys?: SessionTicketKeys;
}

export interface SubjectAltNameMatcher {
  readonly san_type: "EMAIL" | "DNS" | "URI" | "IP_ADDRESS";
  readonly matcher: StringMatcher;
}

export interface CertificateValidationContext {
  readonly trusted_ca?: DataSource;
  readonly watched_directory?: WatchedDirectory;
  /** Base64 of the SHA-256 of the public key's DER. */
  readonly verify_certificate_spki?: readonly string[];
  /** SHA-256 of the certificate's DER in hex, with or without colons. */
  readonly verify_certificate_hash?: readonly string[];
  readonly match_typed_subject_alt_names?: readonly SubjectAltNameMatcher[];
  readonly crl?: DataSource;
  readonly trust_chain_verification?: "VERIFY_TRUST_CHAIN" | "ACCEPT_UNTRUSTED";
  /** So many certificates may stand between a peer's and an authority; absent: any number. */
  readonly max_verify_depth?: number;
  /** A SpiffeValidatorConfig. */
  readonly custom_validator_config?: TypedExtension;
}

export const SPIFFE_VALIDATOR = "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig";

export interface SpiffeValidatorConfig {
  readonly trust_domains?: readonly { readonly name: string; readonly trust_bundle?: DataSource }[];
}

export interface TlsKeyLog {
  readonly path: string;
  readonly local_address_range?: readonly CidrRange[];
  readonly remote_address_range?: readonly CidrRange[];
}

/** TLS on either side. */

import type { MessageSupport } from "./message_support.ts";

export const tlsMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext": {
    read: [
      "common_tls_context",
      "require_client_certificate",
      "session_ticket_keys",
      "disable_stateless_session_resumption",
      "session_timeout",
      "session_ticket_keys_sds_secret_config",
      "full_scan_certs_on_sni_mismatch",
      "prefer_client_ciphers",
    ],
    inert: {
      require_sni: "the default",
      disable_stateful_session_resumption: "no session is kept here: clients resume by tickets alone",
      ocsp_staple_policy: "the default, and no response is stapled",
    },
    only: { require_sni: [false], ocsp_staple_policy: ["LENIENT_STAPLING"] },
  },
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext": {
    read: ["common_tls_context", "sni", "auto_host_sni", "auto_sni_san_validation", "max_session_keys"],
    inert: { allow_renegotiation: "the default", enforce_rsa_key_usage: "the default" },
    only: { allow_renegotiation: [false], enforce_rsa_key_usage: [false] },
  },
  "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext": {
    read: [
      "tls_params",
      "tls_certificates",
      "tls_certificate_sds_secret_configs",
      "validation_context",
      "validation_context_sds_secret_config",
      "combined_validation_context",
      "alpn_protocols",
      "key_log",
    ],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsKeyLog": {
    read: ["path", "local_address_range", "remote_address_range"],
  },
  "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig": { read: ["trust_domains"] },
  "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig.TrustDomain": {
    read: ["name", "trust_bundle"],
  },
  "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext": {
    read: ["default_validation_context", "validation_context_sds_secret_config"],
  },
  "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig": { read: ["name", "sds_config"] },
  "envoy.config.core.v3.ConfigSource": {
    read: ["path", "path_config_source"],
    inert: {
      resource_api_version: "version 3 is what files hold",
      initial_fetch_timeout: "a file is read before anything waits for it",
    },
  },
  "envoy.config.core.v3.PathConfigSource": { read: ["path", "watched_directory"] },
  "envoy.config.core.v3.WatchedDirectory": { read: ["path"] },
  "envoy.extensions.transport_sockets.tls.v3.Secret": {
    read: ["name", "tls_certificate", "validation_context", "session_ticket_keys"],
    inert: { generic_secret: "nothing that is supported refers to one" },
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsParameters": {
    read: ["tls_minimum_protocol_version", "tls_maximum_protocol_version", "cipher_suites", "ecdh_curves"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsCertificate": {
    read: ["certificate_chain", "private_key", "password", "watched_directory"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys": { read: ["keys"] },
  "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher": {
    read: ["san_type", "matcher"],
    only: { san_type: ["EMAIL", "DNS", "URI", "IP_ADDRESS"] },
  },
  "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext": {
    read: [
      "trusted_ca",
      "watched_directory",
      "verify_certificate_spki",
      "verify_certificate_hash",
      "match_typed_subject_alt_names",
      "crl",
      "trust_chain_verification",
      "max_verify_depth",
      "custom_validator_config",
    ],
    inert: {
      allow_expired_certificate:
        "the default: OpenSSL tells one fault only, so an expired certificate may hide a worse one",
      only_verify_leaf_cert_crl: "the default",
    },
    only: { allow_expired_certificate: [false], only_verify_leaf_cert_crl: [false] },
  },
};

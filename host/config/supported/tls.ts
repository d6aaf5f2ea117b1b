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
    ],
    inert: {
      require_sni: "the default",
      full_scan_certs_on_sni_mismatch: "a context has one certificate of each type of key",
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
    read: ["tls_params", "tls_certificates", "validation_context", "alpn_protocols"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsParameters": {
    read: ["tls_minimum_protocol_version", "tls_maximum_protocol_version", "cipher_suites", "ecdh_curves"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsCertificate": {
    read: ["certificate_chain", "private_key", "password"],
  },
  "envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys": { read: ["keys"] },
  "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher": {
    read: ["san_type", "matcher"],
    only: { san_type: ["EMAIL", "DNS", "URI", "IP_ADDRESS"] },
  },
  "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext": {
    read: [
      "trusted_ca",
      "verify_certificate_spki",
      "verify_certificate_hash",
      "match_typed_subject_alt_names",
      "crl",
      "trust_chain_verification",
    ],
    inert: {
      allow_expired_certificate:
        "the default: OpenSSL tells one fault only, so an expired certificate may hide a worse one",
      only_verify_leaf_cert_crl: "the default",
    },
    only: { allow_expired_certificate: [false], only_verify_leaf_cert_crl: [false] },
  },
};

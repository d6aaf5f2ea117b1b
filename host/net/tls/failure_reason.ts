/**
 * Why a handshake failed, in Envoy's words (`%DOWNSTREAM_TRANSPORT_FAILURE_REASON%`). Those hold BoringSSL's numbers and names; OpenSSL
 * has the names, mostly the same, and the numbers stand here for what is met in practice.
 */

/** BoringSSL packs the number of its library (16: SSL) above the reason. */
const SSL_LIBRARY = 16 << 24;
const ALERTS = 1_000;

const REASONS: Readonly<Record<string, number>> = {
  CERTIFICATE_VERIFY_FAILED: 125,
  HTTP_REQUEST: 156,
  HTTPS_PROXY_REQUEST: 155,
  NO_SHARED_CIPHER: 184,
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 192,
  UNSUPPORTED_PROTOCOL: 240,
  WRONG_VERSION_NUMBER: 247,
  SSLV3_ALERT_UNEXPECTED_MESSAGE: ALERTS + 10,
  SSLV3_ALERT_BAD_RECORD_MAC: ALERTS + 20,
  SSLV3_ALERT_HANDSHAKE_FAILURE: ALERTS + 40,
  SSLV3_ALERT_BAD_CERTIFICATE: ALERTS + 42,
  SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: ALERTS + 43,
  SSLV3_ALERT_CERTIFICATE_REVOKED: ALERTS + 44,
  SSLV3_ALERT_CERTIFICATE_EXPIRED: ALERTS + 45,
  SSLV3_ALERT_CERTIFICATE_UNKNOWN: ALERTS + 46,
  SSLV3_ALERT_ILLEGAL_PARAMETER: ALERTS + 47,
  TLSV1_ALERT_UNKNOWN_CA: ALERTS + 48,
  TLSV1_ALERT_ACCESS_DENIED: ALERTS + 49,
  TLSV1_ALERT_DECODE_ERROR: ALERTS + 50,
  TLSV1_ALERT_DECRYPT_ERROR: ALERTS + 51,
  TLSV1_ALERT_PROTOCOL_VERSION: ALERTS + 70,
  TLSV1_ALERT_INSUFFICIENT_SECURITY: ALERTS + 71,
  TLSV1_ALERT_INTERNAL_ERROR: ALERTS + 80,
  TLSV1_ALERT_UNRECOGNIZED_NAME: ALERTS + 112,
  TLSV1_ALERT_CERTIFICATE_REQUIRED: ALERTS + 116,
  TLSV1_ALERT_NO_APPLICATION_PROTOCOL: ALERTS + 120,
};

/** `TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end` */
function tlsError(name: string, detail = ""): string {
  const number = REASONS[name];
  const where = number === undefined ? "" : `${SSL_LIBRARY + number}:`;
  return `TLS_error:|${where}SSL routines:OPENSSL_internal:${name}${detail === "" ? "" : `:${detail}`}:TLS_error_end`;
}

/** `write EPROTO 40...:error:0A000410:SSL routines:ssl3_read_bytes:ssl/tls alert handshake failure:...`: so where a write was waiting. */
const IN_MESSAGE = /:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/;

/** The reason for an error of Node's TLS; empty for one that is not TLS's own. */
export function failureOfError({ code = "", message }: NodeJS.ErrnoException): string {
  const reason = code === "EPROTO" ? IN_MESSAGE.exec(message)?.[1] : undefined;
  return failureOfCode(reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`);
}

/** The same by the code alone. */
export function failureOfCode(code: string): string {
  if (!code.startsWith("ERR_SSL_")) return "";
  const name = code
    .slice("ERR_SSL_".length)
    // OpenSSL 3 renamed the alerts.
    .replace(/^SSL\/TLS_ALERT_/, "SSLV3_ALERT_")
    .replace(/^TLS_ALERT_/, "TLSV1_ALERT_");
  // A hello that finds no common ground: BoringSSL adds which message the alert answered.
  if (name === "SSLV3_ALERT_HANDSHAKE_FAILURE") {
    return tlsError(name).replace(
      ":TLS_error_end",
      `|${SSL_LIBRARY + 154}:SSL routines:OPENSSL_internal:HANDSHAKE_FAILURE_ON_CLIENT_HELLO:TLS_error_end`,
    );
  }
  if (name === "PEER_DID_NOT_RETURN_A_CERTIFICATE")
    return tlsError(name, "peer did not provide required client certificate");
  return tlsError(name);
}

/** A certificate that was refused. */
export function failureOfVerification(detail: string): string {
  return tlsError("CERTIFICATE_VERIFY_FAILED", `verify cert failed: ${detail}`);
}

/** What X509_verify_cert says, by the names that Node gives its errors. */
const CHAIN_ERRORS: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: "unable to get issuer certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unable to get local issuer certificate",
  // OpenSSL's word for a chain of one certificate whose issuer is not there; BoringSSL does not make the difference.
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unable to get local issuer certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in certificate chain",
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  CERT_CHAIN_TOO_LONG: "certificate chain too long",
  CERT_REVOKED: "certificate revoked",
  UNABLE_TO_GET_CRL: "unable to get certificate CRL",
  CRL_HAS_EXPIRED: "CRL has expired",
  CERT_SIGNATURE_FAILURE: "certificate signature failure",
  INVALID_CA: "invalid CA certificate",
  INVALID_PURPOSE: "unsupported certificate purpose",
  CERT_UNTRUSTED: "certificate not trusted",
};

/** A chain that leads to no authority. Node does not tell the depth: the leaf is named, where it nearly always is. */
export function failureOfChain(error: string): string {
  const text = CHAIN_ERRORS[error] ?? error.toLowerCase().replaceAll("_", " ");
  return failureOfVerification(`X509_verify_cert: certificate verification error at depth 0: ${text}`);
}

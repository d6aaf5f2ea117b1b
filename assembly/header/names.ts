// Known header names: the ones that the proxy itself treats specially or that filters and logs ask for by name. A known name is one byte in a
// field, so "is there an `x-envoy-retry-on`?" costs a bit test and not a comparison of strings.
//
// One list: the constant is the id, `namesInit` ties it to its text. Ids are < 128 (two words of presence bits in a block).

import { equalBytes } from "../bytes/copy";
import { NAME_SLOT_COUNT, NAME_SLOTS, NAME_TABLE, NAME_TEXT, NAME_TEXT_BYTES, NAMES_MAX } from "../memory/arena";

export const HEADER_METHOD: u32 = 1;
export const HEADER_PATH: u32 = 2;
export const HEADER_AUTHORITY: u32 = 3;
export const HEADER_SCHEME: u32 = 4;
export const HEADER_STATUS: u32 = 5;
export const HEADER_PROTOCOL: u32 = 6;
/** Ids up to this one are pseudo fields. */
export const HEADER_LAST_PSEUDO: u32 = 6;
export const HEADER_HOST: u32 = 7;
export const HEADER_CONNECTION: u32 = 8;
export const HEADER_KEEP_ALIVE: u32 = 9;
export const HEADER_PROXY_CONNECTION: u32 = 10;
export const HEADER_TE: u32 = 11;
export const HEADER_TRANSFER_ENCODING: u32 = 12;
export const HEADER_CONTENT_LENGTH: u32 = 13;
export const HEADER_CONTENT_TYPE: u32 = 14;
export const HEADER_UPGRADE: u32 = 15;
export const HEADER_EXPECT: u32 = 16;
export const HEADER_TRAILER: u32 = 17;
export const HEADER_DATE: u32 = 18;
export const HEADER_SERVER: u32 = 19;
export const HEADER_VIA: u32 = 20;
export const HEADER_USER_AGENT: u32 = 21;
export const HEADER_REFERER: u32 = 22;
export const HEADER_X_FORWARDED_FOR: u32 = 23;
export const HEADER_X_FORWARDED_PROTO: u32 = 24;
export const HEADER_X_FORWARDED_HOST: u32 = 25;
export const HEADER_X_FORWARDED_PORT: u32 = 26;
export const HEADER_X_FORWARDED_CLIENT_CERT: u32 = 27;
export const HEADER_X_REQUEST_ID: u32 = 28;
export const HEADER_X_CLIENT_TRACE_ID: u32 = 29;
export const HEADER_X_ENVOY_ATTEMPT_COUNT: u32 = 30;
export const HEADER_X_ENVOY_DECORATOR_OPERATION: u32 = 31;
export const HEADER_X_ENVOY_DEGRADED: u32 = 32;
export const HEADER_X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER: u32 = 33;
export const HEADER_X_ENVOY_DOWNSTREAM_SERVICE_NODE: u32 = 34;
export const HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS: u32 = 35;
export const HEADER_X_ENVOY_EXTERNAL_ADDRESS: u32 = 36;
export const HEADER_X_ENVOY_FORCE_TRACE: u32 = 37;
export const HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT: u32 = 38;
export const HEADER_X_ENVOY_IMMEDIATE_HEALTH_CHECK_FAIL: u32 = 39;
export const HEADER_X_ENVOY_INTERNAL: u32 = 40;
export const HEADER_X_ENVOY_IP_TAGS: u32 = 41;
export const HEADER_X_ENVOY_IS_TIMEOUT_RETRY: u32 = 42;
export const HEADER_X_ENVOY_LOCAL_OVERLOADED: u32 = 43;
export const HEADER_X_ENVOY_MAX_RETRIES: u32 = 44;
export const HEADER_X_ENVOY_ORIGINAL_DST_HOST: u32 = 45;
export const HEADER_X_ENVOY_ORIGINAL_HOST: u32 = 46;
export const HEADER_X_ENVOY_ORIGINAL_METHOD: u32 = 47;
export const HEADER_X_ENVOY_ORIGINAL_PATH: u32 = 48;
export const HEADER_X_ENVOY_ORIGINAL_URL: u32 = 49;
export const HEADER_X_ENVOY_OVERLOADED: u32 = 50;
export const HEADER_X_ENVOY_RATELIMITED: u32 = 51;
export const HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES: u32 = 52;
export const HEADER_X_ENVOY_RETRIABLE_STATUS_CODES: u32 = 53;
export const HEADER_X_ENVOY_RETRY_GRPC_ON: u32 = 54;
export const HEADER_X_ENVOY_RETRY_ON: u32 = 55;
export const HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME: u32 = 56;
export const HEADER_X_ENVOY_UPSTREAM_CANARY: u32 = 57;
export const HEADER_X_ENVOY_UPSTREAM_HEALTHCHECKED_CLUSTER: u32 = 58;
export const HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS: u32 = 59;
export const HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE: u32 = 60;
export const HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS: u32 = 61;
export const HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME: u32 = 62;
export const HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS: u32 = 63;
export const HEADER_GRPC_STATUS: u32 = 64;
export const HEADER_GRPC_MESSAGE: u32 = 65;
export const HEADER_GRPC_TIMEOUT: u32 = 66;
export const HEADER_GRPC_ENCODING: u32 = 67;
export const HEADER_GRPC_ACCEPT_ENCODING: u32 = 68;
export const HEADER_GRPC_STATUS_DETAILS_BIN: u32 = 69;
export const HEADER_COOKIE: u32 = 70;
export const HEADER_SET_COOKIE: u32 = 71;
export const HEADER_LOCATION: u32 = 72;
export const HEADER_ACCEPT: u32 = 73;
export const HEADER_ACCEPT_ENCODING: u32 = 74;
export const HEADER_ACCEPT_LANGUAGE: u32 = 75;
export const HEADER_AUTHORIZATION: u32 = 76;
export const HEADER_PROXY_AUTHORIZATION: u32 = 77;
export const HEADER_PROXY_AUTHENTICATE: u32 = 78;
export const HEADER_WWW_AUTHENTICATE: u32 = 79;
export const HEADER_CONTENT_ENCODING: u32 = 80;
export const HEADER_CONTENT_RANGE: u32 = 81;
export const HEADER_RANGE: u32 = 82;
export const HEADER_CACHE_CONTROL: u32 = 83;
export const HEADER_ETAG: u32 = 84;
export const HEADER_IF_NONE_MATCH: u32 = 85;
export const HEADER_IF_MATCH: u32 = 86;
export const HEADER_IF_MODIFIED_SINCE: u32 = 87;
export const HEADER_LAST_MODIFIED: u32 = 88;
export const HEADER_VARY: u32 = 89;
export const HEADER_AGE: u32 = 90;
export const HEADER_EXPIRES: u32 = 91;
export const HEADER_PRAGMA: u32 = 92;
export const HEADER_ALLOW: u32 = 93;
export const HEADER_ORIGIN: u32 = 94;
export const HEADER_ACCESS_CONTROL_REQUEST_METHOD: u32 = 95;
export const HEADER_ACCESS_CONTROL_REQUEST_HEADERS: u32 = 96;
export const HEADER_ACCESS_CONTROL_ALLOW_ORIGIN: u32 = 97;
export const HEADER_ACCESS_CONTROL_ALLOW_METHODS: u32 = 98;
export const HEADER_ACCESS_CONTROL_ALLOW_HEADERS: u32 = 99;
export const HEADER_ACCESS_CONTROL_ALLOW_CREDENTIALS: u32 = 100;
export const HEADER_ACCESS_CONTROL_EXPOSE_HEADERS: u32 = 101;
export const HEADER_ACCESS_CONTROL_MAX_AGE: u32 = 102;
export const HEADER_ALT_SVC: u32 = 103;
export const HEADER_EARLY_DATA: u32 = 104;
export const HEADER_FORWARDED: u32 = 105;
export const HEADER_MAX_FORWARDS: u32 = 106;
export const HEADER_PROXY_STATUS: u32 = 107;
export const HEADER_CDN_LOOP: u32 = 108;
export const HEADER_RETRY_AFTER: u32 = 109;
export const HEADER_X_RATELIMIT_LIMIT: u32 = 110;
export const HEADER_X_RATELIMIT_REMAINING: u32 = 111;
export const HEADER_X_RATELIMIT_RESET: u32 = 112;
export const HEADER_HTTP2_SETTINGS: u32 = 113;
export const HEADER_TRACEPARENT: u32 = 114;
export const HEADER_TRACESTATE: u32 = 115;
export const HEADER_BAGGAGE: u32 = 116;
export const HEADER_B3: u32 = 117;
export const HEADER_X_B3_TRACEID: u32 = 118;
export const HEADER_X_B3_SPANID: u32 = 119;
export const HEADER_X_B3_SAMPLED: u32 = 120;
export const HEADER_X_OT_SPAN_CONTEXT: u32 = 121;
export const HEADER_X_REAL_IP: u32 = 122;
export const HEADER_STRICT_TRANSPORT_SECURITY: u32 = 123;
export const HEADER_IF_RANGE: u32 = 124;
export const HEADER_IF_UNMODIFIED_SINCE: u32 = 125;
/** Ids are dense from 1 to this one. */
export const HEADER_IDS: u32 = 125;

let textEnd: u32 = NAME_TEXT;

/** Builds the table. Once, from `init`. */
export function namesInit(): void {
  textEnd = NAME_TEXT;
  memory.fill(NAME_SLOTS, 0, NAME_SLOT_COUNT);
  name(HEADER_METHOD, ":method");
  name(HEADER_PATH, ":path");
  name(HEADER_AUTHORITY, ":authority");
  name(HEADER_SCHEME, ":scheme");
  name(HEADER_STATUS, ":status");
  name(HEADER_PROTOCOL, ":protocol");
  name(HEADER_HOST, "host");
  name(HEADER_CONNECTION, "connection");
  name(HEADER_KEEP_ALIVE, "keep-alive");
  name(HEADER_PROXY_CONNECTION, "proxy-connection");
  name(HEADER_TE, "te");
  name(HEADER_TRANSFER_ENCODING, "transfer-encoding");
  name(HEADER_CONTENT_LENGTH, "content-length");
  name(HEADER_CONTENT_TYPE, "content-type");
  name(HEADER_UPGRADE, "upgrade");
  name(HEADER_EXPECT, "expect");
  name(HEADER_TRAILER, "trailer");
  name(HEADER_DATE, "date");
  name(HEADER_SERVER, "server");
  name(HEADER_VIA, "via");
  name(HEADER_USER_AGENT, "user-agent");
  name(HEADER_REFERER, "referer");
  name(HEADER_X_FORWARDED_FOR, "x-forwarded-for");
  name(HEADER_X_FORWARDED_PROTO, "x-forwarded-proto");
  name(HEADER_X_FORWARDED_HOST, "x-forwarded-host");
  name(HEADER_X_FORWARDED_PORT, "x-forwarded-port");
  name(HEADER_X_FORWARDED_CLIENT_CERT, "x-forwarded-client-cert");
  name(HEADER_X_REQUEST_ID, "x-request-id");
  name(HEADER_X_CLIENT_TRACE_ID, "x-client-trace-id");
  name(HEADER_X_ENVOY_ATTEMPT_COUNT, "x-envoy-attempt-count");
  name(HEADER_X_ENVOY_DECORATOR_OPERATION, "x-envoy-decorator-operation");
  name(HEADER_X_ENVOY_DEGRADED, "x-envoy-degraded");
  name(HEADER_X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER, "x-envoy-downstream-service-cluster");
  name(HEADER_X_ENVOY_DOWNSTREAM_SERVICE_NODE, "x-envoy-downstream-service-node");
  name(HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS, "x-envoy-expected-rq-timeout-ms");
  name(HEADER_X_ENVOY_EXTERNAL_ADDRESS, "x-envoy-external-address");
  name(HEADER_X_ENVOY_FORCE_TRACE, "x-envoy-force-trace");
  name(HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT, "x-envoy-hedge-on-per-try-timeout");
  name(HEADER_X_ENVOY_IMMEDIATE_HEALTH_CHECK_FAIL, "x-envoy-immediate-health-check-fail");
  name(HEADER_X_ENVOY_INTERNAL, "x-envoy-internal");
  name(HEADER_X_ENVOY_IP_TAGS, "x-envoy-ip-tags");
  name(HEADER_X_ENVOY_IS_TIMEOUT_RETRY, "x-envoy-is-timeout-retry");
  name(HEADER_X_ENVOY_LOCAL_OVERLOADED, "x-envoy-local-overloaded");
  name(HEADER_X_ENVOY_MAX_RETRIES, "x-envoy-max-retries");
  name(HEADER_X_ENVOY_ORIGINAL_DST_HOST, "x-envoy-original-dst-host");
  name(HEADER_X_ENVOY_ORIGINAL_HOST, "x-envoy-original-host");
  name(HEADER_X_ENVOY_ORIGINAL_METHOD, "x-envoy-original-method");
  name(HEADER_X_ENVOY_ORIGINAL_PATH, "x-envoy-original-path");
  name(HEADER_X_ENVOY_ORIGINAL_URL, "x-envoy-original-url");
  name(HEADER_X_ENVOY_OVERLOADED, "x-envoy-overloaded");
  name(HEADER_X_ENVOY_RATELIMITED, "x-envoy-ratelimited");
  name(HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES, "x-envoy-retriable-header-names");
  name(HEADER_X_ENVOY_RETRIABLE_STATUS_CODES, "x-envoy-retriable-status-codes");
  name(HEADER_X_ENVOY_RETRY_GRPC_ON, "x-envoy-retry-grpc-on");
  name(HEADER_X_ENVOY_RETRY_ON, "x-envoy-retry-on");
  name(HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME, "x-envoy-upstream-alt-stat-name");
  name(HEADER_X_ENVOY_UPSTREAM_CANARY, "x-envoy-upstream-canary");
  name(HEADER_X_ENVOY_UPSTREAM_HEALTHCHECKED_CLUSTER, "x-envoy-upstream-healthchecked-cluster");
  name(HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS, "x-envoy-upstream-rq-per-try-timeout-ms");
  name(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE, "x-envoy-upstream-rq-timeout-alt-response");
  name(HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS, "x-envoy-upstream-rq-timeout-ms");
  name(HEADER_X_ENVOY_UPSTREAM_SERVICE_TIME, "x-envoy-upstream-service-time");
  name(HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS, "x-envoy-upstream-stream-duration-ms");
  name(HEADER_GRPC_STATUS, "grpc-status");
  name(HEADER_GRPC_MESSAGE, "grpc-message");
  name(HEADER_GRPC_TIMEOUT, "grpc-timeout");
  name(HEADER_GRPC_ENCODING, "grpc-encoding");
  name(HEADER_GRPC_ACCEPT_ENCODING, "grpc-accept-encoding");
  name(HEADER_GRPC_STATUS_DETAILS_BIN, "grpc-status-details-bin");
  name(HEADER_COOKIE, "cookie");
  name(HEADER_SET_COOKIE, "set-cookie");
  name(HEADER_LOCATION, "location");
  name(HEADER_ACCEPT, "accept");
  name(HEADER_ACCEPT_ENCODING, "accept-encoding");
  name(HEADER_ACCEPT_LANGUAGE, "accept-language");
  name(HEADER_AUTHORIZATION, "authorization");
  name(HEADER_PROXY_AUTHORIZATION, "proxy-authorization");
  name(HEADER_PROXY_AUTHENTICATE, "proxy-authenticate");
  name(HEADER_WWW_AUTHENTICATE, "www-authenticate");
  name(HEADER_CONTENT_ENCODING, "content-encoding");
  name(HEADER_CONTENT_RANGE, "content-range");
  name(HEADER_RANGE, "range");
  name(HEADER_CACHE_CONTROL, "cache-control");
  name(HEADER_ETAG, "etag");
  name(HEADER_IF_NONE_MATCH, "if-none-match");
  name(HEADER_IF_MATCH, "if-match");
  name(HEADER_IF_MODIFIED_SINCE, "if-modified-since");
  name(HEADER_LAST_MODIFIED, "last-modified");
  name(HEADER_VARY, "vary");
  name(HEADER_AGE, "age");
  name(HEADER_EXPIRES, "expires");
  name(HEADER_PRAGMA, "pragma");
  name(HEADER_ALLOW, "allow");
  name(HEADER_ORIGIN, "origin");
  name(HEADER_ACCESS_CONTROL_REQUEST_METHOD, "access-control-request-method");
  name(HEADER_ACCESS_CONTROL_REQUEST_HEADERS, "access-control-request-headers");
  name(HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "access-control-allow-origin");
  name(HEADER_ACCESS_CONTROL_ALLOW_METHODS, "access-control-allow-methods");
  name(HEADER_ACCESS_CONTROL_ALLOW_HEADERS, "access-control-allow-headers");
  name(HEADER_ACCESS_CONTROL_ALLOW_CREDENTIALS, "access-control-allow-credentials");
  name(HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, "access-control-expose-headers");
  name(HEADER_ACCESS_CONTROL_MAX_AGE, "access-control-max-age");
  name(HEADER_ALT_SVC, "alt-svc");
  name(HEADER_EARLY_DATA, "early-data");
  name(HEADER_FORWARDED, "forwarded");
  name(HEADER_MAX_FORWARDS, "max-forwards");
  name(HEADER_PROXY_STATUS, "proxy-status");
  name(HEADER_CDN_LOOP, "cdn-loop");
  name(HEADER_RETRY_AFTER, "retry-after");
  name(HEADER_X_RATELIMIT_LIMIT, "x-ratelimit-limit");
  name(HEADER_X_RATELIMIT_REMAINING, "x-ratelimit-remaining");
  name(HEADER_X_RATELIMIT_RESET, "x-ratelimit-reset");
  name(HEADER_HTTP2_SETTINGS, "http2-settings");
  name(HEADER_TRACEPARENT, "traceparent");
  name(HEADER_TRACESTATE, "tracestate");
  name(HEADER_BAGGAGE, "baggage");
  name(HEADER_B3, "b3");
  name(HEADER_X_B3_TRACEID, "x-b3-traceid");
  name(HEADER_X_B3_SPANID, "x-b3-spanid");
  name(HEADER_X_B3_SAMPLED, "x-b3-sampled");
  name(HEADER_X_OT_SPAN_CONTEXT, "x-ot-span-context");
  name(HEADER_X_REAL_IP, "x-real-ip");
  name(HEADER_STRICT_TRANSPORT_SECURITY, "strict-transport-security");
  name(HEADER_IF_RANGE, "if-range");
  name(HEADER_IF_UNMODIFIED_SINCE, "if-unmodified-since");
}

/** The id of a name in lower case, or 0. */
export function nameId(name: usize, length: u32): u32 {
  let slot = hash(name, length);
  while (true) {
    const id: u32 = load<u8>(NAME_SLOTS + slot);
    if (id == 0) return 0;
    if (nameLength(id) == length && equalBytes(nameText(id), name, length)) return id;
    slot = (slot + 1) & (NAME_SLOT_COUNT - 1);
  }
}

/** Address of the text of a known name. */
export function nameText(id: u32): usize {
  return load<u32>(NAME_TABLE + id * 8);
}

/** Length of a known name. */
export function nameLength(id: u32): u32 {
  return load<u32>(NAME_TABLE + id * 8, 4);
}

/** Adds one name to the table and to the hash. `text` is static data: two bytes each, ASCII. */
function name(id: u32, text: string): void {
  const from = changetype<usize>(text);
  const length: u32 = load<u32>(from - 4) >> 1;
  assert(id < NAMES_MAX && textEnd + length <= NAME_TEXT + NAME_TEXT_BYTES);
  for (let i: u32 = 0; i < length; i++) store<u8>(textEnd + i, load<u8>(from + i * 2));
  store<u32>(NAME_TABLE + id * 8, textEnd);
  store<u32>(NAME_TABLE + id * 8, length, 4);
  let slot = hash(textEnd, length);
  while (load<u8>(NAME_SLOTS + slot) != 0) slot = (slot + 1) & (NAME_SLOT_COUNT - 1);
  store<u8>(NAME_SLOTS + slot, <u8>id);
  textEnd += length;
}

/** Mixes the length, the first and the last bytes: most names end differently. */
function hash(text: usize, length: u32): u32 {
  let mixed: u32 = length;
  if (length >= 4) {
    mixed = mixed * 0x9e3779b1 + load<u32>(text);
    mixed = mixed * 0x85ebca6b + load<u32>(text + length - 4);
    if (length >= 12) mixed = mixed * 0xc2b2ae35 + load<u32>(text + (length >> 1) - 2);
  } else if (length > 0) {
    mixed = mixed * 0x9e3779b1 + load<u8>(text);
    mixed = mixed * 0x85ebca6b + load<u8>(text + length - 1);
  }
  mixed ^= mixed >> 15;
  mixed = mixed * 0x2c1b3c6d;
  return mixed >> 22;
}

/**
 * Headers that Envoy keeps as one field (its inline headers, `envoy/http/header_map.h`, and those that its bundled
 * filters register): adding to one that is there appends `,value` to it. All others become a further field.
 */

export type Direction = "request" | "response";

const BOTH = [
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "proxy-connection",
  "proxy-status",
  "transfer-encoding",
  "upgrade",
  "via",
  "x-envoy-attempt-count",
  "x-envoy-decorator-operation",
  "x-request-id",
  "cache-control",
];

const REQUEST = [
  "accept",
  "accept-encoding",
  "access-control-request-headers",
  "access-control-request-method",
  "authorization",
  "cdn-loop",
  "expect",
  "grpc-accept-encoding",
  "grpc-timeout",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "origin",
  "pragma",
  "referer",
  "te",
  "user-agent",
  "x-client-trace-id",
  "x-envoy-downstream-service-cluster",
  "x-envoy-downstream-service-node",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-external-address",
  "x-envoy-force-trace",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-internal",
  "x-envoy-ip-tags",
  "x-envoy-is-timeout-retry",
  "x-envoy-max-retries",
  "x-envoy-original-host",
  "x-envoy-original-path",
  "x-envoy-original-url",
  "x-envoy-retriable-header-names",
  "x-envoy-retriable-status-codes",
  "x-envoy-retry-grpc-on",
  "x-envoy-retry-on",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-upstream-rq-timeout-alt-response",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-upstream-stream-duration-ms",
  "x-forwarded-client-cert",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
];

const RESPONSE = [
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  "age",
  "date",
  "etag",
  "expires",
  "grpc-message",
  "grpc-status",
  "last-modified",
  "location",
  "server",
  "vary",
  "x-envoy-degraded",
  "x-envoy-immediate-health-check-fail",
  "x-envoy-ratelimited",
  "x-envoy-upstream-canary",
  "x-envoy-upstream-healthchecked-cluster",
  "x-envoy-upstream-service-time",
];

const JOINED: Readonly<Record<Direction, ReadonlySet<string>>> = {
  request: new Set([...BOTH, ...REQUEST]),
  response: new Set([...BOTH, ...RESPONSE]),
};

/** Whether a header (in lower case) is kept as one field. */
export function isJoined(name: string, direction: Direction): boolean {
  return JOINED[direction].has(name);
}

/**
 * Response flags: why a stream ended as it did. One bit each, kept in a number.
 * Names as in Envoy's access log documentation (`%RESPONSE_FLAGS%`); the sentence is what `explain` says to a human.
 */

export interface ResponseFlag {
  readonly bit: number;
  readonly short: string;
  readonly long: string;
  readonly sentence: string;
}

const flags: ResponseFlag[] = [];

function flag(short: string, long: string, sentence: string): number {
  const bit = 1 << flags.length;
  flags.push({ bit, short, long, sentence });
  return bit;
}

// The order is the one in which Envoy prints them: that in which they are set, where two come together.
export const UPSTREAM_RETRY_LIMIT_EXCEEDED = flag(
  "URX",
  "UpstreamRetryLimitExceeded",
  "All retries or connect attempts were used up.",
);
export const FAILED_LOCAL_HEALTH_CHECK = flag(
  "LH",
  "FailedLocalHealthCheck",
  "This proxy was told to fail its health checks.",
);
export const NO_HEALTHY_UPSTREAM = flag(
  "UH",
  "NoHealthyUpstream",
  "The cluster has no host that may be picked: none is configured, resolved or healthy.",
);
export const UPSTREAM_REQUEST_TIMEOUT = flag(
  "UT",
  "UpstreamRequestTimeout",
  "The upstream did not answer within the route's timeout.",
);
export const LOCAL_RESET = flag("LR", "LocalReset", "This proxy reset the stream.");
export const UPSTREAM_REMOTE_RESET = flag("UR", "UpstreamRemoteReset", "The upstream reset the stream.");
export const UPSTREAM_CONNECTION_FAILURE = flag(
  "UF",
  "UpstreamConnectionFailure",
  "No connection to the upstream host could be made.",
);
export const UPSTREAM_CONNECTION_TERMINATION = flag(
  "UC",
  "UpstreamConnectionTermination",
  "The upstream closed the connection before its answer was complete.",
);
export const UPSTREAM_OVERFLOW = flag(
  "UO",
  "UpstreamOverflow",
  "A circuit breaker of the cluster is open: too many connections or requests at once.",
);
export const NO_ROUTE_FOUND = flag("NR", "NoRouteFound", "No route matches the request.");
export const DELAY_INJECTED = flag("DI", "DelayInjected", "The fault filter delayed the request.");
export const FAULT_INJECTED = flag("FI", "FaultInjected", "The fault filter ended the request.");
export const RATE_LIMITED = flag("RL", "RateLimited", "A rate limit refused the request.");
export const UNAUTHORIZED_EXTERNAL_SERVICE = flag(
  "UAEX",
  "UnauthorizedExternalService",
  "The external authorization service denied the request.",
);
export const RATE_LIMIT_SERVICE_ERROR = flag(
  "RLSE",
  "RateLimitServiceError",
  "The rate limit service failed and the request was refused.",
);
export const DOWNSTREAM_CONNECTION_TERMINATION = flag(
  "DC",
  "DownstreamConnectionTermination",
  "The client went away before the answer was complete.",
);
export const STREAM_IDLE_TIMEOUT = flag("SI", "StreamIdleTimeout", "Nothing moved on the stream for too long.");
export const INVALID_ENVOY_REQUEST_HEADERS = flag(
  "IH",
  "InvalidEnvoyRequestHeaders",
  "A header that steers the proxy has an invalid value.",
);
export const DOWNSTREAM_PROTOCOL_ERROR = flag("DPE", "DownstreamProtocolError", "The client's bytes broke HTTP.");
export const UPSTREAM_MAX_STREAM_DURATION_REACHED = flag(
  "UMSDR",
  "UpstreamMaxStreamDurationReached",
  "The upstream stream lasted longer than it may.",
);
export const RESPONSE_FROM_CACHE_FILTER = flag("RFCF", "ResponseFromCacheFilter", "The answer came from the cache.");
export const NO_FILTER_CONFIG_FOUND = flag(
  "NFCF",
  "NoFilterConfigFound",
  "The configuration of a filter has not arrived.",
);
export const DURATION_TIMEOUT = flag("DT", "DurationTimeout", "The stream or connection lasted longer than it may.");
export const UPSTREAM_PROTOCOL_ERROR = flag("UPE", "UpstreamProtocolError", "The upstream's bytes broke HTTP.");
export const NO_CLUSTER_FOUND = flag("NC", "NoClusterFound", "The route names a cluster that does not exist.");
export const OVERLOAD_MANAGER_TERMINATED = flag("OM", "OverloadManagerTerminated", "This proxy shed load.");
export const DNS_RESOLUTION_FAILED = flag("DF", "DnsResolutionFailed", "A name could not be resolved.");
export const DROP_OVERLOAD = flag("DO", "DropOverLoad", "The cluster drops a share of its load.");
export const DOWNSTREAM_REMOTE_RESET = flag("DR", "DownstreamRemoteReset", "The client reset the stream.");
export const UNCONDITIONAL_DROP_OVERLOAD = flag(
  "UDO",
  "UnconditionalDropOverload",
  "The cluster drops all of its load.",
);

export const RESPONSE_FLAGS: readonly ResponseFlag[] = flags;

/** `UF,URX`, or `-` without a flag. */
export function shortFlags(bits: number): string {
  return named(bits, "short");
}

/** `UpstreamConnectionFailure,UpstreamRetryLimitExceeded`, or `-` without a flag. */
export function longFlags(bits: number): string {
  return named(bits, "long");
}

/** One sentence per flag. */
export function sentences(bits: number): string[] {
  return flags.filter((f) => (bits & f.bit) !== 0).map((f) => f.sentence);
}

function named(bits: number, form: "short" | "long"): string {
  if (bits === 0) return "-";
  let text = "";
  for (const f of flags) {
    if ((bits & f.bit) !== 0) text += text === "" ? f[form] : `,${f[form]}`;
  }
  return text;
}

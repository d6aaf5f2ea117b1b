/** `config.route.v3.RetryPolicy`: when the router tries again, how often, how soon, and with which host. */

import { compileHeaderPredicate, type HeaderLookup } from "../access_log/header_predicate.ts";
import type { RetryPolicy as RetryPolicyConfig } from "../config/types/route.ts";

/** Bits of `RetryPolicy.on`, one for each word of `retry_on`. */
export const RETRY_ON_5XX = 1 << 0;
export const RETRY_ON_GATEWAY_ERROR = 1 << 1;
export const RETRY_ON_CONNECT_FAILURE = 1 << 2;
export const RETRY_ON_REFUSED_STREAM = 1 << 3;
export const RETRY_ON_RETRIABLE_4XX = 1 << 4;
export const RETRY_ON_STATUS_CODES = 1 << 5;
export const RETRY_ON_HEADERS = 1 << 6;
export const RETRY_ON_RESET = 1 << 7;
export const RETRY_ON_RESET_BEFORE_REQUEST = 1 << 8;
export const RETRY_ON_ENVOY_RATE_LIMITED = 1 << 9;

const HTTP_WORDS: Readonly<Record<string, number>> = {
  "5xx": RETRY_ON_5XX,
  "gateway-error": RETRY_ON_GATEWAY_ERROR,
  "connect-failure": RETRY_ON_CONNECT_FAILURE,
  "refused-stream": RETRY_ON_REFUSED_STREAM,
  "retriable-4xx": RETRY_ON_RETRIABLE_4XX,
  "retriable-status-codes": RETRY_ON_STATUS_CODES,
  "retriable-headers": RETRY_ON_HEADERS,
  reset: RETRY_ON_RESET,
  "reset-before-request": RETRY_ON_RESET_BEFORE_REQUEST,
  "envoy-ratelimited": RETRY_ON_ENVOY_RATE_LIMITED,
};

/** Statuses of gRPC that may be retried, by their words. The bit of status n is `RETRY_ON_GRPC << n`. */
const GRPC_WORDS: Readonly<Record<string, number>> = {
  cancelled: 1,
  "deadline-exceeded": 4,
  "resource-exhausted": 8,
  internal: 13,
  unavailable: 14,
};
export const RETRY_ON_GRPC = 1 << 12;
/** Any status of gRPC. */
export const RETRY_ON_ANY_GRPC = Object.values(GRPC_WORDS).reduce(
  (bits, status) => bits | (RETRY_ON_GRPC << status),
  0,
);

/** Words that Envoy does not know count for nothing, as there. */
export function retryOnHttp(words: string): number {
  return bitsOf(words, (word) => HTTP_WORDS[word] ?? 0);
}

export function retryOnGrpc(words: string): number {
  return bitsOf(words, (word) => (GRPC_WORDS[word] === undefined ? 0 : RETRY_ON_GRPC << GRPC_WORDS[word]));
}

function bitsOf(words: string, bitOf: (word: string) => number): number {
  return words.split(",").reduce((bits, word) => bits | bitOf(word.trim()), 0);
}

/** Whether the fields of a head are as a matcher wants them. */
export type HeaderRule = (lookup: HeaderLookup) => boolean;

/** A header of an answer that says when to come again. */
export interface ResetHeader {
  /** In lower case. */
  readonly name: string;
  readonly isTimestamp: boolean;
}

/** Times in milliseconds. */
export interface RetryPolicy {
  /** RETRY_ON_... */
  readonly on: number;
  readonly retries: number;
  /** 0: none, as for the next. */
  readonly perTryTimeoutMs: number;
  readonly perTryIdleTimeoutMs: number;
  readonly statusCodes: readonly number[];
  readonly headers: readonly HeaderRule[];
  /** One of them must match the request; none: any request may be retried. */
  readonly requestHeaders: readonly HeaderRule[];
  readonly backOffBaseMs: number;
  readonly backOffMaxMs: number;
  readonly resetHeaders: readonly ResetHeader[];
  readonly resetMaxMs: number;
  /** Picks of a host after the first, while the predicates below do not like it. */
  readonly morePicks: number;
  readonly avoidsPreviousHosts: boolean;
  readonly omitsCanaries: boolean;
}

const DEFAULT_BASE_MS = 25;
const DEFAULT_RESET_MAX_MS = 300_000;

export function compileRetryPolicy(config: RetryPolicyConfig): RetryPolicy {
  const words = config.retry_on ?? "";
  // Envoy's own scale is whole milliseconds.
  const base = Math.max(Math.trunc(config.retry_back_off?.base_interval ?? DEFAULT_BASE_MS), 1);
  const limited = config.rate_limited_retry_back_off;
  const predicates = (config.retry_host_predicate ?? []).map(({ typed_config }) => typed_config["@type"]);
  return {
    on: retryOnHttp(words) | retryOnGrpc(words),
    retries: config.num_retries ?? 1,
    perTryTimeoutMs: config.per_try_timeout ?? 0,
    perTryIdleTimeoutMs: config.per_try_idle_timeout ?? 0,
    statusCodes: config.retriable_status_codes ?? [],
    headers: (config.retriable_headers ?? []).map(compileHeaderPredicate),
    requestHeaders: (config.retriable_request_headers ?? []).map(compileHeaderPredicate),
    backOffBaseMs: base,
    backOffMaxMs: Math.max(Math.trunc(config.retry_back_off?.max_interval ?? base * 10), 1),
    resetHeaders: (limited?.reset_headers ?? []).map(({ name, format }) => ({
      name: name.toLowerCase(),
      isTimestamp: format === "UNIX_TIMESTAMP",
    })),
    resetMaxMs: limited?.max_interval ?? DEFAULT_RESET_MAX_MS,
    morePicks: config.host_selection_retry_max_attempts ?? 1,
    avoidsPreviousHosts: predicates.includes("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
    omitsCanaries: predicates.includes("envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate"),
  };
}

/** That of a route without one, for requests that ask for retries themselves. */
export const NO_RETRY_POLICY = compileRetryPolicy({});

/** Which streams a log takes (`config.accesslog.v3.AccessLogFilter`). A new filter is a row of FILTERS. */

import type { AccessLogFilter, ComparisonFilter } from "../config/types/access_log.ts";
import { GRPC_UNKNOWN, grpcStatusNumber } from "../stream_info/grpc_status.ts";
import { RESPONSE_FLAGS } from "../stream_info/response_flags.ts";
import { NEVER, type StreamInfo } from "../stream_info/stream_info.ts";
import { compileHeaderPredicate } from "./header_predicate.ts";
import { answeredStatus } from "./operators/grpc.ts";

export type LogFilter = (info: StreamInfo) => boolean;

type Compilers = {
  readonly [Name in keyof AccessLogFilter]-?: (config: NonNullable<AccessLogFilter[Name]>) => LogFilter;
};

const FILTERS: Compilers = {
  status_code_filter: ({ comparison }) => {
    const compare = compileComparison(comparison);
    return (info) => compare(info.responseCode);
  },
  duration_filter: ({ comparison }) => {
    const compare = compileComparison(comparison);
    return (info) => info.endMs !== NEVER && compare(Math.trunc(info.endMs - info.startMs));
  },
  // Health checks are requests that the health check filter answers or marks; there is none yet, so no stream is one.
  not_health_check_filter: () => () => true,
  and_filter: ({ filters }) => {
    const all = filters.map(compileFilter);
    return (info) => all.every((filter) => filter(info));
  },
  or_filter: ({ filters }) => {
    const all = filters.map(compileFilter);
    return (info) => all.some((filter) => filter(info));
  },
  header_filter: ({ header }) => {
    const matches = compileHeaderPredicate(header);
    return (info) => {
      const headers = info.requestHeaders;
      return matches((name) => (headers?.isAttached ? headers.getAll(name) : []));
    };
  },
  response_flag_filter: ({ flags }) => {
    const names = flags ?? [];
    // None named: any flag counts.
    if (names.length === 0) return (info) => info.responseFlags !== 0;
    const bits = RESPONSE_FLAGS.reduce((mask, flag) => (names.includes(flag.short) ? mask | flag.bit : mask), 0);
    return (info) => (info.responseFlags & bits) !== 0;
  },
  grpc_status_filter: ({ statuses, exclude }) => {
    const numbers = new Set((statuses ?? []).map(grpcStatusNumber));
    const wanted = exclude !== true;
    return (info) => numbers.has(answeredStatus(info) ?? GRPC_UNKNOWN) === wanted;
  },
  runtime_filter: ({ percent_sampled, use_independent_randomness }) => {
    const numerator = percent_sampled?.numerator ?? 0;
    const denominator = DENOMINATORS[percent_sampled?.denominator ?? "HUNDRED"];
    return (info) => {
      // The same requests are logged by every proxy that they pass, for they carry their dice.
      const dice = use_independent_randomness === true ? undefined : diceOfRequestId(info.requestId);
      return (dice ?? Math.floor(Math.random() * 2 ** 32)) % denominator < numerator;
    };
  },
};

const DENOMINATORS = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const;

/** The first 32 bits of a request id that is a UUID. */
function diceOfRequestId(requestId: string): number | undefined {
  const first = requestId.slice(0, 8);
  return /^[0-9a-fA-F]{8}$/.test(first) ? Number.parseInt(first, 16) : undefined;
}

/** Compiles the one filter that is set. */
export function compileFilter(config: AccessLogFilter): LogFilter {
  for (const name of Object.keys(FILTERS) as (keyof AccessLogFilter)[]) {
    const inner = config[name];
    if (inner !== undefined) return (FILTERS[name] as (config: object) => LogFilter)(inner);
  }
  throw new Error("the access log filter is empty");
}

/** Runtime keys are not looked up: the default value holds. */
function compileComparison({ op, value }: ComparisonFilter): (number: number) => boolean {
  const limit = value.default_value ?? 0;
  switch (op) {
    case "GE":
      return (number) => number >= limit;
    case "LE":
      return (number) => number <= limit;
    case "NE":
      return (number) => number !== limit;
    default:
      return (number) => number === limit;
  }
}

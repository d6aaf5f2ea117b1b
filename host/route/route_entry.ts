import type { FilterMetadata } from "../stream_info/metadata.ts";
import type { StreamInfo } from "../stream_info/stream_info.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import type { RetryPolicy } from "./retry_policy.ts";
import type { VirtualClusters } from "./virtual_cluster.ts";

/**
 * What a route is after compiling: immutable objects that the matcher hands out by index. One entry answers everything
 * that the connection manager and the router ask about a request; nothing here is decoded or decided per request.
 *
 * A weighted cluster is an entry of its own (`weighted` of its parent lists them): whoever holds an entry of kind
 * "forward" always sees one cluster, one list of mutations and one set of per-filter config.
 */
export type RouteEntry = {
  /** Index in `RouteTable.routes`; weighted clusters have indexes of their own behind those of the routes. */
  readonly index: number;
  /** `Route.name`, or "" (access log `%ROUTE_NAME%`). */
  readonly name: string;
  readonly kind: "forward" | "redirect" | "direct_response";
  readonly virtualHost: VirtualHostEntry;
  readonly metadata: FilterMetadata | undefined;
  /** What the route asks of a request, for humans: `prefix "/api", 2 headers`. */
  readonly rule: string;
  /** `Route.stat_prefix`, or "". */
  readonly statPrefix: string;
  /** All levels in the order that the table asks for, ready to apply to the request head. */
  readonly requestMutations: HeaderMutations;
  /** The same for the response head (upstream's or a local reply). */
  readonly responseMutations: HeaderMutations;
  /** Per-filter config by filter name (the name in `http_filters`), most specific level only. */
  readonly perFilterConfig: ReadonlyMap<string, unknown>;
  /** The same for filters that merge levels: least specific first. */
  readonly perFilterConfigs: ReadonlyMap<string, readonly unknown[]>;
  /** Filters switched off (`true`) or on (`false`) by `FilterConfig.disabled`; absent where nothing is said. */
  readonly filterDisabled: ReadonlyMap<string, boolean>;
  /** Set when kind is "forward". */
  readonly forward: ForwardAction | undefined;
  /** Set when kind is "redirect". */
  readonly redirect: RedirectAction | undefined;
  /** Set when kind is "direct_response". */
  readonly directResponse: DirectResponseAction | undefined;
};

/** `VirtualHost` as far as a request sees it. */
export type VirtualHostEntry = {
  readonly name: string;
  readonly includeRequestAttemptCount: boolean;
  readonly includeAttemptCountInResponse: boolean;
  /** Later tries say whether the one before timed out. */
  readonly includeIsTimeoutRetry: boolean;
  readonly metadata: FilterMetadata | undefined;
  /** Null: it names none. */
  readonly virtualClusters: VirtualClusters | null;
};

export type ForwardAction = {
  /** Name of the cluster. */
  readonly cluster: string;
  /** 503 by default, 404 by `cluster_not_found_response_code`. */
  readonly clusterNotFoundStatus: number;
  /** Route timeout in ms; 0 is none. Default 15,000. */
  readonly timeoutMs: number;
  /** Stream idle timeout in ms that replaces the connection manager's, 0 is none; -1: not set. */
  readonly idleTimeoutMs: number;
  /** `max_stream_duration` in ms that replaces the connection manager's, 0 is none; -1: not set. */
  readonly maxStreamDurationMs: number;
  /** What it makes of `grpc-timeout`; null: nothing, it goes on as it came. */
  readonly grpcTimeout: GrpcTimeoutRule | null;
  readonly priority: "default" | "high";
  /** The route's own, or that of its virtual host; null: none. */
  readonly retry: RetryPolicy | null;
  /** Bytes of a request that are kept for another try. */
  readonly keptRequestBytes: number;
  /** Upgrade type in lower case -> enabled; the connection manager's count for types that are not here. */
  readonly upgrades: ReadonlyMap<string, boolean>;
  /** A CONNECT ends here and goes on as plain TCP (`connect_config`). */
  readonly terminatesConnect: boolean;
  /** The host picked names the authority (`auto_host_rewrite`). */
  readonly autoHostRewrite: boolean;
  /** Path and host rewrites that do not depend on the upstream host. Apply them after `requestMutations`. */
  readonly rewrite: RequestRewrite | undefined;
  /** `append_x_forwarded_host`. */
  readonly appendXForwardedHost: boolean;
};

/** How far a route believes `grpc-timeout`. Times in ms. */
export type GrpcTimeoutRule = {
  /** By `max_stream_duration`: it limits the whole stream; else by `max_grpc_timeout`, and it is the route's timeout. */
  readonly limitsStream: boolean;
  /** 0: as long as the request says; -1: its word counts for nothing. */
  readonly maxMs: number;
  /** The proxy gives up so much earlier than the client. */
  readonly offsetMs: number;
};

/** Rewrites of `:path` and `:authority`, applied after the header mutations. */
export type RequestRewrite = {
  /**
   * `keepOriginal`: what was there goes to x-envoy-original-path and x-envoy-original-host (unless the router suppresses
   * Envoy's headers). @returns false when the block has no room: the caller answers 431.
   */
  apply(headers: HeaderMap, keepOriginal: boolean): boolean;
};

export type RedirectAction = {
  /** 301, 302, 303, 307 or 308. */
  readonly status: number;
  /** The path rewrite that the location shows; apply it before `location`, as Envoy does. */
  readonly rewrite: RequestRewrite | undefined;
  /** The `location` of the answer, for the head of the request after `rewrite`. */
  location(headers: HeaderMap): string;
};

export type DirectResponseAction = {
  readonly status: number;
  /** Undefined: no body at all, and no content-type. */
  readonly body: Uint8Array | undefined;
  /** Set when the status is 201 or 3xx: Envoy adds a `location` there too, the URL of the request itself. */
  readonly location: ((headers: HeaderMap) => string) | undefined;
};

/** A list of header mutations, static ones in core memory, dynamic ones through the formatter. */
export type HeaderMutations = {
  /** Nothing to do: the caller may skip the call. */
  readonly empty: boolean;
  /** Applies all of them in order. @returns false when the block has no room: the caller answers 431 or 500. */
  apply(headers: HeaderMap, info: StreamInfo): boolean;
};

/** A compiled `RouteConfiguration`. */
export type RouteTable = {
  /** `RouteConfiguration.name`. */
  readonly name: string;
  /** Address of the match program, for `explain`. */
  readonly program: number;
  readonly routes: readonly RouteEntry[];
  readonly virtualHosts: readonly VirtualHostEntry[];
  /**
   * One core call. `random` is one u32 per request: weighted clusters take it modulo their total weight.
   *
   * @returns the index of the entry in `routes` (already that of the weighted cluster), NO_VIRTUAL_HOST or NO_ROUTE (of the layout, both negative)
   */
  match(block: number, random: number): number;
  /** Which routes were tried and why they did not match: slow, for humans. */
  explain(block: number): RouteExplanation;
  /** Gives the core memory back. Call it once, after the last stream that uses the table has ended. */
  dispose(): void;
};

/** Which rule of a route did not hold, or "match". */
export type RouteVerdict = "match" | "path" | "headers" | "query" | "grpc";

export type RouteExplanation = {
  /** Undefined: no virtual host has a domain that fits. */
  readonly virtualHost: string | undefined;
  /** Routes in the order in which they were tried; the one that matches is the last. */
  readonly tried: readonly { readonly route: RouteEntry; readonly verdict: RouteVerdict }[];
};

/** `config.route.v3.RouteAction` as far as it does not rewrite: cluster, timeouts, priority, upgrades. */

import type { Route, RouteAction, VirtualHost } from "../config/types/route.ts";
import { compileRetryPolicy } from "./retry_policy.ts";
import type { ForwardAction, GrpcTimeoutRule, RequestRewrite } from "./route_entry.ts";

/** Envoy's route timeout where none is set. */
const DEFAULT_TIMEOUT_MS = 15_000;
const NOT_SET = -1;

/** Envoy's limit of a connection's buffer where none is set. */
const DEFAULT_KEPT_BYTES = 1_048_576;

const NOT_FOUND_STATUS = { SERVICE_UNAVAILABLE: 503, NOT_FOUND: 404, INTERNAL_SERVER_ERROR: 500 } as const;

/** The action towards one cluster: that of the route, or one of its weighted clusters. */
export function compileForward(
  route: Route,
  host: VirtualHost,
  cluster: string,
  rewrite: RequestRewrite | undefined,
): ForwardAction {
  const action = route.route ?? {};
  const maxStream = action.max_stream_duration;
  const policy = action.retry_policy ?? host.retry_policy;
  const keptBytes =
    route.request_body_buffer_limit ??
    route.per_request_buffer_limit_bytes ??
    host.request_body_buffer_limit ??
    host.per_request_buffer_limit_bytes ??
    DEFAULT_KEPT_BYTES;
  return {
    cluster,
    clusterNotFoundStatus: NOT_FOUND_STATUS[action.cluster_not_found_response_code ?? "SERVICE_UNAVAILABLE"],
    // A route with max_stream_duration uses the new timeouts alone: Envoy then ignores `timeout` and its default.
    timeoutMs: maxStream === undefined ? (action.timeout ?? DEFAULT_TIMEOUT_MS) : 0,
    idleTimeoutMs: action.idle_timeout ?? NOT_SET,
    maxStreamDurationMs: maxStream?.max_stream_duration ?? NOT_SET,
    grpcTimeout: grpcTimeoutRule(action),
    retry: policy === undefined ? null : compileRetryPolicy(policy),
    keptRequestBytes: Number(keptBytes),
    priority: action.priority === "HIGH" ? "high" : "default",
    upgrades: new Map(
      (action.upgrade_configs ?? []).map((upgrade) => [upgrade.upgrade_type.toLowerCase(), upgrade.enabled !== false]),
    ),
    terminatesConnect: (action.upgrade_configs ?? []).some(
      (upgrade) => upgrade.upgrade_type.toLowerCase() === "connect" && upgrade.connect_config !== undefined,
    ),
    autoHostRewrite: action.auto_host_rewrite === true,
    rewrite,
    appendXForwardedHost: action.append_x_forwarded_host === true,
  };
}

function grpcTimeoutRule(action: RouteAction): GrpcTimeoutRule | null {
  const { max_stream_duration: ofStream, max_grpc_timeout: ofRequest } = action;
  if (ofStream !== undefined) {
    const { grpc_timeout_header_max: maxMs = NOT_SET, grpc_timeout_header_offset: offsetMs = 0 } = ofStream;
    return { limitsStream: true, maxMs, offsetMs };
  }
  if (ofRequest === undefined) return null;
  return { limitsStream: false, maxMs: ofRequest, offsetMs: action.grpc_timeout_offset ?? 0 };
}

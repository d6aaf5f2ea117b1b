/** HttpConnectionManager -> the parts of a `ConnectionManager`, with Envoy's defaults. */

import type { HttpConnectionManager } from "../../../host/config/types/http_connection_manager.ts";
import type { ConnectionManagerTimeouts, ServerCodecOptions } from "../../../host/http/connection_manager.ts";
import type { NodeInfo } from "../../../host/http/http_worker.ts";

import type { ForwardParams } from "../../../host/wasm/forward.ts";

const IDLE_MS = 3_600_000;
const STREAM_IDLE_MS = 300_000;
const DRAIN_MS = 5_000;
const DELAYED_CLOSE_MS = 1_000;
const MAX_REQUEST_HEADERS_KB = 60;
const MAX_HEADERS = 100;

const UNDERSCORES = { ALLOW: "allow", REJECT_REQUEST: "reject", DROP_HEADER: "drop" } as const;

export function timeouts(config: HttpConnectionManager): ConnectionManagerTimeouts {
  const common = config.common_http_protocol_options;
  return {
    idleMs: common?.idle_timeout ?? IDLE_MS,
    maxConnectionDurationMs: common?.max_connection_duration ?? 0,
    requestHeadersMs: config.request_headers_timeout ?? 0,
    requestMs: config.request_timeout ?? 0,
    streamIdleMs: config.stream_idle_timeout ?? STREAM_IDLE_MS,
    maxStreamDurationMs: common?.max_stream_duration ?? 0,
    drainMs: config.drain_timeout ?? DRAIN_MS,
    delayedCloseMs: config.delayed_close_timeout ?? DELAYED_CLOSE_MS,
  };
}

export function codecOptions(config: HttpConnectionManager): ServerCodecOptions {
  const http1 = config.http_protocol_options;
  const common = config.common_http_protocol_options;
  return {
    maxHeadBytes: (config.max_request_headers_kb ?? MAX_REQUEST_HEADERS_KB) * 1024,
    maxHeaders: common?.max_headers_count ?? MAX_HEADERS,
    acceptHttp10: http1?.accept_http_10 ?? false,
    defaultHostForHttp10: http1?.default_host_for_http_10 ?? "",
    enableTrailers: http1?.enable_trailers ?? false,
    underscores: UNDERSCORES[common?.headers_with_underscores_action ?? "ALLOW"],
  };
}

/** Upgrade types in lower case. */
export function upgrades(config: HttpConnectionManager): ReadonlyMap<string, boolean> {
  return new Map((config.upgrade_configs ?? []).map((u) => [u.upgrade_type.toLowerCase(), u.enabled ?? true]));
}

const SERVER_NAME = "envoy";

/** What the forwarding rules of the core are told. */
export function forwardParams(config: HttpConnectionManager, node: NodeInfo): ForwardParams {
  return {
    useRemoteAddress: config.use_remote_address ?? false,
    xffNumTrustedHops: config.xff_num_trusted_hops ?? 0,
    skipXffAppend: config.skip_xff_append ?? false,
    generateRequestId: config.generate_request_id ?? true,
    preserveExternalRequestId: config.preserve_external_request_id ?? false,
    alwaysSetRequestIdInResponse: config.always_set_request_id_in_response ?? false,
    appendXForwardedPort: config.append_x_forwarded_port ?? false,
    serverHeaderTransformation: config.server_header_transformation ?? "OVERWRITE",
    forwardClientCertDetails: config.forward_client_cert_details ?? "SANITIZE",
    serverName: config.server_name || SERVER_NAME,
    via: config.via ?? "",
    userAgent: config.add_user_agent ? node.cluster : null,
    nodeId: node.id,
    scheme: config.scheme_header_transformation?.scheme_to_overwrite ?? "",
    localAddress: node.localAddress,
    internalRanges: (config.internal_address_config?.cidr_ranges ?? []).map((range) => ({
      address: range.address_prefix,
      prefixBits: range.prefix_len ?? 0,
    })),
    internalUnixSockets: config.internal_address_config?.unix_sockets ?? false,
  };
}

/** Which HTTP the hosts of a cluster are spoken to in, and how (HttpProtocolOptions, and the older fields of Cluster that it stands for). */

import type { Cluster } from "../config/types/cluster.ts";
import type {
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
  UpstreamHttpProtocolOptions,
} from "../config/types/core.ts";
import { UPSTREAM_TLS_CONTEXT } from "../config/types/tls.ts";
import { type ConnectionInfo, PROTOCOL_HTTP2 } from "../stream_info/stream_info.ts";
import type { HeaderMap } from "../wasm/header_view.ts";

/** What is spoken on a pool's connections; "auto": what TLS agrees on. */
export type HttpProtocol = "http1" | "http2" | "auto";

/** What a pool is chosen by. */
export interface PooledRequest {
  /** PROTOCOL_... */
  readonly protocol: number;
  readonly requestHeaders: HeaderMap | null;
  readonly connection: ConnectionInfo;
}

export interface UpstreamHttp {
  /** "downstream": in which the client speaks. */
  readonly chosen: HttpProtocol | "downstream";
  readonly common: HttpProtocolOptions;
  readonly http1: Http1ProtocolOptions;
  readonly http2: Http2ProtocolOptions;
  readonly upstream: UpstreamHttpProtocolOptions;
}

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function upstreamHttpOf(config: Cluster): UpstreamHttp {
  const typed = config.typed_extension_protocol_options?.[HTTP_OPTIONS];
  if (typed === undefined) {
    const { http2_protocol_options: http2 } = config;
    return {
      chosen:
        config.protocol_selection === "USE_DOWNSTREAM_PROTOCOL"
          ? "downstream"
          : http2 === undefined
            ? "http1"
            : "http2",
      common: config.common_http_protocol_options ?? {},
      http1: config.http_protocol_options ?? {},
      http2: http2 ?? {},
      upstream: config.upstream_http_protocol_options ?? {},
    };
  }
  const { explicit_http_config: explicit, use_downstream_protocol_config: downstream, auto_config: auto } = typed;
  const options = explicit ?? downstream ?? auto ?? {};
  return {
    chosen:
      explicit !== undefined
        ? explicit.http2_protocol_options === undefined
          ? "http1"
          : "http2"
        : downstream !== undefined
          ? "downstream"
          : // Nobody agrees on anything without TLS: HTTP/1.1, as in Envoy.
            config.transport_socket?.typed_config?.["@type"] === UPSTREAM_TLS_CONTEXT
            ? "auto"
            : "http1",
    common: typed.common_http_protocol_options ?? {},
    http1: options.http_protocol_options ?? {},
    http2: options.http2_protocol_options ?? {},
    upstream: typed.upstream_http_protocol_options ?? {},
  };
}

/** @param downstream PROTOCOL_... of the request */
export function protocolFor({ chosen }: UpstreamHttp, downstream: number): HttpProtocol {
  if (chosen !== "downstream") return chosen;
  return downstream === PROTOCOL_HTTP2 ? "http2" : "http1";
}

/**
 * The one list of filters. A new filter is a folder below `http/`, `network/` or `listener/` and a line here; the config door accepts what
 * `host/config/supported.ts` lists, under the same type names.
 */

import type { HttpFilterFactory } from "../host/http/filter.ts";
import type { ListenerFilterFactory } from "../host/listener/filter.ts";
import type { NetworkFilterFactory } from "../host/tcp/filter.ts";
import { cors } from "./http/cors/cors.ts";
import { grpcHttp1Bridge } from "./http/grpc_http1_bridge/grpc_http1_bridge.ts";
import { grpcHttp1ReverseBridge } from "./http/grpc_http1_reverse_bridge/grpc_http1_reverse_bridge.ts";
import { grpcStats } from "./http/grpc_stats/grpc_stats.ts";
import { grpcWeb } from "./http/grpc_web/grpc_web.ts";
import { router } from "./http/router/router.ts";
import { httpInspector } from "./listener/http_inspector/http_inspector.ts";
import { proxyProtocol } from "./listener/proxy_protocol/proxy_protocol.ts";
import { tlsInspector } from "./listener/tls_inspector/tls_inspector.ts";
import { httpConnectionManager } from "./network/http_connection_manager/http_connection_manager.ts";
import { tcpProxy } from "./network/tcp_proxy/tcp_proxy.ts";

/** A factory whose config type only the factory itself knows. */
type AnyHttpFilter = HttpFilterFactory<unknown>;
type AnyNetworkFilter = NetworkFilterFactory<unknown>;
type AnyListenerFilter = ListenerFilterFactory<unknown>;

const HTTP_FILTERS = [
  cors,
  grpcHttp1Bridge,
  grpcHttp1ReverseBridge,
  grpcStats,
  grpcWeb,
  router,
] as readonly unknown[] as readonly AnyHttpFilter[];

/** By full name of the config's message. */
export const httpFilters: ReadonlyMap<string, AnyHttpFilter> = byType(HTTP_FILTERS);

const NETWORK_FILTERS = [
  httpConnectionManager(httpFilters),
  tcpProxy,
] as readonly unknown[] as readonly AnyNetworkFilter[];

/** By full name of the config's message. */
export const networkFilters: ReadonlyMap<string, AnyNetworkFilter> = byType(NETWORK_FILTERS);

const LISTENER_FILTERS = [
  httpInspector,
  proxyProtocol,
  tlsInspector,
] as readonly unknown[] as readonly AnyListenerFilter[];

/** By full name of the config's message. */
export const listenerFilters: ReadonlyMap<string, AnyListenerFilter> = byType(LISTENER_FILTERS);

function byType<F extends { readonly typeNames: readonly string[] }>(factories: readonly F[]): ReadonlyMap<string, F> {
  return new Map(factories.flatMap((factory) => factory.typeNames.map((type) => [type, factory] as const)));
}

/** envoy.filters.network.http_connection_manager: HTTP on an accepted connection. */

import { readFileSync } from "node:fs";
import { createAccessLogs } from "../../../host/access_log/log.ts";
import { HTTP2_PROTOCOL } from "../../../host/config/alpn.ts";
import type { HttpConnectionManager } from "../../../host/config/types/http_connection_manager.ts";
import type { ConnectionManager } from "../../../host/http/connection_manager.ts";
import { ConnectionManagerStats } from "../../../host/http/connection_manager_stats.ts";
import type { HttpFilterFactory } from "../../../host/http/filter.ts";
import { FilterChain } from "../../../host/http/filter_chain.ts";
import { Http1ServerConnection } from "../../../host/http/http1_server_connection.ts";
import { Http2ServerConnection } from "../../../host/http/http2_server_connection.ts";
import { http2ServerSettings } from "../../../host/http/http2_worker.ts";
import { createPathNormalizer } from "../../../host/http/path_normalizer.ts";
import { type DetectionOwner, ProtocolDetection, type SpokenProtocol } from "../../../host/http/protocol_detection.ts";
import type { ConnectionOwner, ConnectionParts, ServerConnection } from "../../../host/http/server_connection.ts";
import { compileRouteTable } from "../../../host/route/compile.ts";
import type { RouteTable } from "../../../host/route/route_entry.ts";
import type { Scope, ScopeLease } from "../../../host/stats/scope.ts";
import { PROTOCOL_HTTP2, PROTOCOL_HTTP11, PROTOCOL_NONE } from "../../../host/stream_info/stream_info.ts";
import type { DownstreamConnection } from "../../../host/tcp/downstream.ts";
import {
  type NetworkFilter,
  type NetworkFilterContext,
  type NetworkFilterFactory,
  type NetworkFilterStatus,
  STOP,
} from "../../../host/tcp/filter.ts";
import { ConfigArenaFull } from "../../../host/wasm/config_arena.ts";
import { openForwardPeer, storeForwardParams, storeNameList } from "../../../host/wasm/forward.ts";
import { clientCertText } from "./client_certificate.ts";
import { codecOptions, forwardParams, timeouts, upgrades } from "./config.ts";

export class HttpConnectionManagerFilter implements NetworkFilter, ConnectionOwner, DetectionOwner {
  private readonly context: NetworkFilterContext;
  private readonly manager: ConnectionManager;
  /** Of `http.<stat_prefix>.`, and of the same below the listener. */
  private readonly statLeases: readonly ScopeLease[];
  /** What it has in the config arena, beside its routes. */
  private readonly stored: number[] = [];
  private readonly config: HttpConnectionManager;
  /** By id of the connection: what stands in the config arena about its client's certificate. */
  private readonly certificateTexts = new Map<number, number>();
  private readonly connections = new Map<ServerConnection, DownstreamConnection>();

  constructor(config: HttpConnectionManager, context: NetworkFilterContext, factories: HttpFilterFactories) {
    const prefix = config.stat_prefix;
    this.config = config;
    this.context = context;
    this.statLeases = [context.worker.stats.root, context.listenerScope].map((scope) =>
      scope.scope("http").scope(prefix).lease(),
    );
    try {
      this.manager = this.build(config, factories);
    } catch (error) {
      this.giveBack();
      throw error;
    }
  }

  private build(config: HttpConnectionManager, factories: HttpFilterFactories): ConnectionManager {
    const { context } = this;
    const { worker } = context;
    const prefix = config.stat_prefix;
    const [scope, ofListener] = this.statLeases.map((lease) => lease.scope) as [Scope, Scope];
    const store = (address: number) => {
      if (address !== 0) this.stored.push(address);
      return address;
    };
    const filters = (config.http_filters ?? []).map((filter) => ({
      name: filter.name,
      filter: createHttpFilter(factories, filter.typed_config, {
        scope,
        timers: worker.timers,
        clusters: context.clusters,
        statPrefix: prefix,
        filterName: filter.name,
        memory: worker.core.bytes,
        random: () => worker.random(),
      }),
    }));
    const routeConfigs = new Map(
      [...factories.values()].flatMap(({ routeTypeNames = [], decodeRoute }) =>
        routeTypeNames.map((type) => [type, decodeRoute] as const),
      ),
    );
    return {
      statPrefix: prefix,
      stats: new ConnectionManagerStats(scope, ofListener),
      timeouts: timeouts(config),
      codecType: config.codec_type ?? "AUTO",
      codec: codecOptions(config),
      http2: http2ServerSettings(config.http2_protocol_options ?? {}, codecOptions(config)),
      chain: new FilterChain(filters),
      accessLogs: createAccessLogs(config.access_log ?? [], worker.accessLogSinks),
      forwardParams: store(storeForwardParams(worker.arena, forwardParams(config, worker.node))),
      internalOnlyHeaders: store(storeNameList(worker.arena, config.route_config?.internal_only_headers ?? [])),
      upgrades: upgrades(config),
      proxy100Continue: config.proxy_100_continue ?? false,
      maxRequestsPerConnection: config.common_http_protocol_options?.max_requests_per_connection ?? 0,
      pathNormalizer: createPathNormalizer(config),
      stripPort: config.strip_any_host_port ? "any" : config.strip_matching_host_port ? "matching" : null,
      stripTrailingDot: config.strip_trailing_host_dot ?? false,
      // The last that may find no room: it gives back what it has when it fails.
      routes: compileRouteTable(config.route_config ?? {}, {
        core: worker.core,
        arena: worker.arena,
        virtualHostScope: worker.stats.root.scope("vhost"),
        decodeFilterConfig: (_filter, any) => routeConfigs.get(any["@type"])?.(any),
        readFile: (path) => readFileSync(path),
      }),
    };
  }

  onConnection(connection: DownstreamConnection): NetworkFilterStatus {
    const { worker } = this.context;
    const { local, remote, socket } = connection;
    const forwardPeer = openForwardPeer(
      worker.core,
      remote.kind === "ip" ? remote.ip : "",
      local.kind === "ip" ? local.port : 0,
      connection.tls !== null,
    );
    if (forwardPeer === 0) return this.refuse(connection);
    if (!this.tellCertificate(connection, forwardPeer)) {
      worker.core.exports.forwardPeerClose(forwardPeer);
      return this.refuse(connection);
    }
    const parts = { worker, manager: this.manager, socket, info: connection, forwardPeer, owner: this };
    const protocol = this.protocolOf(connection);
    const served = protocol === null ? new ProtocolDetection(parts, this) : this.speak(parts, protocol);
    if (served === null) {
      this.forgetCertificate(connection);
      worker.core.exports.forwardPeerClose(forwardPeer);
      return this.refuse(connection);
    }
    socket.owner = served;
    this.connections.set(served, connection);
    const { stats } = this.manager;
    stats.cxTotal.inc();
    stats.cxActive.inc();
    if (connection.tls !== null) {
      stats.cxSslTotal.inc();
      stats.cxSslActive.inc();
    }
    return STOP;
  }

  /** Null: its first bytes will tell. */
  private protocolOf({ tls }: DownstreamConnection): SpokenProtocol | null {
    const { codecType } = this.manager;
    if (codecType !== "AUTO") return codecType === "HTTP2" ? "http2" : "http1";
    const agreed = tls?.alpn ?? "";
    if (agreed === "") return null;
    return agreed === HTTP2_PROTOCOL ? "http2" : "http1";
  }

  onDetected(detection: ProtocolDetection, protocol: SpokenProtocol): ServerConnection | null {
    const connection = this.connections.get(detection) as DownstreamConnection;
    const served = this.speak(detection.parts, protocol);
    if (served === null) {
      detection.giveUp();
      return null;
    }
    this.connections.delete(detection);
    this.connections.set(served, connection);
    connection.socket.owner = served;
    return served;
  }

  /** Null: a table of the core is full. */
  private speak(parts: ConnectionParts, protocol: SpokenProtocol): ServerConnection | null {
    const { manager } = this;
    const { worker } = this.context;
    if (protocol === "http1") {
      const codec = worker.newHttp1ServerCodec(manager.codec);
      if (codec !== null) return new Http1ServerConnection(parts, codec);
    } else {
      const codec = worker.newHttp2ServerCodec(manager.http2);
      if (codec !== null) return new Http2ServerConnection(parts, codec);
    }
    return null;
  }

  /** A table of the core is full: the connection is refused at the door. */
  private refuse(connection: DownstreamConnection): NetworkFilterStatus {
    connection.socket.reset();
    connection.closed({ bytesReceived: 0, bytesSent: 0, protocol: PROTOCOL_NONE });
    return STOP;
  }

  /** Requests of this connection will say who its client is. False: there is no room for that. */
  private tellCertificate({ tls, id }: DownstreamConnection, peer: number): boolean {
    const mode = this.config.forward_client_cert_details ?? "SANITIZE";
    if (tls === null || tls.peer === null || mode === "SANITIZE") return true;
    const { arena, core } = this.context.worker;
    const text = Buffer.from(clientCertText(tls, this.config.set_current_client_cert_details ?? {}), "utf8");
    let at: number;
    try {
      at = arena.allocate(text.length);
    } catch (error) {
      if (error instanceof ConfigArenaFull) return false;
      throw error;
    }
    core.bytes.set(text, at);
    core.exports.forwardPeerCertificate(peer, at, text.length);
    this.certificateTexts.set(id, at);
    return true;
  }

  onConnectionLost(isLocal: boolean): void {
    const { stats } = this.manager;
    stats.cxTotal.inc();
    stats.cxSslTotal.inc();
    stats.cxDestroy.inc();
    (isLocal ? stats.cxDestroyLocal : stats.cxDestroyRemote).inc();
  }

  get routes(): RouteTable {
    return this.manager.routes;
  }

  onConnectionClosed(served: ServerConnection): void {
    const connection = this.connections.get(served);
    this.connections.delete(served);
    if (connection === undefined) return;
    this.forgetCertificate(connection);
    if (connection.tls !== null) this.manager.stats.cxSslActive.dec();
    const { wireBytesReceived: bytesReceived, wireBytesSent: bytesSent } = served;
    const spoken = served instanceof Http2ServerConnection ? PROTOCOL_HTTP2 : PROTOCOL_HTTP11;
    connection.closed({ bytesReceived, bytesSent, protocol: bytesReceived === 0 ? PROTOCOL_NONE : spoken });
  }

  private forgetCertificate({ id }: DownstreamConnection): void {
    const text = this.certificateTexts.get(id);
    if (text !== undefined) this.context.worker.arena.release(text);
    this.certificateTexts.delete(id);
  }

  drain(): void {
    for (const connection of [...this.connections.keys()]) connection.drain();
  }

  dispose(): void {
    this.manager.routes.dispose();
    this.giveBack();
  }

  private giveBack(): void {
    for (const address of this.stored.splice(0)) this.context.worker.arena.release(address);
    for (const lease of this.statLeases) lease.release();
  }
}

/** By full name of the config's message. */
export type HttpFilterFactories = ReadonlyMap<string, HttpFilterFactory<unknown>>;

function createHttpFilter(
  factories: HttpFilterFactories,
  config: { readonly "@type": string } | undefined,
  context: Parameters<HttpFilterFactory<unknown>["create"]>[1],
) {
  const factory = factories.get(config?.["@type"] ?? "");
  // The config door knows the same list: what it lets through is here.
  if (factory === undefined || config === undefined) throw new Error(`no HTTP filter for ${config?.["@type"]}`);
  return factory.create(factory.decode(config), context);
}

/** The registry hands in the HTTP filters, so that they need not be known here. */
export function httpConnectionManager(factories: HttpFilterFactories): NetworkFilterFactory<HttpConnectionManager> {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typeNames: ["envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"],
    decode: (config) => config as HttpConnectionManager,
    create: (config, context) => new HttpConnectionManagerFilter(config, context, factories),
  };
}

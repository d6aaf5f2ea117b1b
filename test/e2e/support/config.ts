// Configs as the tests want them, with the parts that no test is about filled in.

const TYPE = "type.googleapis.com/envoy.extensions";
export const ROUTER = {
  name: "envoy.filters.http.router",
  typed_config: { "@type": `${TYPE}.filters.http.router.v3.Router` },
};

export interface HttpConfig {
  readonly routes: readonly object[];
  /** By name: a port of loopback, the path of a unix socket, or fields of the cluster. */
  readonly clusters?: Readonly<Record<string, number | string | object>>;
  /** Fields of the HTTP connection manager. */
  readonly manager?: object;
  /** Fields of the listener. */
  readonly listener?: object;
  /** Fields of the bootstrap. */
  readonly bootstrap?: object;
}

/** One HTTP listener named `front` on a port of its own. */
export function httpConfig({ routes, clusters = {}, manager = {}, listener = {}, bootstrap = {} }: HttpConfig): object {
  const connectionManager = {
    "@type": `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "front",
    route_config: { name: "front", virtual_hosts: [{ name: "everyone", domains: ["*"], routes }] },
    http_filters: [ROUTER],
    ...manager,
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: connectionManager }];
  return {
    ...bootstrap,
    static_resources: {
      listeners: [{ name: "front", address: loopback(0), filter_chains: [{ filters }], ...listener }],
      clusters: clustersOf(clusters),
    },
  };
}

/** One listener named `front` whose connections go to `cluster`. */
export function tcpConfig(clusters: Readonly<Record<string, number | string | object>>, proxy: object): object {
  const filter = {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: { "@type": `${TYPE}.filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: "front", ...proxy },
  };
  return {
    static_resources: {
      listeners: [{ name: "front", address: loopback(0), filter_chains: [{ filters: [filter] }] }],
      clusters: clustersOf(clusters),
    },
  };
}

function clustersOf(clusters: Readonly<Record<string, number | string | object>>): object[] {
  return Object.entries(clusters).map(([name, upstream]) => {
    const base = { name, connect_timeout: "1s" };
    if (typeof upstream === "object") return { ...base, ...upstream };
    return { ...base, load_assignment: assignment(name, [upstream]) };
  });
}

/** Fields of a cluster whose hosts speak HTTP/2. */
export const HTTP2_OPTIONS = http2Options();

/** @param options Http2ProtocolOptions @param more other fields of HttpProtocolOptions */
export function http2Options(options: object = {}, more: object = {}): object {
  const name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    typed_extension_protocol_options: {
      [name]: {
        "@type": `type.googleapis.com/${name}`,
        explicit_http_config: { http2_protocol_options: options },
        ...more,
      },
    },
  };
}

/** Hosts by port of loopback or path of a unix socket. */
export function assignment(name: string, upstreams: readonly (number | string)[]): object {
  const hosts = upstreams.map((upstream) => ({
    endpoint: { address: typeof upstream === "number" ? loopback(upstream) : { pipe: { path: upstream } } },
  }));
  return { cluster_name: name, endpoints: [{ lb_endpoints: hosts }] };
}

export function loopback(port: number, address = "127.0.0.1"): object {
  return { socket_address: { address, port_value: port } };
}

/** A route by prefix; `action` are fields of the RouteAction. */
export function route(prefix: string, cluster: string, action: object = {}): object {
  return { match: { prefix }, route: { cluster, ...action } };
}

/** An access log in a file, with one line of `format` for each stream. */
export function fileLog(path: string, format: string): object {
  return {
    name: "envoy.access_loggers.file",
    typed_config: {
      "@type": `${TYPE}.access_loggers.file.v3.FileAccessLog`,
      path,
      log_format: { text_format_source: { inline_string: `${format}\n` } },
    },
  };
}

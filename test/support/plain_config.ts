/**
 * The smallest bootstrap that proxies: one listener, every request to one upstream. Ports are the system's choice. `more` is added to
 * the connection manager.
 */
export function plainConfig(upstreamPort: number, more: object = {}): object {
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: upstreamPort } } };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "plain",
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
      ],
    },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
    ...more,
  };
  return {
    static_resources: {
      listeners: [
        {
          name: "plain",
          address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
          filter_chains: [
            { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        {
          name: "upstream",
          connect_timeout: "1s",
          load_assignment: { cluster_name: "upstream", endpoints: [{ lb_endpoints: [{ endpoint }] }] },
        },
      ],
    },
  };
}

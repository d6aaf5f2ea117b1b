/** The Envoy bootstrap that Envoy and Nuncio share, byte for byte but for the ports. */
import { writeFileSync } from "node:fs";
import type { Site } from "./peer.ts";

export function writeBootstrap(site: Site): string {
  const file = `${site.folder}/bootstrap.yaml`;
  const socket = (port: number) => `{ socket_address: { address: 127.0.0.1, port_value: ${port} } }`;
  const cluster = (name: string, ports: readonly number[]) => `
  - name: ${name}
    type: STATIC
    connect_timeout: 5s
    lb_policy: ROUND_ROBIN
    load_assignment:
      cluster_name: ${name}
      endpoints:
      - lb_endpoints:
${ports.map((port) => `        - endpoint: { address: ${socket(port)} }`).join("\n")}`;
  const http = (name: string, port: number, codec: string, transportSocket = "") => `
  - name: ${name}
    address: ${socket(port)}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ${name}
          codec_type: ${codec}
          use_remote_address: true
          generate_request_id: true
          route_config:
            name: local
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: { prefix: "/" }
                route: { cluster: service, timeout: ${site.routeTimeout} }
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router${transportSocket}`;
  const tls = `
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_params: { tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3 }
            tls_certificates:
            - certificate_chain: { filename: ${site.certificate} }
              private_key: { filename: ${site.key} }`;
  writeFileSync(
    file,
    `admin:
  address: ${socket(site.adminPort)}
static_resources:
  listeners:${http("http_in", site.httpPort, "HTTP1")}${http("h2c_in", site.h2cPort, "HTTP2")}${http("tls_in", site.tlsPort, "AUTO", tls)}
  - name: tcp_in
    address: ${socket(site.tcpPort)}
    filter_chains:
    - filters:
      - name: envoy.filters.network.tcp_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: tcp_in
          cluster: first_host
  clusters:${cluster("service", site.upstreams)}${cluster("first_host", site.upstreams.slice(0, 1))}
`,
  );
  return file;
}

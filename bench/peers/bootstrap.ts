/** The Envoy bootstrap that Envoy and Nuncio share, byte for byte but for the ports. */
import { writeFileSync } from "node:fs";
import type { Site, TlsSite } from "./peer.ts";

const socket = (port: number) => `{ socket_address: { address: 127.0.0.1, port_value: ${port} } }`;

export function writeBootstrap(site: Site): string {
  const file = `${site.folder}/bootstrap.yaml`;
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
  writeFileSync(
    file,
    `admin:
  address: ${socket(site.adminPort)}
static_resources:
  listeners:
${httpListener("http_in", site.httpPort, site)}${site.tls ? httpListener("https_in", site.tls.port, site, site.tls) : ""}  - name: tcp_in
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

/** One listener of the HTTP service, plain or over TLS. */
function httpListener(name: string, port: number, { routeTimeout }: Site, tls?: TlsSite): string {
  return `  - name: ${name}
    address: ${socket(port)}
    filter_chains:
    - ${tls === undefined ? "" : transportSocket(tls)}filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ${name}
          codec_type: HTTP1
          use_remote_address: true
          generate_request_id: true
          route_config:
            name: local
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: { prefix: "/" }
                route: { cluster: service, timeout: ${routeTimeout} }
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
`;
}

function transportSocket({ certificate, key }: TlsSite): string {
  return `transport_socket:
        name: tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_certificates:
            - { certificate_chain: { filename: ${certificate} }, private_key: { filename: ${key} } }
      `;
}

import { formatReason } from "../../host/access_log/format_reason.ts";
import { type BootstrapSource, type DecodeResult, decodeBootstrap } from "../../host/config/bootstrap.ts";
import { formatIssue } from "../../host/config/config_error.ts";
import type { Bootstrap } from "../../host/config/types/bootstrap.ts";

/** Decodes a bootstrap as the program does. */
export function decode(...sources: BootstrapSource[]): DecodeResult {
  return decodeBootstrap(sources, { formatReason });
}

/** The bootstrap in a YAML text that has to be right. */
export function bootstrapOf(text: string): Bootstrap {
  const result = decode({ fileName: "test.yaml", text });
  if (!result.ok) throw new Error(result.errors.map(formatIssue).join("\n"));
  return result.bootstrap;
}

/** What is wrong with a config, one line each, without the file's name; empty when it is accepted. */
export function problemsOf(text: string, fileName = "test.yaml"): string[] {
  const result = decode({ fileName, text });
  return result.ok ? [] : result.errors.map((issue) => formatIssue(issue).slice(fileName.length + 1));
}

const ROUTER =
  'http_filters: [{name: r, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]';

/** A bootstrap with an HTTP listener whose connection manager has these further fields (in flow style), and the clusters a and b. */
export function withManager(fields: string, filters = ROUTER): string {
  return `static_resources:
  clusters: [{name: a}, {name: b}]
  listeners:
  - name: l
    address: {socket_address: {address: 127.0.0.1, port_value: 10000}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager,
          stat_prefix: s, ${filters}, ${fields}}
`;
}

/** The same with one route (in flow style). */
export function withRoute(route: string, table = ""): string {
  return withManager(`route_config: {${table} virtual_hosts: [{name: v, domains: ["*"], routes: [${route}]}]}`);
}

/** A bootstrap with one cluster that has these further fields. */
export function withCluster(fields: string): string {
  return `static_resources: {clusters: [{name: a, ${fields}}]}\n`;
}

/** A tcp_proxy filter in flow style. */
export const TCP_PROXY =
  '{name: t, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: a}}';

/** A bootstrap with these listeners (in flow style). */
export function withListeners(...listeners: string[]): string {
  return `static_resources: {listeners: [${listeners.join(", ")}]}\n`;
}

/** envoy.extensions.filters.http.grpc_stats.v3.FilterConfig. */

import type { GrpcCall } from "../grpc_call_stats.ts";

export interface GrpcStatsConfig {
  /** Counts of messages go to the filter state, for access logs. */
  readonly emitsFilterState: boolean;
  /** The call under whose name it is counted; null: without a name. */
  nameOf(call: GrpcCall): GrpcCall | null;
  /** Times of the upstream as well. */
  readonly recordsTime: boolean;
}

interface FilterConfig {
  readonly emit_filter_state?: boolean;
  readonly individual_method_stats_allowlist?: {
    readonly services?: readonly { readonly name: string; readonly method_names: readonly string[] }[];
  };
  readonly stats_for_all_methods?: boolean;
  readonly enable_upstream_stats?: boolean;
  readonly replace_dots_in_grpc_service_name?: boolean;
}

export function decodeGrpcStatsConfig(tree: object): GrpcStatsConfig {
  const config = tree as FilterConfig;
  return {
    emitsFilterState: config.emit_filter_state ?? false,
    recordsTime: config.enable_upstream_stats ?? false,
    nameOf: naming(config),
  };
}

function naming(config: FilterConfig): (call: GrpcCall) => GrpcCall | null {
  const { individual_method_stats_allowlist: list } = config;
  if (list !== undefined) {
    const methods = new Map((list.services ?? []).map(({ name, method_names }) => [name, new Set(method_names)]));
    return (call) => (methods.get(call.service)?.has(call.method) ? call : null);
  }
  if (config.stats_for_all_methods !== true) return () => null;
  if (config.replace_dots_in_grpc_service_name !== true) return (call) => call;
  return ({ service, method }) => ({ service: service.replaceAll(".", "_"), method });
}

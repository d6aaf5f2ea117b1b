/** envoy.extensions.filters.http.grpc_http1_bridge.v3.Config. */

export interface BridgeConfig {
  /** Bare protobuf becomes a call. */
  readonly upgradesProtobuf: boolean;
  /** The query goes from the path: servers of gRPC know no such method. */
  readonly ignoresQuery: boolean;
}

interface Config {
  readonly upgrade_protobuf_to_grpc?: boolean;
  readonly ignore_query_parameters?: boolean;
}

export function decodeBridgeConfig(tree: object): BridgeConfig {
  const config = tree as Config;
  return {
    upgradesProtobuf: config.upgrade_protobuf_to_grpc ?? false,
    ignoresQuery: config.ignore_query_parameters ?? false,
  };
}

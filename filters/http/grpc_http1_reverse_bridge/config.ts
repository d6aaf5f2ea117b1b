/** envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3: FilterConfig and FilterConfigPerRoute. */

export interface ReverseBridgeConfig {
  /** What the upstream takes and gives. */
  readonly contentType: string;
  /** It sees and sends bare messages, without gRPC's prefix. */
  readonly withholdsFrames: boolean;
  /** The header with which it tells the length of its message beforehand; empty: none. In lower case. */
  readonly responseSizeHeader: string;
}

interface FilterConfig {
  readonly content_type: string;
  readonly withhold_grpc_frames?: boolean;
  readonly response_size_header?: string;
}

export function decodeReverseBridgeConfig(tree: object): ReverseBridgeConfig {
  const config = tree as FilterConfig;
  return {
    contentType: config.content_type,
    withholdsFrames: config.withhold_grpc_frames ?? false,
    responseSizeHeader: (config.response_size_header ?? "").toLowerCase(),
  };
}

export interface ReverseBridgeRoute {
  readonly isDisabled: boolean;
}

export function decodeReverseBridgeRoute(tree: object): ReverseBridgeRoute {
  return { isDisabled: (tree as { readonly disabled?: boolean }).disabled ?? false };
}

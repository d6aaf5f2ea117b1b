/** envoy.extensions.filters.http.router.v3.Router. */

export interface RouterConfig {
  /** Leave the x-envoy-* headers out that tell of timeouts, attempts and service time. */
  readonly suppressEnvoyHeaders: boolean;
  /** Take `x-envoy-expected-rq-timeout-ms` of a request as its timeout. */
  readonly respectExpectedRqTimeout: boolean;
}

interface Router {
  readonly suppress_envoy_headers?: boolean;
  readonly respect_expected_rq_timeout?: boolean;
}

export function decodeRouterConfig(config: object): RouterConfig {
  const router = config as Router;
  return {
    suppressEnvoyHeaders: router.suppress_envoy_headers ?? false,
    respectExpectedRqTimeout: router.respect_expected_rq_timeout ?? false,
  };
}

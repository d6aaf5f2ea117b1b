/** tcp_proxy: weights that fit. */
import type { TcpProxy } from "../types/tcp_proxy.ts";
import { rule } from "./check.ts";

const UINT32_MAX = 2 ** 32 - 1;

export const tcpProxyRules = [
  rule<NonNullable<TcpProxy["weighted_clusters"]>>(
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster",
    ({ clusters }, at) => {
      const sum = clusters.reduce((total, { weight }) => total + weight, 0);
      if (sum > UINT32_MAX) at.failField("clusters", `the sum of weights exceeds ${UINT32_MAX}`);
    },
  ),
];

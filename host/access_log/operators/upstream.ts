/** Operators over the upstream host and the connection to it. */

import { PROTOCOL_NONE, PROTOCOLS } from "../../stream_info/stream_info.ts";
import { hostOf, portOf } from "./address_text.ts";
import { type OperatorFamily, plain, plainText } from "./operator.ts";

export const upstreamOperators: OperatorFamily = {
  UPSTREAM_HOST: plain((info) => info.upstream?.addressText),
  UPSTREAM_HOST_NAME: plain((info) => info.upstream?.hostname || info.upstream?.addressText),
  UPSTREAM_HOST_NAME_WITHOUT_PORT: plain((info) => {
    const name = info.upstream?.hostname || info.upstream?.addressText;
    return name === undefined ? undefined : hostOf(name);
  }),
  UPSTREAM_REMOTE_ADDRESS: plain((info) => info.upstream?.addressText),
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: plain((info) =>
    info.upstream === null ? undefined : hostOf(info.upstream.addressText),
  ),
  UPSTREAM_REMOTE_PORT: plain((info) => (info.upstream === null ? undefined : portOf(info.upstream.addressText))),
  UPSTREAM_LOCAL_ADDRESS: plainText((info) => info.upstreamLocalAddress),
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: plainText((info) => hostOf(info.upstreamLocalAddress)),
  UPSTREAM_LOCAL_PORT: plain((info) => portOf(info.upstreamLocalAddress)),
  UPSTREAM_CLUSTER: plainText((info) => info.clusterName),
  UPSTREAM_CLUSTER_RAW: plainText((info) => info.clusterName),
  UPSTREAM_CONNECTION_ID: plain((info) => info.upstreamConnectionId),
  UPSTREAM_PROTOCOL: plain((info) =>
    info.upstreamProtocol === PROTOCOL_NONE ? undefined : PROTOCOLS[info.upstreamProtocol],
  ),
  UPSTREAM_REQUEST_ATTEMPT_COUNT: plain((info) => info.attemptCount),
  UPSTREAM_TRANSPORT_FAILURE_REASON: plainText((info) => info.upstreamTransportFailureReason.replaceAll(" ", "_")),
};

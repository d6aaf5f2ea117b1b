/** Operators over the connection of the client. */

import type { Address } from "../../net/address.ts";
import type { StreamInfo } from "../../stream_info/stream_info.ts";
import { type OperatorFamily, type OperatorKind, plain, plainText } from "./operator.ts";

type Read = (info: StreamInfo) => Address;

const remote: Read = (info) => info.connection.remote;
const directRemote: Read = (info) => info.connection.directRemote;
const local: Read = (info) => info.connection.local;

function whole(read: Read): OperatorKind {
  return plain((info) => read(info).text);
}

function withoutPort(read: Read): OperatorKind {
  return plain((info) => {
    const address = read(info);
    return address.kind === "ip" ? address.ip : address.text;
  });
}

function port(read: Read): OperatorKind {
  return plain((info) => {
    const address = read(info);
    return address.kind === "ip" ? address.port : undefined;
  });
}

export const downstreamOperators: OperatorFamily = {
  DOWNSTREAM_REMOTE_ADDRESS: whole(remote),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: withoutPort(remote),
  DOWNSTREAM_REMOTE_PORT: port(remote),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: whole(directRemote),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: withoutPort(directRemote),
  DOWNSTREAM_DIRECT_REMOTE_PORT: port(directRemote),
  DOWNSTREAM_LOCAL_ADDRESS: whole(local),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: withoutPort(local),
  DOWNSTREAM_LOCAL_PORT: port(local),
  DOWNSTREAM_DIRECT_LOCAL_ADDRESS: whole(local),
  DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT: withoutPort(local),
  DOWNSTREAM_DIRECT_LOCAL_PORT: port(local),
  CONNECTION_ID: plain((info) => info.connection.id),
  REQUESTED_SERVER_NAME: plainText((info) => info.connection.serverName),
  FILTER_CHAIN_NAME: plainText((info) => info.connection.filterChainName),
  LISTENER_NAME: plainText((info) => info.connection.listenerName),
};

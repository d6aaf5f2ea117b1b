/** /listeners: what listens where. */

import type { Address } from "../../net/address.ts";
import type { AdminContext, AdminListener } from "../context.ts";
import { type AdminRoute, json, text } from "../request.ts";

export const listeners: AdminRoute<AdminContext> = {
  path: "/listeners",
  help: "print listener info",
  changes: false,
  params: [{ name: "format", help: "File format to use", oneOf: ["text", "json"] }],
  handle(context, { query }) {
    const all = context.listeners();
    if (query.get("format") === "json") return json(all.length === 0 ? {} : { listener_statuses: all.map(status) });
    return text(all.flatMap(({ name, addresses }) => addresses.map(({ text }) => `${name}::${text}\n`)).join(""));
  },
};

/** `only_worker` is ours: the one worker that owns an address which cannot be bound twice. */
function status({ name, addresses, onlyWorker }: AdminListener): object {
  const [first, ...others] = addresses;
  return {
    name,
    ...(first === undefined ? {} : { local_address: addressJson(first) }),
    ...(others.length === 0 ? {} : { additional_local_addresses: others.map(addressJson) }),
    ...(onlyWorker === null ? {} : { only_worker: onlyWorker }),
  };
}

/** envoy.config.core.v3.Address as JSON. */
export function addressJson(address: Address): object {
  if (address.kind === "pipe") return { pipe: { path: address.path } };
  return { socket_address: { address: address.ip, port_value: address.port } };
}

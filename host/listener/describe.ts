/** Listeners of a config as the workers are told of them. */

import { randomUUID } from "node:crypto";
import type { Address } from "../config/types/core.ts";
import type { Listener } from "../config/types/listener.ts";
import { addressText, type PlainAddress } from "../upstream/host.ts";
import type { ListenAddress, ListenerDescription } from "./listener.ts";
import type { BoundListener } from "./manager.ts";

export function describeListener(config: Listener): ListenerDescription {
  const addresses = [config.address, ...(config.additional_addresses ?? []).map((a) => a.address)]
    .filter((address) => address !== undefined)
    .map((address) => describeAddress(address, config));
  const first = addresses[0];
  return {
    name: config.name || randomUUID(),
    config,
    addresses: config.bind_to_port === false ? [] : addresses,
    statName: config.stat_prefix || (first === undefined ? "" : addressText(first.address)),
  };
}

function describeAddress(address: Address, config: Listener): ListenAddress {
  const reusePort = config.enable_reuse_port ?? true;
  const socket = address.socket_address;
  if (socket === undefined) {
    return {
      address: { path: address.pipe?.path ?? "", mode: address.pipe?.mode ?? 0 },
      ipv6Only: false,
      reusePort: false,
    };
  }
  const version = socket.address.includes(":") ? 6 : 4;
  return {
    address: { version, ip: socket.address, port: socket.port_value ?? 0 },
    ipv6Only: version === 6 && socket.ipv4_compat !== true,
    reusePort,
  };
}

/** The same listeners with the ports that the kernel chose in place of port 0. */
export function settlePorts(
  listeners: readonly ListenerDescription[],
  bound: readonly BoundListener[],
): readonly ListenerDescription[] {
  return listeners.map((listener) => {
    const { addresses } = listener;
    const got = bound.find((b) => b.name === listener.name)?.addresses;
    if (got === undefined || !addresses.some((a) => isOpen(a.address))) return listener;
    return {
      ...listener,
      addresses: addresses.map((wanted, i) =>
        isOpen(wanted.address) && got[i] !== undefined ? { ...wanted, address: got[i] } : wanted,
      ),
    };
  });
}

function isOpen(address: PlainAddress): boolean {
  return "port" in address && address.port === 0;
}

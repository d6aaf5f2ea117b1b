/** Addresses: IPs that parse, paths that fit, what `ipv4_compat` may stand on. */
import { isIP, isIPv6 } from "node:net";
import { quote } from "../source/node.ts";
import type { Admin } from "../types/bootstrap.ts";
import type { Address, CidrRange, Pipe } from "../types/core.ts";
import { rule } from "./rule.ts";

/** sizeof(sockaddr_un.sun_path) on Linux, less the final NUL that Envoy also keeps for abstract names. */
const PIPE_PATH_BYTES_MAX = 107;

/** What is wrong with an address that must be an IP, if anything. */
export function ipReason(address: string): string | undefined {
  if (isIP(address) !== 0) return undefined;
  return `malformed IP address: ${quote(address)}; a host name needs a cluster of type STRICT_DNS or LOGICAL_DNS`;
}

/** What is wrong with an address that is bound or connected to as it stands. */
export function addressReason(address: Address | undefined): string | undefined {
  if (address?.socket_address !== undefined) return ipReason(address.socket_address.address);
  return address?.pipe === undefined ? "an address is missing" : undefined;
}

/** What is wrong with the address of a listener, the only one whose `ipv4_compat` Envoy looks at. */
export function listenAddressReason(address: Address | undefined): string | undefined {
  const reason = addressReason(address);
  const socket = address?.socket_address;
  if (reason !== undefined || socket?.ipv4_compat !== true) return reason;
  const takesIpv4 = /^::ffff:/i.test(socket.address) || /^(?:::|0(?::0){7})$/.test(socket.address);
  return isIPv6(socket.address) && takesIpv4
    ? undefined
    : "only `::` and IPv4-mapped IPv6 addresses can be ipv4_compat";
}

export const addressRules = [
  rule<Pipe>("envoy.config.core.v3.Pipe", (pipe, at) => {
    const bytes = Buffer.byteLength(pipe.path);
    if (bytes > PIPE_PATH_BYTES_MAX) {
      at.failField("path", `${bytes} bytes are more than the ${PIPE_PATH_BYTES_MAX} of a unix socket's path`);
    }
    if (pipe.path.includes("\0")) at.failField("path", "a path must not hold a NUL");
    if (pipe.path.startsWith("@") && pipe.mode !== undefined) at.failField("mode", "an abstract socket has no mode");
  }),
  rule<CidrRange>("envoy.config.core.v3.CidrRange", (range, at) => {
    const reason = isIP(range.address_prefix) === 0;
    if (reason) at.failField("address_prefix", `malformed IP address: ${quote(range.address_prefix)}`);
  }),
  rule<Admin>("envoy.config.bootstrap.v3.Admin", (admin, at) => {
    const reason = admin.address === undefined ? undefined : addressReason(admin.address);
    if (reason !== undefined) at.failField("address", reason);
  }),
];

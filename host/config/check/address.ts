/** Addresses: IPs that parse, paths that fit, what `ipv4_compat` may stand on. */
import { isIP, isIPv4, isIPv6 } from "node:net";
import { quote } from "../source/node.ts";
import type { CidrRange, Pipe } from "../types/core.ts";
import { rule } from "./check.ts";

/** sizeof(sockaddr_un.sun_path) on Linux; a path needs a final NUL in it, an abstract name does not. */
const SUN_PATH_BYTES = 108;

/** What is wrong with an address that must be an IP, if anything. */
export function ipReason(address: string): string | undefined {
  if (isIP(address) !== 0) return undefined;
  return `malformed IP address: ${quote(address)}; a host name needs a cluster of type STRICT_DNS or LOGICAL_DNS`;
}

export const addressRules = [
  rule<Pipe>("envoy.config.core.v3.Pipe", (pipe, at) => {
    const isAbstract = pipe.path.startsWith("@");
    const bytes = Buffer.byteLength(pipe.path);
    if (bytes > SUN_PATH_BYTES - (isAbstract ? 0 : 1)) {
      at.failField("path", `${bytes} bytes are more than the ${SUN_PATH_BYTES} of a unix socket's path`);
    }
    if (pipe.path.includes("\0")) at.failField("path", "a path must not hold a NUL");
    if (isAbstract && pipe.mode !== undefined) at.failField("mode", "an abstract socket has no mode");
  }),
  rule<CidrRange>("envoy.config.core.v3.CidrRange", (range, at) => {
    const bits = range.prefix_len ?? 0;
    if (isIP(range.address_prefix) === 0)
      at.failField("address_prefix", `malformed IP address: ${quote(range.address_prefix)}`);
    else if (isIPv4(range.address_prefix) && bits > 32)
      at.failField("prefix_len", `an IPv4 address has 32 bits, not ${bits}`);
  }),
  rule<{ address: string; ipv4_compat?: boolean }>("envoy.config.core.v3.SocketAddress", (address, at) => {
    if (address.ipv4_compat !== true || isIP(address.address) === 0) return;
    const mapped = /^::ffff:(.+)$/i.exec(address.address)?.[1];
    if (/^(?:::|0(?::0){7})$/.test(address.address) || (mapped !== undefined && isIPv6(address.address))) return;
    at.failField("ipv4_compat", "only `::` and IPv4-mapped IPv6 addresses can be IPv4-compatible");
  }),
];

/** PROXY headers as they are sent: what one reads is in proxy_protocol.ts, with the picture. */

import ipaddr from "ipaddr.js";
import type { Address, IpAddress } from "./address.ts";
import { FAMILY_IPV4, FAMILY_IPV6, type ProxyTlv, V2_FIXED, V2_SIGNATURE } from "./proxy_protocol.ts";

/** On whose behalf a connection is made. */
export interface ProxiedAddresses {
  readonly source: Address;
  readonly destination: Address;
}

const VERSION_2 = 0x20;
const LOCAL = 0;
const PROXY = 1;
const STREAM = 1;
/** All that may follow the fixed part. */
const REST_MAX = 65_535;

/** Version 1; a connection that is on nobody's behalf, or between addresses that it has no words for, is UNKNOWN. */
export function proxyLine({ source, destination }: ProxiedAddresses): Buffer {
  if (!areIp(source, destination)) return Buffer.from("PROXY UNKNOWN\r\n");
  const [from, to] = [source as IpAddress, destination as IpAddress];
  return Buffer.from(`PROXY TCP${from.version} ${from.ip} ${to.ip} ${from.port} ${to.port}\r\n`);
}

/** Version 2, with the extensions that there is room for. */
export function proxyBinary({ source, destination }: ProxiedAddresses, tlvs: readonly ProxyTlv[]): Buffer {
  if (!areIp(source, destination)) return Buffer.concat([V2_SIGNATURE, Buffer.of(VERSION_2 | LOCAL, 0, 0, 0)]);
  const [from, to] = [source as IpAddress, destination as IpAddress];
  const family = from.version === 4 ? FAMILY_IPV4 : FAMILY_IPV6;
  const parts = [bytesOf(from), bytesOf(to), portOf(from), portOf(to)];
  let rest = parts.reduce((sum, { length }) => sum + length, 0);
  for (const { type, value } of tlvs) {
    if (rest + 3 + value.length > REST_MAX) break;
    const head = Buffer.of(type, value.length >> 8, value.length & 0xff);
    parts.push(head, value);
    rest += 3 + value.length;
  }
  const fixed = Buffer.alloc(V2_FIXED);
  V2_SIGNATURE.copy(fixed);
  fixed[12] = VERSION_2 | PROXY;
  fixed[13] = (family << 4) | STREAM;
  fixed.writeUInt16BE(rest, 14);
  return Buffer.concat([fixed, ...parts]);
}

function areIp(source: Address, destination: Address): boolean {
  return source.kind === "ip" && destination.kind === "ip" && source.version === destination.version;
}

function bytesOf({ ip }: IpAddress): Buffer {
  return Buffer.from(ipaddr.parse(ip).toByteArray());
}

function portOf({ port }: IpAddress): Buffer {
  return Buffer.of(port >> 8, port & 0xff);
}

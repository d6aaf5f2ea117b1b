/**
 * Addresses as Envoy writes them (config.core.v3.Address): an IP with a port, or a pipe (unix domain socket).
 *
 * Formats, as in logs and admin pages: "127.0.0.1:80", "[::1]:80", "/run/app.sock", "@abstract".
 */

import { isIPv4, isIPv6, SocketAddress } from "node:net";

const PORT_MAX = 65_535;

/** An IPv4 or IPv6 address with a port. `ip` is in canonical text form, without brackets. */
export class IpAddress {
  readonly kind = "ip";
  readonly version: 4 | 6;
  readonly ip: string;
  readonly port: number;
  private cachedText = "";

  constructor(version: 4 | 6, ip: string, port: number) {
    this.version = version;
    this.ip = ip;
    this.port = port;
  }

  /** "127.0.0.1:80" or "[::1]:80"; made on first use, since most connections are never printed. */
  get text(): string {
    if (this.cachedText === "") {
      this.cachedText = this.version === 6 ? `[${this.ip}]:${this.port}` : `${this.ip}:${this.port}`;
    }
    return this.cachedText;
  }
}

/**
 * The address of a socket as the system prints it. What came in over an IPv6 socket from an IPv4 peer
 * ("::ffff:10.0.0.1") is an IPv4 address, as in Envoy.
 */
export function ipAddressOfSocket(printed: string, port: number): IpAddress {
  if (!printed.includes(":")) return new IpAddress(4, printed, port);
  if (printed.startsWith("::ffff:") && printed.includes(".")) return new IpAddress(4, printed.slice(7), port);
  return new IpAddress(6, printed, port);
}

/** Where nothing better is known: the peer was gone before it could be asked for. */
export const UNKNOWN_ADDRESS = new IpAddress(4, "0.0.0.0", 0);

/** A unix domain socket: a path of the file system, or with a leading "@" a name of Linux's abstract namespace. */
export class PipeAddress {
  readonly kind = "pipe";
  readonly path: string;
  /** Permissions of the socket file (Envoy's Pipe.mode), 0: what the umask leaves. */
  readonly mode: number;

  constructor(path: string, mode = 0) {
    this.path = path;
    this.mode = mode;
  }

  get isAbstract(): boolean {
    return this.path.startsWith("@");
  }

  /** The path as the kernel's interface wants it: a name of the abstract namespace begins with a zero byte. */
  get kernelPath(): string {
    return this.isAbstract ? `\0${this.path.slice(1)}` : this.path;
  }

  get text(): string {
    return this.path;
  }
}

export type Address = IpAddress | PipeAddress;

/**
 * An address from its two fields as they stand in a config. Takes what `inet_pton` takes: no "127.1", no leading zeros,
 * no brackets, no zone.
 * @returns null when `ip` is no IP address or the port is out of range.
 */
export function ipAddress(ip: string, port: number): IpAddress | null {
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) return null;
  if (isIPv4(ip)) return new IpAddress(4, ip, port);
  if (!isIPv6(ip) || ip.includes("%")) return null;
  return new IpAddress(6, new SocketAddress({ address: ip, family: "ipv6", port }).address, port);
}

/**
 * Reads what `text` of an address prints: "127.0.0.1:80", "[::1]:80", "/run/app.sock", "@abstract".
 * @returns null for anything else; a name is not an address.
 */
export function parseAddress(text: string): Address | null {
  if (text.startsWith("/") || (text.startsWith("@") && text.length > 1)) return new PipeAddress(text);
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const [, six, four, port] = match;
  const address = ipAddress(six ?? four ?? "", Number(port));
  return address !== null && (address.version === 6) === (six !== undefined) ? address : null;
}

/**
 * Addresses as Envoy writes them (config.core.v3.Address): an IP with a port, or a pipe (unix domain socket).
 *
 * Formats, as in logs and admin pages: "127.0.0.1:80", "[::1]:80", "/run/app.sock", "@abstract".
 */

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

  get text(): string {
    return this.path;
  }
}

export type Address = IpAddress | PipeAddress;

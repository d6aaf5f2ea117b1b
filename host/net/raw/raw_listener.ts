/** Listening on a raw handle: bind, listen, and a socket for each connection. */

import { AcceptWatch } from "../accept_watch.ts";
import { type Address, IpAddress, PipeAddress } from "../address.ts";
import { errnoName } from "../close_reason.ts";
import { listenFailed } from "../listen_error.ts";
import { preparePipeFile, setPipeMode } from "../pipe_file.ts";
import type { Listener, ListenOptions, ListenResult } from "../socket.ts";
import type { PipeHandle, SocketName, StreamHandle, TcpHandle } from "./handles.ts";
import { ipAddressOf } from "./names.ts";
import { type RawShared, RawSocket } from "./raw_socket.ts";

/** Binds and listens. Errors are values; the handle of a failed attempt is closed. */
export function listenRaw(shared: RawShared, options: ListenOptions): ListenResult {
  const { address } = options;
  if (address.kind === "pipe") {
    const inTheWay = preparePipeFile(address);
    if (inTheWay !== "") return listenFailed(inTheWay, address);
  }
  const handle = address.kind === "pipe" ? shared.handles.newPipeServer() : shared.handles.newTcpServer();
  const code = bindAndListen(shared, handle, options);
  if (code !== "") {
    handle.close();
    return listenFailed(code, address);
  }
  return { listener: new RawListener(shared, handle, options), error: null };
}

function bindAndListen(
  shared: RawShared,
  handle: PipeHandle<RawSocket> | TcpHandle<RawSocket>,
  options: ListenOptions,
): string {
  const { address } = options;
  const { IPV6_ONLY, REUSE_PORT } = shared.handles;
  let errno: number;
  if (address.kind === "pipe") {
    errno = (handle as PipeHandle<RawSocket>).bind(address.kernelPath);
  } else {
    const tcp = handle as TcpHandle<RawSocket>;
    const flags = options.reusePort ? REUSE_PORT : 0;
    errno =
      address.version === 6
        ? tcp.bind6(address.ip, address.port, options.ipv6Only ? flags | IPV6_ONLY : flags)
        : tcp.bind(address.ip, address.port, flags);
  }
  if (errno !== 0) return errnoName(errno);
  if (address.kind === "pipe") {
    const code = setPipeMode(address);
    if (code !== "") return code;
  }
  // libuv keeps what bind said of an address in use until now.
  errno = handle.listen(options.backlog);
  return errno === 0 ? "" : errnoName(errno);
}

class RawListener implements Listener {
  readonly address: Address;
  private readonly shared: RawShared;
  private readonly handle: StreamHandle<RawSocket>;
  private readonly options: ListenOptions;
  private readonly watch: AcceptWatch;
  private closing: Promise<void> | null = null;

  constructor(shared: RawShared, handle: StreamHandle<RawSocket>, options: ListenOptions) {
    this.shared = shared;
    this.handle = handle;
    this.options = options;
    this.watch = new AcceptWatch((code) => options.onAcceptTrouble(code));
    this.address = boundAddress(handle, options.address);
    handle.onconnection = (status, client) => this.accept(status, client);
  }

  close(): Promise<void> {
    if (this.closing === null) {
      this.watch.stop();
      this.closing = new Promise((resolve) => this.handle.close(() => resolve()));
    }
    return this.closing;
  }

  private accept(status: number, client: StreamHandle<RawSocket> | undefined): void {
    this.shared.options.onWake();
    if (status !== 0 || client === undefined) {
      this.watch.failed(errnoName(status));
      return;
    }
    const socket = new RawSocket(
      this.shared,
      client,
      this.remoteOf(client),
      this.localIfKnown(),
      this.options.highBytes,
      true,
    );
    try {
      this.options.onAccept(socket);
      if (socket.owner === null) socket.close();
      else socket.startReading();
    } catch (error) {
      this.shared.fault(error, socket);
    }
  }

  /** Asked at once: later the peer may be gone, and the kernel's memory of it too. */
  private remoteOf(client: StreamHandle<RawSocket>): Address {
    if (this.address.kind === "pipe") return new PipeAddress("");
    const name: SocketName = {};
    (client as TcpHandle<RawSocket>).getpeername(name);
    return ipAddressOf(name);
  }

  /** A listener that is bound to one address knows our end without asking. */
  private localIfKnown(): Address | null {
    const { address } = this;
    return address.kind === "ip" && isWildcard(address) ? null : address;
  }
}

function isWildcard(address: IpAddress): boolean {
  return address.ip === "0.0.0.0" || address.ip === "::";
}

function boundAddress(handle: StreamHandle<RawSocket>, asked: Address): Address {
  if (asked.kind === "pipe" || asked.port !== 0) return asked;
  const name: SocketName = {};
  (handle as TcpHandle<RawSocket>).getsockname(name);
  return new IpAddress(asked.version, asked.ip, name.port ?? 0);
}

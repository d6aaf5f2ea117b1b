/** The network over `node:net`, public interface only. */

import { createServer, type ListenOptions as NodeListenOptions, connect as nodeConnect, type Server } from "node:net";
import { AcceptWatch } from "../accept_watch.ts";
import { type Address, IpAddress, ipAddressOfSocket, PipeAddress, UNKNOWN_ADDRESS } from "../address.ts";
import { listenFailed } from "../listen_error.ts";
import { preparePipeFile, setPipeMode } from "../pipe_file.ts";
import type {
  ConnectOptions,
  Listener,
  ListenOptions,
  ListenResult,
  Net,
  NetOptions,
  Socket,
  SocketOwner,
} from "../socket.ts";
import { PortableSocket } from "./portable_socket.ts";

export class PortableNet implements Net {
  readonly kind = "portable";
  readonly options: NetOptions;

  constructor(options: NetOptions) {
    this.options = options;
  }

  listen(options: ListenOptions): Promise<ListenResult> {
    const { address } = options;
    if (address.kind === "pipe") {
      const inTheWay = preparePipeFile(address);
      if (inTheWay !== "") return Promise.resolve(listenFailed(inTheWay, address));
    }
    const server = createServer({ allowHalfOpen: true });
    return new Promise((resolve) => {
      const onError = (error: NodeJS.ErrnoException) => resolve(listenFailed(error.code ?? "EIO", address));
      server.once("error", onError);
      server.listen(nodeListenOptions(options), () => {
        server.off("error", onError);
        const code = address.kind === "pipe" ? setPipeMode(address) : "";
        if (code === "") {
          resolve({ listener: new PortableListener(this.options, server, options), error: null });
        } else {
          server.close();
          resolve(listenFailed(code, address));
        }
      });
    });
  }

  connect(address: Address, options: ConnectOptions, owner: SocketOwner): Socket {
    const { source } = options;
    const stream =
      address.kind === "pipe"
        ? nodeConnect({ path: address.kernelPath, allowHalfOpen: true })
        : nodeConnect({
            host: address.ip,
            port: address.port,
            allowHalfOpen: true,
            ...(source === undefined ? {} : { localAddress: source.ip, localPort: source.port }),
          });
    const socket = new PortableSocket(this.options, stream, address, null, options.highBytes, false);
    socket.owner = owner;
    return socket;
  }
}

function nodeListenOptions(options: ListenOptions): NodeListenOptions {
  const { address, backlog } = options;
  if (address.kind === "pipe") return { path: address.kernelPath, backlog };
  const { reusePort, ipv6Only } = options;
  return { host: address.ip, port: address.port, backlog, reusePort, ipv6Only: address.version === 6 && ipv6Only };
}

class PortableListener implements Listener {
  readonly address: Address;
  private readonly server: Server;
  private readonly watch: AcceptWatch;
  private closing: Promise<void> | null = null;

  constructor(netOptions: NetOptions, server: Server, options: ListenOptions) {
    this.server = server;
    this.watch = new AcceptWatch((code) => options.onAcceptTrouble(code));
    this.address = boundAddress(server, options.address);
    server.on("error", (error: NodeJS.ErrnoException) => this.watch.failed(error.code ?? "EIO"));
    server.on("connection", (stream) => {
      const isPipe = this.address.kind === "pipe";
      const remote = isPipe ? new PipeAddress("") : remoteAddress(stream.remoteAddress, stream.remotePort);
      const local = isPipe ? this.address : null;
      const socket = new PortableSocket(netOptions, stream, remote, local, options.highBytes, true);
      socket.guard(() => {
        options.onAccept(socket);
        if (socket.owner === null) socket.close();
      });
    });
  }

  close(): Promise<void> {
    if (this.closing === null) {
      this.watch.stop();
      // The server's own callback waits for its connections; the address is free as soon as the handle is closed.
      this.server.close();
      this.closing = new Promise((resolve) => setImmediate(resolve));
    }
    return this.closing;
  }
}

function remoteAddress(printed: string | undefined, port: number | undefined): Address {
  return printed === undefined ? UNKNOWN_ADDRESS : ipAddressOfSocket(printed, port ?? 0);
}

function boundAddress(server: Server, asked: Address): Address {
  const bound = server.address();
  if (asked.kind === "pipe" || bound === null || typeof bound === "string") return asked;
  return new IpAddress(asked.version, asked.ip, bound.port);
}

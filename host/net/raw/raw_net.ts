/** The network over libuv's handles. */

import type { Address } from "../address.ts";
import { closeReasonOfErrno } from "../close_reason.ts";
import type { ConnectOptions, ListenOptions, ListenResult, Net, NetOptions, Socket, SocketOwner } from "../socket.ts";
import type { Handles, StreamHandle, TcpHandle } from "./handles.ts";
import { listenRaw } from "./raw_listener.ts";
import { RawShared, RawSocket } from "./raw_socket.ts";

export class RawNet implements Net {
  readonly kind = "raw";
  readonly options: NetOptions;
  private readonly shared: RawShared;

  constructor(handles: Handles<RawSocket>, options: NetOptions) {
    this.options = options;
    this.shared = new RawShared(handles, options);
  }

  async listen(options: ListenOptions): Promise<ListenResult> {
    return listenRaw(this.shared, options);
  }

  connect(address: Address, options: ConnectOptions, owner: SocketOwner): Socket {
    const { handles } = this.shared;
    const handle: StreamHandle<RawSocket> = address.kind === "pipe" ? handles.newPipeSocket() : handles.newTcpSocket();
    const socket = new RawSocket(this.shared, handle, address, null, options.highBytes, false);
    socket.owner = owner;
    const { source } = options;
    if (source !== undefined && address.kind === "ip") {
      const tcp = handle as TcpHandle<RawSocket>;
      const errno = source.version === 6 ? tcp.bind6(source.ip, source.port, 0) : tcp.bind(source.ip, source.port, 0);
      if (errno !== 0) {
        socket.fail(closeReasonOfErrno(errno));
        return socket;
      }
    }
    socket.connect();
    return socket;
  }
}

/**
 * A forwarder over `host/net` and nothing else: `forward LISTEN_PORT UPSTREAM_PORT`. Between the floor in C and tcp_proxy
 * it says how much of a round trip belongs to the sockets, and how much to what stands on them.
 */
import { IpAddress } from "../../host/net/address.ts";
import { chooseNet } from "../../host/net/choose_net.ts";
import { SlabPool } from "../../host/net/slab_pool.ts";
import { type Net, type Socket, type SocketOwner, WRITE_PINNED } from "../../host/net/socket.ts";

const SLAB_BYTES = 64 * 1024;
const SLABS = 256;
const HIGH_BYTES = 1024 * 1024;

const memory = new ArrayBuffer(SLAB_BYTES * (SLABS + 1));
const bytes = new Uint8Array(memory);
const readBuffer = { bytes: new Uint8Array(memory, 0, SLAB_BYTES), address: 0 };
const slabs = new SlabPool(memory, SLAB_BYTES, SLAB_BYTES, SLABS);
const onFault = (error: unknown) => {
  throw error;
};
const net: Net = chooseNet("raw", { readBuffer, onWake() {}, onFault }).net;
let slab = take();

function take() {
  const taken = slabs.take();
  if (taken === null) throw new Error("no slab left: a slow peer pins them all");
  return taken;
}

/** One side of a pair: what it reads goes to the other. */
class Side implements SocketOwner {
  socket: Socket | null = null;
  other: Side | null = null;

  onConnect(): void {}

  onRead(address: number, length: number): void {
    const target = this.other?.socket;
    if (target === null || target === undefined) return;
    bytes.copyWithin(slab.offset, address, address + length);
    if (target.write(slab, length) !== WRITE_PINNED) return;
    slab = take();
    if (target.aboveHighWatermark) this.socket?.pauseReading();
  }

  onDrain(): void {
    this.other?.socket?.resumeReading();
  }

  onEnd(): void {
    this.other?.socket?.end();
  }

  onClose(): void {
    this.socket = null;
    this.other?.socket?.close();
  }
}

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number) as [number, number];
const upstream = new IpAddress(4, "127.0.0.1", upstreamPort);
const { error } = await net.listen({
  address: new IpAddress(4, "127.0.0.1", listenPort),
  backlog: 4096,
  reusePort: false,
  ipv6Only: false,
  highBytes: HIGH_BYTES,
  onAcceptTrouble(code) {
    throw new Error(code);
  },
  onAccept(socket) {
    const down = new Side();
    const up = new Side();
    down.socket = socket;
    down.other = up;
    up.other = down;
    socket.owner = down;
    up.socket = net.connect(upstream, { highBytes: HIGH_BYTES }, up);
  },
});
if (error !== null) throw new Error(error.message);

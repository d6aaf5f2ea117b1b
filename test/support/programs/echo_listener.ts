/**
 * Listens and answers each read with a name and the bytes. Runs as a child process or as a worker thread; tells its
 * parent, a line or a message each: "listening PORT", "trouble CODE", and at SIGUSR2 "turns COUNT".
 *
 * Arguments: raw | portable, port, name.
 */

import { parentPort, workerData } from "node:worker_threads";
import { IpAddress } from "../../../host/net/address.ts";
import { chooseNet, type NetChoice } from "../../../host/net/choose_net.ts";
import { SlabPool } from "../../../host/net/slab_pool.ts";
import { type Socket, type SocketOwner, WRITE_PINNED } from "../../../host/net/socket.ts";

const READ_BYTES = 4_096;
const SLAB_BYTES = 8_192;
const SLABS = 16;

const [choice, port, name] = (parentPort === null ? process.argv.slice(2) : workerData) as [NetChoice, string, string];
const memory = new ArrayBuffer(READ_BYTES + SLAB_BYTES * SLABS);
const readBuffer = { bytes: new Uint8Array(memory, 0, READ_BYTES), address: 0 };
const slabs = new SlabPool(memory, READ_BYTES, SLAB_BYTES, SLABS);

function tell(line: string): void {
  if (parentPort === null) process.stdout.write(`${line}\n`);
  else parentPort.postMessage(line);
}

function answerer(socket: Socket): SocketOwner {
  return {
    onConnect() {},
    onRead(address, length) {
      const slab = slabs.take();
      if (slab === null) return socket.close();
      const answer = Buffer.concat([Buffer.from(`${name} `), new Uint8Array(memory, address, length)]);
      slab.bytes.set(answer);
      if (socket.write(slab, answer.length) !== WRITE_PINNED) slab.release();
    },
    onEnd: () => socket.end(),
    onDrain() {},
    onClose() {},
  };
}

const { net } = chooseNet(choice, {
  readBuffer,
  onWake() {},
  onFault(error) {
    throw error;
  },
});
const { listener, error } = await net.listen({
  address: new IpAddress(4, "127.0.0.1", Number(port)),
  backlog: 128,
  reusePort: true,
  ipv6Only: true,
  highBytes: 0,
  onAccept(socket) {
    socket.owner = answerer(socket);
  },
  onAcceptTrouble: (code) => tell(`trouble ${code}`),
});
if (listener === null) throw new Error(error.message);
tell(`listening ${listener.address.kind === "ip" ? listener.address.port : 0}`);
// The turns of the event loop tell a listener that waits from one that spins.
process.on("SIGUSR2", () => tell(`turns ${performance.nodeTiming.uvMetricsInfo.loopCount}`));

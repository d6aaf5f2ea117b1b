/**
 * One worker of Nuncio in this thread, on sockets that are nothing but memory: all of our own code that a request runs
 * through, and nothing of the kernel's or of libuv's. What changes here is ours to win or lose.
 */

import { listenerFilters, networkFilters } from "../../filters/registry.ts";
import { AccessLogSinks } from "../../host/access_log/sinks.ts";
import { decodeBootstrap } from "../../host/config/bootstrap.ts";
import { ExplainRing } from "../../host/explain/ring.ts";
import { describeListener } from "../../host/listener/describe.ts";
import { type Address, IpAddress } from "../../host/net/address.ts";
import { SystemClock } from "../../host/net/clock.ts";
import { LoopPass } from "../../host/net/loop_pass.ts";
import { type Net, type OutputSlab, type Socket, type SocketOwner, WRITE_DONE } from "../../host/net/socket.ts";
import { NodeAlarm, TimerWheel } from "../../host/net/timer_wheel.ts";
import { NO_OVERLOAD } from "../../host/runtime/overload.ts";
import { StatStore } from "../../host/stats/scope.ts";
import { ClusterDirectory } from "../../host/upstream/discovery/cluster_directory.ts";
import { Core } from "../../host/wasm/core.ts";
import { Ledger, LedgerView } from "../../host/wasm/ledger.ts";
import { readBufferOf } from "../../host/wasm/memory.ts";
import { WorkerRuntime } from "../../host/workers/worker.ts";

const LOCAL = new IpAddress(4, "127.0.0.1", 10_000);
const WORKER_THREAD = 1;
const FIRST_CLIENT_PORT = 40_000;

/** Takes every write at once and remembers its length. */
class MemorySocket implements Socket {
  owner: SocketOwner | null = null;
  readonly remote: Address;
  readonly local = LOCAL;
  readonly isOpen = true;
  readonly pendingBytes = 0;
  readonly aboveHighWatermark = false;
  written = 0;
  private readonly onWrite: ((socket: MemorySocket) => void) | null;

  constructor(remote: Address, onWrite: ((socket: MemorySocket) => void) | null) {
    this.remote = remote;
    this.onWrite = onWrite;
  }

  write(_slab: OutputSlab, length: number): typeof WRITE_DONE {
    this.written = length;
    this.onWrite?.(this);
    return WRITE_DONE;
  }

  pauseReading(): void {}
  resumeReading(): void {}
  end(): void {}
  close(): void {}
  closeAfterFlush(): void {}
  reset(): void {}
  get tls(): null {
    return null;
  }

  unread(): void {
    throw new Error("what was read from this socket cannot be given back");
  }

  detach(): never {
    throw new Error("there is no TLS on this socket");
  }

  setKeepAlive(): void {}
}

/** Sends `count` requests, one after the other, each on the next connection. */
export type Exchange = (count: number) => void;

/** A worker with the bootstrap's listeners, and so many clients; `request` and `response` are whole messages. */
export async function openInMemory(
  bootstrap: string,
  connections: number,
  request: Uint8Array,
  response: Uint8Array,
): Promise<Exchange> {
  const decoded = decodeBootstrap([{ fileName: "bench.yaml", text: bootstrap }], { formatReason: () => undefined });
  if (!decoded.ok) throw new Error("the bench's bootstrap is refused");
  const { listeners = [], clusters = [] } = decoded.bootstrap.static_resources ?? {};

  const ledger = Ledger.create(2);
  const view = new LedgerView(ledger.share, WORKER_THREAD);
  const core = new Core({ seed: [1, 2], ledger: view });
  const clock = new SystemClock();
  const timers = new TimerWheel(clock, new NodeAlarm(), (error) => {
    throw error;
  });
  const silent = { onDefine() {}, onRelease() {}, onFull() {} };

  const accepts: ((socket: Socket) => void)[] = [];
  const connecting: MemorySocket[] = [];
  let asked: MemorySocket | null = null;
  let waiting: (() => void) | null = null;
  const hears = (socket: MemorySocket) => {
    asked = socket;
  };
  const net: Net = {
    kind: "fake",
    options: { readBuffer: readBufferOf(core), onWake() {}, onFault() {} },
    async listen({ onAccept }) {
      accepts.push(onAccept);
      return { listener: { address: LOCAL, async close() {} }, error: null };
    },
    connect(address, _options, owner) {
      const socket = new MemorySocket(address, hears);
      socket.owner = owner;
      connecting.push(socket);
      return socket;
    },
  };
  const directory = new ClusterDirectory(ledger, new StatStore(ledger.view, silent).root, {
    onHosts: () => {},
    onNoRoom: () => {},
    holding: () => Promise.resolve(null),
  });
  await directory.update(clusters);
  const runtime = new WorkerRuntime({
    index: 0,
    core,
    ledger: view,
    stats: new StatStore(view, silent),
    net,
    timers,
    node: { id: "", cluster: "", localAddress: "127.0.0.1" },
    seed: 1,
    accessLogSinks: new AccessLogSinks({ timers, post() {}, readFile: () => new Uint8Array(0) }),
    networkFilters,
    listenerFilters,
    drainTimeMs: 0,
    observer: new ExplainRing(core),
    pass: new LoopPass((run) => {
      waiting = run;
    }),
    onAcceptTrouble() {},
  });
  const problems = await runtime.apply({
    version: 1,
    clusters: directory.describe(),
    listeners: listeners.map(describeListener),
    isFailingHealth: false,
    overload: NO_OVERLOAD,
    secrets: [],
  });
  const accept = accepts[0];
  if (problems.length > 0 || accept === undefined) throw new Error(`no listener: ${JSON.stringify(problems)}`);
  const clients = Array.from({ length: connections }, (_, i) => {
    const socket = new MemorySocket(new IpAddress(4, "127.0.0.1", FIRST_CLIENT_PORT + i), null);
    accept(socket);
    return socket;
  });
  const readBuffer = readBufferOf(core);

  function deliver(socket: MemorySocket, bytes: Uint8Array): void {
    clock.refresh();
    readBuffer.bytes.set(bytes);
    socket.owner?.onRead(readBuffer.address, bytes.length);
    // Each read is a pass of the loop by itself: what was put off until its end comes now.
    const run = waiting;
    waiting = null;
    run?.();
  }

  let next = 0;
  return (count) => {
    for (let i = 0; i < count; i++) {
      const client = clients[next] as MemorySocket;
      next = (next + 1) % clients.length;
      client.written = 0;
      deliver(client, request);
      for (let socket = connecting.pop(); socket !== undefined; socket = connecting.pop()) socket.owner?.onConnect();
      const upstream = asked;
      asked = null;
      if (upstream === null) throw new Error("no request arrived upstream");
      deliver(upstream, response);
      if (client.written < response.length) throw new Error(`the client got ${client.written} bytes`);
    }
  };
}

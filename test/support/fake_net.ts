/**
 * A network in memory, behind the contract of `host/net/socket.ts`; it passes the same suite as the real ones.
 *
 * A `FakeNetwork` is the wire: nets made from it reach each other. Everything that happens is a task handed to `schedule`,
 * so a test decides when (and in which order) things happen: `manualSchedule` runs them when told, `automaticSchedule`
 * as the event loop turns. Each direction has a "kernel" of `kernelBytes`: what does not fit stays pending in the writer.
 */

import { type Address, IpAddress, PipeAddress } from "../../host/net/address.ts";
import { closeReasonOfCode } from "../../host/net/close_reason.ts";
import { listenFailed } from "../../host/net/listen_error.ts";
import type {
  ConnectOptions,
  Listener,
  ListenOptions,
  ListenResult,
  Net,
  NetOptions,
  Socket,
  SocketOwner,
} from "../../host/net/socket.ts";
import { FakeSocket } from "./fake_socket.ts";

export type Schedule = (task: () => void) => void;

export interface FakeNetworkOptions {
  readonly schedule: Schedule;
  /** Bytes that one direction of a connection holds between writer and reader. */
  readonly kernelBytes?: number;
  /** How many bytes the next read may bring, at least 1: for reads in small or random pieces. */
  readonly nextReadBytes?: () => number;
}

const EPHEMERAL_PORT_FIRST = 40_000;
const PORT_FIRST = 10_000;

export class FakeNetwork {
  readonly schedule: Schedule;
  readonly kernelBytes: number;
  readonly nextReadBytes: () => number;
  /** Sockets of both ends that are not closed: for counting, and for faults (`reset`, `abort`). */
  readonly sockets = new Set<FakeSocket>();
  /** Decides what happens to a connection to an address with somebody listening; by default all are let through. */
  route: (address: Address) => "through" | "refuse" | "blackhole" | "unreachable" = () => "through";
  private readonly listeners: FakeListener[] = [];
  private nextPort = PORT_FIRST;
  private nextEphemeralPort = EPHEMERAL_PORT_FIRST;
  private turn = 0;

  constructor(options: FakeNetworkOptions) {
    this.schedule = options.schedule;
    this.kernelBytes = options.kernelBytes ?? 65_536;
    this.nextReadBytes = options.nextReadBytes ?? (() => Number.MAX_SAFE_INTEGER);
  }

  net(options: NetOptions): Net {
    return {
      kind: "fake",
      options,
      listen: (listenOptions) => Promise.resolve(this.listen(options, listenOptions)),
      connect: (address, connectOptions, owner) => this.connect(options, address, connectOptions, owner),
    };
  }

  private listen(netOptions: NetOptions, options: ListenOptions): ListenResult {
    const asked = options.address;
    const address =
      asked.kind === "ip" && asked.port === 0 ? new IpAddress(asked.version, asked.ip, this.nextPort++) : asked;
    for (const other of this.listeners) {
      if (other.address.text === address.text && !(other.options.reusePort && options.reusePort)) {
        return listenFailed("EADDRINUSE", address);
      }
    }
    const listener = new FakeListener(netOptions, options, address, () => {
      this.listeners.splice(this.listeners.indexOf(listener), 1);
    });
    this.listeners.push(listener);
    return { listener, error: null };
  }

  private connect(netOptions: NetOptions, address: Address, options: ConnectOptions, owner: SocketOwner): Socket {
    const local =
      address.kind === "pipe"
        ? new PipeAddress("")
        : new IpAddress(
            address.version,
            options.source?.ip ?? (address.version === 6 ? "::1" : "127.0.0.1"),
            this.nextEphemeralPort++,
          );
    const socket = new FakeSocket(this, netOptions, address, local, options.highBytes);
    socket.owner = owner;
    this.schedule(() => this.arrive(socket, address, local));
    return socket;
  }

  /** The SYN reaches the other side. */
  private arrive(client: FakeSocket, address: Address, local: Address): void {
    const verdict = this.route(address);
    if (verdict === "blackhole") return;
    if (verdict === "unreachable") {
      client.abort(closeReasonOfCode("ENETUNREACH"));
      return;
    }
    const listening = this.listeners.filter((listener) => listener.takes(address));
    const listener = listening[this.turn++ % listening.length];
    if (listener === undefined || verdict === "refuse") {
      client.abort(closeReasonOfCode(address.kind === "pipe" ? "ENOENT" : "ECONNREFUSED"));
      return;
    }
    const remote = address.kind === "pipe" ? new PipeAddress("") : local;
    const server = new FakeSocket(this, listener.netOptions, remote, address, listener.options.highBytes);
    if (!client.join(server)) return;
    server.guard(() => {
      listener.options.onAccept(server);
      if (server.owner === null) server.close();
    });
  }
}

class FakeListener implements Listener {
  readonly netOptions: NetOptions;
  readonly options: ListenOptions;
  readonly address: Address;
  private readonly remove: () => void;
  private isClosed = false;

  constructor(netOptions: NetOptions, options: ListenOptions, address: Address, remove: () => void) {
    this.netOptions = netOptions;
    this.options = options;
    this.address = address;
    this.remove = remove;
  }

  takes(address: Address): boolean {
    const own = this.address;
    if (own.text === address.text) return true;
    if (own.kind === "pipe" || address.kind === "pipe" || own.port !== address.port) return false;
    return (
      (own.ip === "0.0.0.0" && address.version === 4) ||
      (own.ip === "::" && (address.version === 6 || !this.options.ipv6Only))
    );
  }

  close(): Promise<void> {
    if (!this.isClosed) this.remove();
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** Runs tasks as the event loop turns, in order. */
export function automaticSchedule(): Schedule {
  let tasks: (() => void)[] = [];
  const run = (): void => {
    const due = tasks;
    tasks = [];
    for (const task of due) task();
  };
  return (task) => {
    if (tasks.length === 0) setImmediate(run);
    tasks.push(task);
  };
}

/** Runs tasks when the test says so. */
export interface ManualSchedule {
  readonly schedule: Schedule;
  readonly waiting: number;
  /** Runs until nothing is left. `choose(n)` picks the next of n tasks (default: the oldest). Throws after so many. */
  run(choose?: (count: number) => number, tasksMax?: number): void;
}

export function manualSchedule(): ManualSchedule {
  const tasks: (() => void)[] = [];
  return {
    schedule: (task) => {
      tasks.push(task);
    },
    get waiting() {
      return tasks.length;
    },
    run(choose = () => 0, tasksMax = 1_000_000) {
      for (let done = 0; tasks.length > 0; done++) {
        if (done === tasksMax) throw new Error(`the network is still busy after ${tasksMax} tasks`);
        const [task] = tasks.splice(choose(tasks.length), 1);
        task?.();
      }
    },
  };
}

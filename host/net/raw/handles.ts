/**
 * Node's private stream handles: the one file of the tree that knows `process.binding`.
 *
 * libuv's TCP and pipe handles, without the streams that Node puts on top (7 µs of CPU per proxied request). The
 * interface is deprecated in name (DEP0111) and the same in Node 20, 24 and 26; `loadHandles` looks at its shape
 * before anybody uses it, and whoever gets a reason instead of handles uses the portable sockets.
 *
 * How a handle speaks: a read calls `handle.onread()` with the length, or a negative errno, in
 * `state[READ_BYTES_OR_ERROR]`, the bytes being in the buffer given to `useUserBuffer` (a value returned from `onread`
 * would replace that buffer); a write tries the kernel first and tells in `state[LAST_WRITE_WAS_ASYNC]` whether
 * something is left, in which case the request's `oncomplete` follows.
 */

import { constants } from "node:os";

/** libuv's error for "the peer has ended". */
export const UV_EOF = -4095;
/** libuv's error for a socket that is connected no longer; the number is the system's. */
export const UV_ENOTCONN = -constants.errno.ENOTCONN;

export interface SocketName {
  address?: string;
  family?: string;
  port?: number;
}

/** What TCP and pipe handles share. `Holder` is what the handle carries for its callbacks. */
export interface StreamHandle<Holder> {
  /** Ours: who is behind this handle; set before any callback can come. */
  holder: Holder;
  onread: ((this: StreamHandle<Holder>) => void) | null;
  onconnection: ((this: StreamHandle<Holder>, status: number, client: StreamHandle<Holder> | undefined) => void) | null;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: WriteRequest<Holder>, bytes: Uint8Array): number;
  shutdown(request: ShutdownRequest<Holder>): number;
  listen(backlog: number): number;
  close(onClosed?: (this: StreamHandle<Holder>) => void): void;
}

export interface TcpHandle<Holder> extends StreamHandle<Holder> {
  bind(address: string, port: number, flags: number): number;
  bind6(address: string, port: number, flags: number): number;
  connect(request: ConnectRequest<Holder>, address: string, port: number): number;
  connect6(request: ConnectRequest<Holder>, address: string, port: number): number;
  getsockname(out: SocketName): number;
  getpeername(out: SocketName): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, idleSeconds: number): number;
  reset(onClosed: (this: StreamHandle<Holder>) => void): number;
}

export interface PipeHandle<Holder> extends StreamHandle<Holder> {
  bind(path: string): number;
  connect(request: ConnectRequest<Holder>, path: string): number | undefined;
}

/** A write on its way. The properties below `oncomplete` are ours. */
export interface WriteRequest<Holder> {
  oncomplete: ((this: WriteRequest<Holder>, status: number) => void) | null;
  holder: Holder | null;
  slab: { release(): void } | null;
  bytes: Uint8Array | null;
  length: number;
}

export interface ShutdownRequest<Holder> {
  oncomplete: ((this: ShutdownRequest<Holder>, status: number) => void) | null;
  holder: Holder;
}

export interface ConnectRequest<Holder> {
  oncomplete: ((this: ConnectRequest<Holder>, status: number) => void) | null;
  holder: Holder;
}

export interface Handles<Holder> {
  readonly state: Int32Array;
  readonly READ_BYTES_OR_ERROR: number;
  readonly LAST_WRITE_WAS_ASYNC: number;
  readonly IPV6_ONLY: number;
  readonly REUSE_PORT: number;
  newTcpSocket(): TcpHandle<Holder>;
  newTcpServer(): TcpHandle<Holder>;
  newPipeSocket(): PipeHandle<Holder>;
  newPipeServer(): PipeHandle<Holder>;
  newWriteRequest(): WriteRequest<Holder>;
  newShutdownRequest(): ShutdownRequest<Holder>;
  newTcpConnectRequest(): ConnectRequest<Holder>;
  newPipeConnectRequest(): ConnectRequest<Holder>;
}

/** The handles, or the reason why this Node's private interface is not the one we know. */
export function loadHandles<Holder>(): Handles<Holder> | string {
  try {
    return bindHandles<Holder>();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Constructor = new (...args: never[]) => object;
type Binding = Record<string, unknown>;

const STREAM_METHODS = ["readStart", "readStop", "useUserBuffer", "writeBuffer", "shutdown", "close", "listen"];
const TCP_METHODS = [
  "bind",
  "bind6",
  "connect",
  "connect6",
  "getsockname",
  "getpeername",
  "setNoDelay",
  "setKeepAlive",
];

function bindHandles<Holder>(): Handles<Holder> {
  const load = (process as unknown as { binding?: (name: string) => Binding }).binding;
  if (typeof load !== "function") throw new Error("process.binding is not there");
  const streamWrap = load.call(process, "stream_wrap");
  const tcpWrap = load.call(process, "tcp_wrap");
  const pipeWrap = load.call(process, "pipe_wrap");

  const state = streamWrap.streamBaseState;
  if (!(state instanceof Int32Array)) throw new Error("stream_wrap.streamBaseState is not an Int32Array");
  const Tcp = constructorIn(tcpWrap, "TCP", [...STREAM_METHODS, ...TCP_METHODS, "reset"]);
  const Pipe = constructorIn(pipeWrap, "Pipe", [...STREAM_METHODS, "bind", "connect"]);
  const Write = constructorIn(streamWrap, "WriteWrap", []);
  const Shutdown = constructorIn(streamWrap, "ShutdownWrap", []);
  const TcpConnect = constructorIn(tcpWrap, "TCPConnectWrap", []);
  const PipeConnect = constructorIn(pipeWrap, "PipeConnectWrap", []);
  const tcp = numbersIn(tcpWrap.constants, "tcp_wrap.constants", [
    "SOCKET",
    "SERVER",
    "UV_TCP_IPV6ONLY",
    "UV_TCP_REUSEPORT",
  ]);
  const pipe = numbersIn(pipeWrap.constants, "pipe_wrap.constants", ["SOCKET", "SERVER"]);
  const index = numbersIn(streamWrap, "stream_wrap", ["kReadBytesOrError", "kLastWriteWasAsync"]);

  const make = <T>(Wrap: Constructor, ...args: number[]): T =>
    new (Wrap as new (...args: number[]) => object)(...args) as T;
  return {
    state,
    READ_BYTES_OR_ERROR: index.kReadBytesOrError as number,
    LAST_WRITE_WAS_ASYNC: index.kLastWriteWasAsync as number,
    IPV6_ONLY: tcp.UV_TCP_IPV6ONLY as number,
    REUSE_PORT: tcp.UV_TCP_REUSEPORT as number,
    newTcpSocket: () => make(Tcp, tcp.SOCKET as number),
    newTcpServer: () => make(Tcp, tcp.SERVER as number),
    newPipeSocket: () => make(Pipe, pipe.SOCKET as number),
    newPipeServer: () => make(Pipe, pipe.SERVER as number),
    newWriteRequest: () => make(Write),
    newShutdownRequest: () => make(Shutdown),
    newTcpConnectRequest: () => make(TcpConnect),
    newPipeConnectRequest: () => make(PipeConnect),
  };
}

function constructorIn(binding: Binding, name: string, methods: readonly string[]): Constructor {
  const found = binding[name];
  if (typeof found !== "function") throw new Error(`${name} is not there`);
  const prototype = found.prototype as Record<string, unknown>;
  for (const method of methods) {
    if (typeof prototype[method] !== "function") throw new Error(`${name} has no ${method}()`);
  }
  return found as Constructor;
}

function numbersIn(from: unknown, where: string, names: readonly string[]): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name of names) {
    const value = (from as Binding | undefined)?.[name];
    if (typeof value !== "number") throw new Error(`${where} has no number ${name}`);
    numbers[name] = value;
  }
  return numbers;
}

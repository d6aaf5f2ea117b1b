// Upstreams: one that speaks HTTP by node:http, one that does what it is told with the bytes.
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

type WhenOver = (end: () => Promise<void>) => void;

export interface Upstream {
  /** 0 on a unix socket. */
  readonly port: number;
  /** Connections so far. */
  readonly connections: () => number;
}

/** `where`: a port or address of loopback, or the path of a unix socket (`\0name` for an abstract one). */
export async function httpUpstream(
  whenOver: WhenOver,
  handler: RequestListener,
  where: number | string = 0,
  prepare: (server: HttpServer) => void = () => undefined,
): Promise<Upstream> {
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, handler);
  prepare(server);
  return listen(whenOver, server, where);
}

/** HTTP/2 without TLS, as node:http2 speaks it. */
export async function http2Upstream(
  whenOver: WhenOver,
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  options: ServerOptions = {},
): Promise<{ readonly port: number; readonly sessions: () => number; readonly server: Http2Server }> {
  const server = createHttp2Server(options);
  let sessions = 0;
  server.on("session", (session) => {
    sessions++;
    session.on("error", () => undefined);
  });
  server.on("stream", onStream);
  const { port } = await listen(whenOver, server, 0);
  return { port, sessions: () => sessions, server };
}

/** Each connection is handed to `onSocket`; what it throws away or keeps is its business. */
export async function rawUpstream(
  whenOver: WhenOver,
  onSocket: (socket: Socket) => void,
  where: number | string = 0,
): Promise<Upstream> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  return listen(whenOver, server, where);
}

/** Answers each head that ends with these bytes; bodies are not read. */
export function answering(bytes: string): (socket: Socket) => void {
  return (socket) => {
    let seen = "";
    socket.on("data", (chunk) => {
      seen += chunk.toString("latin1");
      for (let at = seen.indexOf("\r\n\r\n"); at >= 0; at = seen.indexOf("\r\n\r\n")) {
        seen = seen.slice(at + 4);
        socket.write(bytes, "latin1");
      }
    });
  };
}

async function listen(whenOver: WhenOver, server: Server, where: number | string): Promise<Upstream> {
  let count = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    count++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if (typeof where === "number") server.listen(where, "127.0.0.1", resolve);
    else if (where.includes("/") || where.startsWith("\0")) server.listen({ path: where }, resolve);
    else server.listen(0, where, resolve);
  });
  whenOver(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const port = typeof address === "object" ? (address as AddressInfo).port : 0;
  return { port, connections: () => count };
}

/** A port on which nobody listens: the system gave it, and it was given back. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * The admin listener: HTTP on the main thread, apart from the data plane, so that it answers when the workers are busy. It has
 * no authentication, like Envoy's: bind it to loopback.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "../log/logger.ts";
import { type Address, IpAddress, ipAddressOfSocket, PipeAddress, UNKNOWN_ADDRESS } from "../net/address.ts";
import { type AdminResponse, type AdminRoute, parseTarget, text } from "./request.ts";
import { helpText } from "./routes/help.ts";

/** Connections at once; more are closed at the door. */
const CONNECTIONS_MAX = 256;
/** A client that has not sent its request by then is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;
/** Bytes of a request body that are read and thrown away; no page wants one. */
const BODY_MAX = 1_048_576;

/** A request and its answer, for stats and access logs. Moments are milliseconds of `performance.now()`. */
export interface AdminExchange {
  readonly connectionId: number;
  readonly acceptedMs: number;
  readonly startWallMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly method: string;
  readonly target: string;
  /** `1.1` */
  readonly httpVersion: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly bytesReceived: number;
  readonly status: number;
  readonly contentType: string;
  readonly bodyBytes: number;
  readonly remote: Address;
  readonly local: Address;
}

/** Who counts, and who writes the access log. */
export interface AdminObserver {
  onOpen(): void;
  onClose(lengthMs: number, bytesRead: number, bytesWritten: number): void;
  onProtocolError(): void;
  onRequest(): void;
  /** The answer to a request has been handed over. */
  onExchange(exchange: AdminExchange): void;
}

export interface AdminServerParts<Context> {
  readonly context: Context;
  readonly routes: readonly AdminRoute<Context>[];
  readonly log: Logger;
  readonly observer: AdminObserver;
  /** Paths that are answered; others get 403 (config.bootstrap.v3.Admin.allow_paths). */
  readonly allows: (path: string) => boolean;
}

interface Connection {
  readonly id: number;
  readonly acceptedMs: number;
  readonly remote: Address;
  readonly local: Address;
}

export class AdminServer<Context> {
  private readonly parts: AdminServerParts<Context>;
  private readonly byPath: ReadonlyMap<string, AdminRoute<Context>>;
  private readonly server: Server;
  private readonly connections = new Map<Socket, Connection>();
  private lastConnectionId = 0;

  constructor(parts: AdminServerParts<Context>) {
    this.parts = parts;
    this.byPath = new Map(parts.routes.map((route) => [route.path, route]));
    this.server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: IDLE_TIMEOUT_MS });
    this.server.maxConnections = CONNECTIONS_MAX;
    this.server.on("request", (request, response) => void this.serve(request, response));
    this.server.on("connection", (socket: Socket) => this.observe(socket));
    this.server.on("clientError", (_error, socket) => {
      parts.observer.onProtocolError();
      socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
  }

  /** Listens; gives the address that was bound. Rejects with the system's error. */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      const options = address.kind === "pipe" ? { path: address.kernelPath } : { host: address.ip, port: address.port };
      this.server.listen(options, () => {
        this.server.off("error", reject);
        this.server.on("error", (error) => this.parts.log.error(`admin: ${error.message}`));
        resolve(this.boundAddress());
      });
    });
  }

  /** Stops listening and cuts all connections. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private observe(socket: Socket): void {
    const { observer } = this.parts;
    const acceptedMs = performance.now();
    this.connections.set(socket, {
      id: ++this.lastConnectionId,
      acceptedMs,
      remote: addressOf(socket.remoteAddress, socket.remotePort),
      local: addressOf(socket.localAddress, socket.localPort),
    });
    observer.onOpen();
    socket.once("close", () => {
      this.connections.delete(socket);
      observer.onClose(performance.now() - acceptedMs, socket.bytesRead, socket.bytesWritten);
    });
  }

  private boundAddress(): Address {
    const bound = this.server.address();
    if (bound === null) throw new Error("admin: not listening");
    if (typeof bound === "string") return new PipeAddress(bound.replace("\0", "@"));
    return new IpAddress(bound.family === "IPv6" ? 6 : 4, bound.address, bound.port);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { observer, log } = this.parts;
    const startMs = performance.now();
    const startWallMs = Date.now();
    const { method = "GET", url = "/", socket } = request;
    observer.onRequest();
    let answer: AdminResponse;
    const body = await readBody(request);
    try {
      answer = await this.answer(method, url, body);
    } catch (error) {
      log.error(`admin: ${method} ${url}: ${error instanceof Error ? error.stack : String(error)}`);
      answer = text("internal error\n", 500);
    }
    send(response, answer);
    const connection = this.connections.get(socket);
    observer.onExchange({
      connectionId: connection?.id ?? 0,
      acceptedMs: connection?.acceptedMs ?? startMs,
      startWallMs,
      startMs,
      endMs: performance.now(),
      method,
      target: url,
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      bytesReceived: Buffer.byteLength(body, "latin1"),
      status: answer.status,
      contentType: answer.contentType,
      bodyBytes: Buffer.byteLength(answer.body),
      remote: connection?.remote ?? UNKNOWN_ADDRESS,
      local: connection?.local ?? UNKNOWN_ADDRESS,
    });
  }

  /** The answer to a request target, as the port would give it. */
  async answer(method: string, target: string, body = ""): Promise<AdminResponse> {
    const { path, query } = parseTarget(target);
    if (!this.parts.allows(path)) return text(`request to path ${path} not allowed`, 403);
    const route = this.byPath.get(path);
    if (route === undefined) return text(`invalid path. ${helpText(this.parts.routes)}`, 404);
    if (route.changes && method !== "POST") return text(`Method ${method} not allowed, POST required.`, 405);
    return route.handle(this.parts.context, { method, path, query, body });
  }
}

/** The body of a request, one character a byte; the end of the connection when it is larger than any page wants. */
function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
      if (body.length > BODY_MAX) request.destroy();
    });
    request.on("error", () => undefined);
    request.on("close", () => resolve(body));
    request.on("end", () => resolve(body));
  });
}

/** A pipe has neither address nor port. */
function addressOf(ip: string | undefined, port: number | undefined): Address {
  return ip === undefined ? new PipeAddress("") : ipAddressOfSocket(ip, port ?? 0);
}

/** Envoy's headers in Envoy's order, and none of Node's own. */
function send(response: ServerResponse, { status, contentType, body, nosniffTwice }: AdminResponse): void {
  response.sendDate = false;
  response.setHeader("content-type", contentType);
  response.setHeader("cache-control", "no-cache, max-age=0");
  response.setHeader("x-content-type-options", nosniffTwice === true ? ["nosniff", "nosniff"] : "nosniff");
  response.setHeader("date", new Date().toUTCString());
  response.setHeader("server", "envoy");
  response.setHeader("transfer-encoding", "chunked");
  if (response.shouldKeepAlive) response.removeHeader("connection");
  else response.setHeader("connection", "close");
  response.writeHead(status);
  response.end(body);
}

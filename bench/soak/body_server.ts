/**
 * The upstream of the soaks, in the process that drives them:
 *   GET /bytes/N    the body of load/body.ts, which the load generator checks
 *   GET /blocks/N   N blocks of body_blocks.ts, chunked, as fast as the reader takes them
 *   GET /head       the head of the request as it arrived
 *   POST /hash      reads the request's body slowly and answers with its SHA-256 and length as JSON
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expectedBody } from "../load/body.ts";
import { blocks } from "./body_blocks.ts";
import { drainSlowly } from "./slow_reader.ts";

export interface BodyServer {
  readonly port: number;
  close(): void;
}

const bodies = new Map<number, Buffer>();

export async function startBodyServer(): Promise<BodyServer> {
  const server: Server = createServer({ keepAlive: true }, (request, response) => {
    answer(request, response).catch(() => response.destroy()); // a peer that went away; who waits for it will tell
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.maxConnections = 20_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind, number] = (request.url ?? "").split("/");
  if (kind === "bytes") {
    const length = Number(number);
    const body = bodies.get(length) ?? expectedBody(length);
    bodies.set(length, body);
    response.writeHead(200, { "content-length": length }).end(body);
  } else if (kind === "blocks") {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    await pipeline(Readable.from(blocks(Number(number))), response);
  } else if (kind === "head") {
    response.writeHead(200).end(headOf(request));
  } else if (kind === "hash") {
    const hash = createHash("sha256");
    const length = await drainSlowly(request, (piece) => hash.update(piece));
    response.writeHead(200).end(JSON.stringify({ hash: hash.digest("hex"), length }));
  } else {
    response.writeHead(404).end();
  }
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return `${head}\r\n`;
}

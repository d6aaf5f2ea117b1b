/** The upstream without a C compiler: the twin of upstream.c, same arguments, same paths, same refusals. */
import { createServer, type Socket } from "node:net";
import { expectedBody } from "./body.ts";

const HEAD_MAX = 8192;
const BODY_MAX = 1 << 20;
const SIZES_MAX = 16;
const HEAD_END = Buffer.from("\r\n\r\n");
const responses = new Map<number, Buffer>();

function responseOf(bodyBytes: number): Buffer | undefined {
  const known = responses.get(bodyBytes);
  if (known !== undefined) return known;
  if (!(bodyBytes >= 0 && bodyBytes <= BODY_MAX) || responses.size === SIZES_MAX) return undefined;
  const head =
    "HTTP/1.1 200 OK\r\nServer: bench-upstream\r\nDate: Tue, 24 Nov 2026 09:00:00 GMT\r\n" +
    `Content-Type: text/plain\r\nContent-Length: ${bodyBytes}\r\nCache-Control: no-cache\r\nETag: "5f3c-61a9"\r\n\r\n`;
  const response = Buffer.concat([Buffer.from(head, "latin1"), expectedBody(bodyBytes)]);
  responses.set(bodyBytes, response);
  return response;
}

/** The answer to one complete head, or undefined when it is none that we know. */
function answer(head: Buffer): Buffer | undefined {
  const target = head.toString("latin1", 0, Math.min(head.length, 40));
  const bytes = /^GET \/bytes\/(\d+)[ ?]/.exec(target);
  if (bytes !== null) return responseOf(Number(bytes[1]));
  if (!target.startsWith("GET /head ")) return undefined;
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n`, "latin1"), head]);
}

function serve(socket: Socket): void {
  let head: Buffer | undefined;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    head = head === undefined ? chunk : Buffer.concat([head, chunk]);
    const end = head.indexOf(HEAD_END);
    if (end < 0 && head.length < HEAD_MAX) return;
    const response = end === head.length - HEAD_END.length ? answer(head) : undefined;
    head = undefined;
    if (response === undefined) socket.destroy();
    else socket.write(response);
  });
}

const ports = process.argv.slice(2).map(Number);
await Promise.all(
  ports.map(
    (port) =>
      new Promise<void>((resolve) => createServer({ noDelay: true }, serve).listen(port, "127.0.0.1", 4096, resolve)),
  ),
);
console.log(JSON.stringify({ ready: true }));

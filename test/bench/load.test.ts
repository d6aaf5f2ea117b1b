/**
 * The load generator, in C and in TypeScript: it must count right, and refuse to give a figure for wrong work. The proxy
 * is played by a server of this test.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { expectedBody } from "../../bench/load/body.ts";
import { Generator } from "../../bench/load/generator.ts";
import { buildNative, type Program, twin } from "../../bench/load/native.ts";

const folder = mkdtempSync(join(tmpdir(), "nuncio-test-load-"));
const native = buildNative(folder).load;
const subjects: [string, Program][] = [["TypeScript", twin("load.ts")]];
if (native.command !== process.execPath) subjects.push(["C", native]);

const BODY_BYTES = 5_000;
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A server that calls `answer` for every request head, and counts connections and heads. */
async function serve(answer: (socket: Socket, request: number) => void) {
  const seen = { connections: 0, requests: 0, open: 0, port: 0 };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    seen.connections++;
    seen.open++;
    sockets.add(socket);
    socket.on("close", () => seen.open--);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      if (chunk.includes("\r\n\r\n")) answer(socket, seen.requests++);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  seen.port = (server.address() as AddressInfo).port;
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return seen;
}

function response(body = expectedBody(BODY_BYTES), status = "200 OK"): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
}

async function startGenerator(program: Program, port: number, connections: number): Promise<Generator> {
  const target = { port, connections, path: "/any", bodyBytes: BODY_BYTES };
  const generator = await Generator.start(program, target, join(folder, "load.log"));
  cleanups.push(() => generator.stop());
  return generator;
}

describe.each(subjects)("load generator in %s", (_, program) => {
  it("sends exactly what a closed loop is told, on all connections, and keeps them for the next command", async () => {
    const seen = await serve((socket) => socket.write(response()));
    const generator = await startGenerator(program, seen.port, 4);
    for (const count of [100, 7]) {
      const result = await generator.closed(count);
      expect(result.count).toBe(count);
      expect(result.buckets.reduce((sum, [, one]) => sum + one, 0)).toBe(count);
      expect(result.seconds).toBeGreaterThan(0);
    }
    expect(seen).toMatchObject({ connections: 4, requests: 107, open: 4 });
  });

  it("takes a response in pieces of any size", async () => {
    const seen = await serve((socket, request) => {
      const bytes = response();
      const cut = (request * 997) % bytes.length;
      socket.write(bytes.subarray(0, cut), () => socket.write(bytes.subarray(cut)));
    });
    const generator = await startGenerator(program, seen.port, 2);
    expect((await generator.closed(60)).count).toBe(60);
  });

  it("opens one connection after the other for `each`, and leaves all of them open", async () => {
    const seen = await serve((socket) => socket.write(response()));
    const generator = await startGenerator(program, seen.port, 50);
    expect((await generator.each(4)).count).toBe(50);
    expect(seen).toMatchObject({ connections: 50, requests: 50, open: 50 });
  });

  it("counts latency from the moment a request was due, not from when a connection was free", async () => {
    // One connection and a stall of 300 ms on the first request: of those due in the meantime, every 10 ms, none can be
    // sent before its end, so each has waited for the rest of it.
    const seen = await serve((socket, request) => {
      if (request === 0) setTimeout(() => socket.write(response()), 300);
      else socket.write(response());
    });
    const generator = await startGenerator(program, seen.port, 1);
    const { buckets } = await generator.open(100, 30);
    const late = buckets.filter(([value]) => value >= 100e6).reduce((sum, [, count]) => sum + count, 0);
    expect(late).toBeGreaterThanOrEqual(20);
  });

  const wrong: [string, (socket: Socket) => void, string][] = [
    ["a wrong byte", (socket) => socket.write(response(Buffer.alloc(BODY_BYTES, 1))), "wrong byte in a body"],
    ["another status", (socket) => socket.write(response(undefined, "503 Service Unavailable")), "status is not 200"],
    ["a shorter body", (socket) => socket.write(response(expectedBody(10))), "wrong content-length"],
    ["bytes after the body", (socket) => socket.write(Buffer.concat([response(), Buffer.from("x")])), "more bytes"],
    ["a lost connection", (socket) => socket.end(), "connection lost"],
  ];
  it.each(wrong)("gives no figure for %s", async (_what, answer, message) => {
    const seen = await serve(answer);
    const generator = await startGenerator(program, seen.port, 1);
    await expect(generator.closed(10)).rejects.toThrow(message);
  });
});

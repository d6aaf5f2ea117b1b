// WebSocket upgrades: allowed, refused by the upstream, not allowed, and as a library speaks them.
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { WebSocket } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { httpConfig, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const HANDSHAKE =
  "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** RFC 6455 4.2.2; then everything comes back as it went, unmasked where the frames are those of a client. */
function accept(key: string, socket: Socket, frames: boolean): void {
  const digest = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${digest}\r\n\r\n`,
  );
  socket.on("data", (chunk) => {
    // Opcode 8 is a close: the server answers it and ends the connection (RFC 6455 7.1.1).
    if (frames && ((chunk[0] as number) & 0x0f) === 8) socket.end(unmasked(chunk));
    else socket.write(frames ? unmasked(chunk) : chunk);
  });
  socket.on("end", () => socket.end());
}

/** One short frame of a client (RFC 6455 5.2) as the same frame of a server. */
function unmasked(frame: Buffer): Buffer {
  const length = (frame[1] as number) & 0x7f;
  const mask = frame.subarray(2, 6);
  const text = frame.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i & 3] as number));
  return Buffer.concat([Buffer.from([frame[0] as number, length]), text]);
}

describe.each(NETS)("an upgrade over %s sockets", (net) => {
  let front: RunningProxy;

  beforeAll(async () => {
    const upstream = await httpUpstream(
      afterAll,
      (request, response) => response.end(`plain ${request.url} ${request.headers.upgrade ?? "no upgrade"}`),
      0,
      (server) =>
        server.on("upgrade", (request, socket) => {
          socket.on("error", () => undefined);
          if (request.url === "/page") socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nx-a: b\r\n\r\npage");
          else if (request.url === "/refused") socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
          else accept(request.headers["sec-websocket-key"] ?? "", socket as Socket, request.url === "/frames");
        }),
    );
    const routes = [
      route("/forbidden", "a", { upgrade_configs: [{ upgrade_type: "websocket", enabled: false }] }),
      route("/", "a"),
    ];
    const manager = { upgrade_configs: [{ upgrade_type: "websocket" }] };
    front = await startProxy(afterAll, httpConfig({ routes, clusters: { a: upstream.port }, manager }), { net });
  });

  async function wire(): Promise<Wire> {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    return wire;
  }

  it("becomes a tunnel, with what came right behind the handshake", async () => {
    const client = await wire();
    client.send(`${HANDSHAKE}right behind`);
    const head = await client.take("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head.toLowerCase()).toContain("\r\nupgrade: websocket\r\n");
    expect(head).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    await client.take("right behind");
    client.send("\x00\xff any bytes");
    await client.take("\x00\xff any bytes");
    expect(await front.gauge("http.front.downstream_cx_upgrades_active")).toBe(1);
    client.finish();
    expect(await client.untilEnd()).toBe("fin");
    await expect.poll(() => front.gauge("http.front.downstream_cx_upgrades_active")).toBe(0);
  });

  it("passes on what the upstream says right behind its answer", async () => {
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      socket.once("data", () => {
        const head = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
        socket.write(`${head}first word`);
        socket.on("data", (chunk) => socket.end(chunk));
      });
    });
    const manager = { upgrade_configs: [{ upgrade_type: "websocket" }] };
    const config = httpConfig({ routes: [route("/", "a")], clusters: { a: upstream.port }, manager });
    const { port } = await startProxy(onTestFinished, config, { net });
    const client = await Wire.toPort(port);
    onTestFinished(() => client.close());
    client.send(HANDSHAKE);
    await client.take("first word");
    client.send("last word");
    await client.take("last word");
    expect(await client.untilEnd()).toBe("fin");
  });

  it("carries a library's WebSocket", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${front.port}/frames`);
    const answer = Promise.withResolvers<unknown>();
    const closed = Promise.withResolvers<void>();
    socket.addEventListener("error", (event) => answer.reject(event.error));
    socket.addEventListener("message", (event) => answer.resolve(event.data));
    socket.addEventListener("close", () => closed.resolve());
    socket.addEventListener("open", () => socket.send("hello"));
    expect(await answer.promise).toBe("hello");
    socket.close();
    await closed.promise;
  });

  it("that the upstream refuses is answered so", async () => {
    const client = await wire();
    client.send(HANDSHAKE.replace("/chat", "/refused"));
    expect(await client.take("no")).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });

  it("that is answered with a page gets its head alone", async () => {
    const client = await wire();
    client.send(HANDSHAKE.replace("/chat", "/page"));
    const head = await client.take("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain("\r\nx-a: b\r\n");
    expect(head).toContain("\r\ncontent-length: 0\r\n");
    expect(head).toContain("\r\nconnection: close\r\n");
    client.finish();
    expect(await client.untilEnd()).toBe("fin");
  });

  it("that the route forbids does not reach the upstream", async () => {
    const client = await wire();
    client.send(HANDSHAKE.replace("/chat", "/forbidden"));
    expect(await client.take("\r\n")).toBe("HTTP/1.1 403 Forbidden\r\n");
  });
});

/** Upgrades through the whole proxy: the handshake, bytes both ways, early bytes, the ends, and what is declined. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProxy, type Proxy as RunningProxy } from "../../host/index.ts";
import { plainConfig } from "../support/plain_config.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const ASK =
  "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";

/** What the upstream does with a connection once it has the head of the request. */
let behave: (socket: Socket, head: string, rest: string) => void = () => {};

let upstream: Server;
let proxy: RunningProxy;
let port = 0;
const open = new Set<Socket>();

beforeAll(async () => {
  upstream = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    let text = "";
    const onData = (bytes: Buffer) => {
      text += bytes.toString("latin1");
      const at = text.indexOf("\r\n\r\n");
      if (at < 0) return;
      socket.off("data", onData);
      behave(socket, text.slice(0, at), text.slice(at + 4));
    };
    socket.on("data", onData);
  });
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const config = plainConfig(upstreamPort, { upgrade_configs: [{ upgrade_type: "websocket" }] });
  proxy = await createProxy({ config, concurrency: 1, onLogLine: () => {} });
  port = Number(proxy.listeners[0]?.addresses[0]?.split(":")[1]);
});

afterAll(async () => {
  await proxy.stop();
  for (const socket of open) socket.destroy();
  upstream.close();
});

/** A client whose received text can be waited for. */
class Client {
  readonly socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  text = "";
  isEnded = false;
  private wake: () => void = () => {};

  constructor(first: string) {
    this.socket.on("data", (bytes) => {
      this.text += bytes.toString("latin1");
      this.wake();
    });
    const ended = () => {
      this.isEnded = true;
      this.wake();
    };
    this.socket.on("end", ended);
    this.socket.on("close", ended);
    this.socket.on("error", () => {});
    this.socket.write(first);
  }

  /** Resolves when the text or the end satisfies; the test's time limit is the bound. */
  async until(satisfies: () => boolean): Promise<void> {
    while (!satisfies()) await new Promise<void>((done) => (this.wake = done));
  }

  get behindHead(): string {
    return this.text.slice(this.text.indexOf("\r\n\r\n") + 4);
  }
}

describe("an upgrade", () => {
  it("passes the handshake on and then bytes both ways", async () => {
    let seen = "";
    behave = (socket, head) => {
      seen = head;
      socket.write(SWITCH);
      socket.on("data", (bytes) => socket.write(`<${bytes.toString("latin1")}>`));
    };
    const client = new Client(ASK);
    await client.until(() => client.text.includes("\r\n\r\n"));
    expect(client.text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(client.text.toLowerCase()).toContain("\r\nupgrade: websocket\r\n");
    expect(client.text.toLowerCase()).toContain("\r\nconnection: upgrade\r\n");
    expect(client.text.toLowerCase()).not.toContain("transfer-encoding");
    expect(seen.toLowerCase()).toContain("\r\nupgrade: websocket");
    expect(seen.toLowerCase()).toContain("\r\nconnection: upgrade");
    expect(seen.toLowerCase()).not.toMatch(/transfer-encoding|content-length/);
    client.socket.write("GET / HTTP/1.1\r\n\r\n");
    await client.until(() => client.behindHead.endsWith(">"));
    expect(client.behindHead).toBe("<GET / HTTP/1.1\r\n\r\n>");
    client.socket.destroy();
  });

  it("loses no bytes that come with the handshake, from either side", async () => {
    behave = (socket, _head, rest) => {
      socket.write(`${SWITCH}hello`);
      let got = rest;
      const onData = (bytes: Buffer) => {
        got += bytes.toString("latin1");
        if (got === "early") socket.write(` ${got}`);
      };
      socket.on("data", onData);
      onData(Buffer.alloc(0));
    };
    const client = new Client(`${ASK}early`);
    await client.until(() => client.behindHead === "hello early");
    client.socket.destroy();
  });

  it("ends when the upstream ends, behind its last bytes", async () => {
    behave = (socket) => {
      socket.write(`${SWITCH}last`);
      socket.end();
    };
    const client = new Client(ASK);
    await client.until(() => client.isEnded);
    expect(client.behindHead).toBe("last");
    client.socket.destroy();
  });

  it("ends the upstream when the client ends", async () => {
    const ended = new Promise<string>((done) => {
      behave = (socket) => {
        socket.write(SWITCH);
        let got = "";
        socket.on("data", (bytes) => {
          got += bytes.toString("latin1");
        });
        socket.on("end", () => done(got));
        socket.on("close", () => done(got));
      };
    });
    const client = new Client(ASK);
    await client.until(() => client.text.includes("\r\n\r\n"));
    client.socket.end("bye");
    expect(await ended).toBe("bye");
    client.socket.destroy();
  });

  it("that is declined is an ordinary answer, and the connection ends behind it", async () => {
    behave = (socket) => socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    const client = new Client(ASK);
    await client.until(() => client.isEnded);
    expect(client.text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(client.behindHead).toBe("no");
    client.socket.destroy();
  });

  it.each(["content-length: 2\r\n\r\nhi", "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"])(
    "with content is refused: %j",
    async (rest) => {
      behave = () => expect.unreachable("the upstream must not see it");
      const client = new Client(ASK.replace(/\r\n$/, rest));
      await client.until(() => client.isEnded);
      expect(client.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
      expect(client.behindHead).toBe("");
      client.socket.destroy();
    },
  );

  it("of another type than allowed is refused", async () => {
    behave = () => expect.unreachable("the upstream must not see it");
    const client = new Client(ASK.replace("websocket", "other"));
    await client.until(() => client.isEnded);
    expect(client.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    client.socket.destroy();
  });
});

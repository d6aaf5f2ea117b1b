// Large bodies both ways, byte for byte, with a reader that is slow: what waits inside the proxy is bounded.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { httpConfig, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const MIB = 1_048_576;
const BODY_BYTES = 24 * MIB;
/** A prime: no two pieces begin at the same place of a block, and every block of the stream is another. */
const PIECE_BYTES = 65_521;

/** The same bytes at every call: a counter in each word, so that a lost, doubled or moved piece changes the hash. */
function* pieces(bytes: number): Generator<Buffer> {
  let counter = 0;
  for (let left = bytes; left > 0; ) {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, left));
    for (let at = 0; at + 4 <= piece.length; at += 4) piece.writeUInt32LE(counter++, at);
    left -= piece.length;
    yield piece;
  }
}

function hashOf(bytes: number): string {
  const hash = createHash("sha1");
  for (const piece of pieces(bytes)) hash.update(piece);
  return hash.digest("hex");
}

async function hashed(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha1");
  for await (const piece of source) hash.update(piece);
  return hash.digest("hex");
}

describe.each(NETS)("large bodies over %s sockets", (net) => {
  let front: RunningProxy;
  const agent = new Agent();
  const wanted = hashOf(BODY_BYTES);

  beforeAll(async () => {
    const upstream = await httpUpstream(afterAll, (request, response) => {
      if (request.url === "/echo") return void request.pipe(response);
      if (request.url === "/down") {
        response.setHeader("content-length", BODY_BYTES);
        return void Readable.from(pieces(BODY_BYTES)).pipe(response);
      }
      void hashed(request).then((hash) => response.end(hash));
    });
    const routes = [route("/", "a", { timeout: "0s" })];
    front = await startProxy(afterAll, httpConfig({ routes, clusters: { a: upstream.port } }), { net });
  });
  afterAll(() => agent.close());

  it("arrive whole upstream, with a length and in chunks", async () => {
    for (const headers of [{ "content-length": String(BODY_BYTES) }, {}]) {
      const body = Readable.from(pieces(BODY_BYTES));
      const response = await request(`${front.url}/up`, { method: "POST", body, headers, dispatcher: agent });
      expect(await response.body.text()).toBe(wanted);
    }
  });

  it("arrive whole downstream", async () => {
    const response = await request(`${front.url}/down`, { dispatcher: agent });
    expect(await hashed(response.body)).toBe(wanted);
  });

  it("go both ways at once", async () => {
    const body = Readable.from(pieces(BODY_BYTES));
    const response = await request(`${front.url}/echo`, { method: "POST", body, dispatcher: agent });
    expect(await hashed(response.body)).toBe(wanted);
  });

  it("wait for a reader that is slow, upstream and not in the proxy", async () => {
    let sent = 0;
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      socket.once("data", async () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
        for (const piece of pieces(BODY_BYTES)) {
          if (!socket.write(piece)) await once(socket, "drain");
          sent += piece.length;
        }
      });
    });
    const config = httpConfig({ routes: [route("/", "a", { timeout: "0s" })], clusters: { a: upstream.port } });
    const { port, gauge, counter } = await startProxy(onTestFinished, config, { net });
    const socket = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    // Nobody reads until the upstream stands still: the kernel's buffers on the way are full, and the proxy's limits.
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    let before = -1;
    while (sent === 0 || sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(BODY_BYTES);
    expect(await counter("cluster.a.upstream_flow_control_backed_up_total")).toBeGreaterThan(0);
    const body = new PassThrough();
    let head = "";
    socket.on("data", (chunk) => {
      if (head.includes("\r\n\r\n")) return void body.write(chunk);
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end >= 0) body.write(Buffer.from(head.slice(end + 4), "latin1"));
    });
    let received = 0;
    const hash = createHash("sha1");
    body.on("data", (chunk) => {
      received += chunk.length;
      hash.update(chunk);
      if (received === BODY_BYTES) body.end();
    });
    await once(body, "end");
    expect(hash.digest("hex")).toBe(wanted);
    expect(await gauge("http.front.downstream_rq_active")).toBe(0);
  });

  it("of a client that stops in the middle leave nothing behind", async () => {
    const wire = await Wire.toPort(front.port);
    const active = () => front.gauge("http.front.downstream_rq_active");
    wire.send("POST /up HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nthat is all");
    await expect.poll(active).toBe(1);
    wire.close();
    await expect.poll(active).toBe(0);
  });
});

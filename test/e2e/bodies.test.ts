// Large bodies both ways, byte for byte, with a reader that is slow: what waits inside the proxy is bounded.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
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

const NOISE = randomBytes(PIECE_BYTES);

/** The same bytes at every call: noise, with the number of each piece at its head; one byte lost or moved changes the hash. */
function* pieces(bytes: number): Generator<Buffer> {
  for (let number = 0, left = bytes; left > 0; number++, left -= PIECE_BYTES) {
    const piece = Buffer.from(NOISE.subarray(0, Math.min(PIECE_BYTES, left)));
    piece.writeUInt32LE(number);
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
      void hashed(request).then(
        (hash) => response.end(hash),
        () => response.destroy(),
      );
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
    // Client and upstream share this process, and their garbage is some 60 MiB at times: the body is to be told from it.
    const slowBytes = 192 * MIB;
    const sentHash = createHash("sha1");
    let sent = 0;
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      socket.once("data", async () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${slowBytes}\r\n\r\n`);
        for (const piece of pieces(slowBytes)) {
          if (!socket.write(piece)) await once(socket, "drain");
          sentHash.update(piece);
          sent += piece.length;
        }
      });
    });
    const config = httpConfig({ routes: [route("/", "a", { timeout: "0s" })], clusters: { a: upstream.port } });
    const { port, counter } = await startProxy(onTestFinished, config, { net });
    const response = await request(`http://127.0.0.1:${port}/`, { dispatcher: agent });
    // Nobody reads now. The kernel's buffers fill, then the proxy's limits are reached, and the upstream stands still.
    const pauses = () => counter("cluster.a.upstream_flow_control_paused_reading_total");
    await expect.poll(pauses, { timeout: 10_000, interval: 50 }).toBeGreaterThan(0);
    const before = process.memoryUsage.rss();
    expect(sent).toBeLessThan(slowBytes);
    expect(await hashed(response.body)).toBe(sentHash.digest("hex"));
    // The whole body went through, and what the process holds did not grow by a good part of it.
    expect(process.memoryUsage.rss() - before).toBeLessThan(slowBytes / 2);
    expect(await counter("cluster.a.upstream_flow_control_resumed_reading_total")).toBeGreaterThan(0);
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

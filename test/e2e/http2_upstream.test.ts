// Upstreams that speak HTTP/2, as Node's own implementation does: what clients of HTTP/1.1 send arrives, and what is answered comes back.
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import { text } from "node:stream/consumers";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { randomBytes } from "../support/random.ts";
import { assignment, HTTP2_OPTIONS, httpConfig, route } from "./support/config.ts";
import { ask as askHttp2, http2Session } from "./support/http2_client.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { http2Upstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const path = String(headers[":path"]);
  stream.on("error", () => undefined);
  if (path === "/early") stream.additionalHeaders({ ":status": 103, link: "</a.css>; rel=preload" });
  if (path === "/refused") return void stream.close(constants.NGHTTP2_REFUSED_STREAM);
  if (path === "/reset") return void stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  if (path === "/before") {
    stream.respond({ ":status": 413, "content-length": 4 });
    return void stream.end("full");
  }
  if (path === "/empty") return void stream.respond({ ":status": 204 }, { endStream: true });
  if (path === "/large") {
    stream.respond({ ":status": 200 });
    return void stream.end(Buffer.alloc(Number(headers["x-bytes"]), "x"));
  }
  if (path === "/hash") {
    const hash = createHash("sha256");
    for await (const piece of stream) hash.update(piece);
    stream.respond({ ":status": 200 });
    return void stream.end(hash.digest("hex"));
  }
  if (headers[":method"] === "HEAD")
    return void stream.respond({ ":status": 200, "content-length": 7 }, { endStream: true });
  let trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (given) => {
    trailers = given;
  });
  const body = await text(stream);
  stream.respond({ ":status": 200, "set-cookie": ["a=1", "b=2"] }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "42" }));
  stream.end(JSON.stringify({ headers, body, trailers }));
}

describe.each(NETS)("HTTP/2 to an upstream over %s sockets", (net) => {
  let front: RunningProxy;
  let sessions: () => number;
  const agent = new Agent({ pipelining: 1, connections: 64 });

  beforeAll(async () => {
    const upstream = await http2Upstream(afterAll, (stream, headers) => void answer(stream, headers));
    sessions = upstream.sessions;
    const a = { load_assignment: assignment("a", [upstream.port]), ...HTTP2_OPTIONS };
    const manager = { http_protocol_options: { enable_trailers: true }, proxy_100_continue: true };
    front = await startProxy(afterAll, httpConfig({ routes: [route("/", "a")], clusters: { a }, manager }), { net });
  });
  afterAll(() => agent.close());

  async function ask(path: string, options: Parameters<typeof request>[1] = {}) {
    const response = await request(`${front.url}${path}`, { dispatcher: agent, ...options });
    return { ...response, text: await response.body.text() };
  }

  it("carries a request and its answer", async () => {
    const { statusCode, headers, text: body } = await ask("/a?b=c", { method: "POST", body: "hello" });
    expect(statusCode).toBe(200);
    expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    const seen = JSON.parse(body);
    expect(seen.body).toBe("hello");
    expect(seen.headers).toMatchObject({ ":method": "POST", ":path": "/a?b=c", ":scheme": "http" });
    expect(seen.headers[":authority"]).toBe(front.url.slice("http://".length));
    expect(Object.keys(seen.headers)).not.toContain("connection");
  });

  it("makes one connection of many requests at once", async () => {
    const before = sessions();
    const answers = await Promise.all(Array.from({ length: 32 }, (_, i) => ask(`/${i}`)));
    expect(answers.map(({ text: body }) => JSON.parse(body).headers[":path"])).toEqual(
      Array.from({ length: 32 }, (_, i) => `/${i}`),
    );
    expect(sessions() - before).toBeLessThanOrEqual(1);
    expect(await front.gauge("cluster.a.upstream_cx_active")).toBe(1);
    expect(await front.counter("cluster.a.upstream_cx_http2_total")).toBe(1);
    expect(await front.gauge("cluster.a.http2.streams_active")).toBe(0);
  });

  it("passes trailers on, both ways", async () => {
    const wire = await Wire.toPort(front.port);
    wire.send(
      "POST /t HTTP/1.1\r\nhost: a\r\nte: trailers\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-end: 1\r\n\r\n",
    );
    expect(await wire.take("x-sum: 42")).toContain('"trailers":{"x-end":"1"}');
    wire.close();
  });

  it("passes interim answers on", async () => {
    const wire = await Wire.toPort(front.port);
    wire.send("GET /early HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(await wire.take("200 OK")).toMatch(/^HTTP\/1\.1 103 Early Hints\r\n/);
    wire.close();
  });

  it("answers HEAD, and 204, without content", async () => {
    const head = await ask("/", { method: "HEAD" });
    expect([head.statusCode, head.headers["content-length"], head.text]).toEqual([200, "7", ""]);
    expect((await ask("/empty")).statusCode).toBe(204);
  });

  it("carries large bodies both ways, several at once", async () => {
    const bodies = [1, 2, 3, 4].map((n) => Buffer.alloc(700_000 * n, String(n)));
    const hashes = await Promise.all(bodies.map((body) => ask("/hash", { method: "POST", body })));
    expect(hashes.map(({ text: hash }) => hash)).toEqual(
      bodies.map((body) => createHash("sha256").update(body).digest("hex")),
    );
    const sizes = [10, 100_000, 3_000_000];
    const answers = await Promise.all(sizes.map((size) => ask("/large", { headers: { "x-bytes": String(size) } })));
    expect(answers.map(({ text: body }) => body.length)).toEqual(sizes);
  });

  it("carries many bodies at once from one connection of HTTP/2 to another", async () => {
    const session = await http2Session(onTestFinished, front.url);
    const bodies = Array.from({ length: 40 }, (_, i) => Buffer.from(randomBytes(1 + ((i * 7_919) % 300_000), i)));
    const hashes = await Promise.all(
      bodies.map((body) => askHttp2(session, { ":path": "/hash", ":method": "POST" }, body)),
    );
    expect(hashes.map(({ text: hash }) => hash)).toEqual(
      bodies.map((body) => createHash("sha256").update(body).digest("hex")),
    );
    const trailers = await askHttp2(session, { ":path": "/t", ":method": "POST" }, "x");
    expect(trailers.trailers["x-sum"]).toBe("42");
  });

  it("tells a client what a reset means", async () => {
    const reset = await ask("/reset");
    expect([reset.statusCode, reset.text]).toEqual([
      503,
      "upstream connect error or disconnect/reset before headers. reset reason: remote reset",
    ]);
    const refused = await ask("/refused");
    expect(refused.text).toContain("reset reason: remote refused stream reset");
    expect(await front.counter("cluster.a.http2.rx_reset")).toBeGreaterThanOrEqual(2);
  });

  it("takes an answer that comes before the request has ended, and keeps the connection", async () => {
    const before = sessions();
    const wire = await Wire.toPort(front.port);
    wire.send("POST /before HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nx");
    expect(await wire.take("full")).toContain("413 Payload Too Large");
    wire.close();
    expect((await ask("/after")).statusCode).toBe(200);
    expect(sessions()).toBe(before);
  });
});

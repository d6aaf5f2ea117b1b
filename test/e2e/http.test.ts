// HTTP/1.1 through the whole proxy: what a client sends arrives, and what the upstream answers comes back.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { assignment, httpConfig, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

/** Says what it saw; some paths ask for something else. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "", headers } = request;
  if (url === "/early") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
  if (url === "/trailers") response.setHeader("trailer", "x-sum");
  const body = await text(request);
  if (url === "/trailers") {
    response.write("with ");
    response.addTrailers({ "x-sum": "42" });
    return void response.end("trailers");
  }
  if (url === "/empty") return void response.writeHead(204).end();
  response.setHeader("content-type", "application/json");
  response.setHeader("set-cookie", ["a=1", "b=2"]);
  response.end(JSON.stringify({ method, url, headers, body, trailers: request.trailers }));
}

const WITH_TRAILERS =
  "POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-end: 1\r\n\r\n";

describe.each(NETS)("HTTP/1.1 over %s sockets", (net) => {
  let front: RunningProxy;
  let connections: () => number;
  let upstreamPort: number;
  const agent = new Agent({ pipelining: 1, connections: 4 });

  beforeAll(async () => {
    const upstream = await httpUpstream(afterAll, (request, response) => void answer(request, response));
    connections = upstream.connections;
    upstreamPort = upstream.port;
    const routes = [
      { match: { path: "/direct" }, direct_response: { status: 418, body: { inline_string: "short and stout" } } },
      { match: { prefix: "/old" }, redirect: { prefix_rewrite: "/new", response_code: "FOUND" } },
      { match: { path: "/secure" }, redirect: { https_redirect: true } },
      route("/rewritten/", "echo", { prefix_rewrite: "/", host_rewrite_literal: "inside.example" }),
      { match: { prefix: "/none" }, route: { cluster: "echo" }, request_headers_to_remove: ["x-drop"] },
      route("/", "echo"),
    ];
    front = await startProxy(afterAll, httpConfig({ routes, clusters: { echo: upstream.port } }), { net });
  });
  afterAll(() => agent.close());

  async function ask(path: string, options: Parameters<typeof request>[1] = {}) {
    const response = await request(`${front.url}${path}`, { dispatcher: agent, ...options });
    return { ...response, text: await response.body.text() };
  }
  const saw = async (path: string, options: Parameters<typeof request>[1] = {}) =>
    JSON.parse((await ask(path, options)).text);

  it("GETs", async () => {
    const { statusCode, headers, text } = await ask("/some/path?q=1", { headers: { "x-mine": "yes" } });
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      server: "envoy",
      "content-type": "application/json",
      "set-cookie": ["a=1", "b=2"],
    });
    expect(headers["x-envoy-upstream-service-time"]).toMatch(/^\d+$/);
    const { method, url, headers: seen } = JSON.parse(text);
    expect([method, url]).toEqual(["GET", "/some/path?q=1"]);
    expect(seen).toMatchObject({
      "x-mine": "yes",
      "x-forwarded-proto": "http",
      "x-request-id": expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    });
  });

  it.each(["POST", "PUT", "PATCH", "DELETE"] as const)("%ss a body with a length", async (method) => {
    expect(await saw("/body", { method, body: "some words" })).toMatchObject({ method, body: "some words" });
  });

  it("POSTs a body in chunks", async () => {
    async function* chunks() {
      yield Buffer.from("one ");
      yield Buffer.from("two ");
      yield Buffer.from("three");
    }
    const { body, headers } = await saw("/body", { method: "POST", body: chunks() as unknown as Buffer });
    expect(body).toBe("one two three");
    expect(headers["transfer-encoding"]).toBe("chunked");
  });

  it("gives HEAD its head and no body", async () => {
    const { statusCode, headers, text } = await ask("/head", { method: "HEAD" });
    expect([statusCode, headers["content-type"], text]).toEqual([200, "application/json", ""]);
  });

  it("passes on an answer without a body", async () => {
    const { statusCode, text } = await ask("/empty");
    expect([statusCode, text]).toEqual([204, ""]);
  });

  it("drops trailers where they are not enabled", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send(WITH_TRAILERS);
    expect(await wire.take(/"trailers":\{.*?\}/)).toContain('"trailers":{}');
    wire.send("GET /trailers HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(await wire.take("\r\n0\r\n\r\n")).not.toContain("x-sum: 42");
  });

  it("passes on trailers both ways where they are enabled", async () => {
    const trailers = { http_protocol_options: { enable_trailers: true } };
    const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    const clusters = {
      echo: {
        load_assignment: assignment("echo", [upstreamPort]),
        typed_extension_protocol_options: {
          [options]: { "@type": `type.googleapis.com/${options}`, explicit_http_config: trailers },
        },
      },
    };
    const config = httpConfig({ routes: [route("/", "echo")], clusters, manager: trailers });
    const { port } = await startProxy(onTestFinished, config, { net });
    const wire = await Wire.toPort(port);
    onTestFinished(() => wire.close());
    wire.send(WITH_TRAILERS);
    expect(await wire.take(/"trailers":\{.*?\}/)).toContain('"trailers":{"x-end":"1"}');
    wire.send("GET /trailers HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(await wire.take("\r\n0\r\nx-sum: 42\r\n\r\n")).toContain("with ");
  });

  it("answers pipelined requests one after the other, in their order", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send(["/a", "/direct", "/c"].map((path) => `GET ${path} HTTP/1.1\r\nhost: h\r\n\r\n`).join(""));
    expect(await wire.take('"url":"/a"')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(await wire.take("short and stout")).toContain("HTTP/1.1 418 ");
    expect(await wire.take('"url":"/c"')).toContain("HTTP/1.1 200 OK\r\n");
  });

  it("keeps connections on both sides and uses them again", async () => {
    await ask("/warm");
    const before = connections();
    const accepted = await front.counter("listener.127.0.0.1_0.downstream_cx_total");
    for (let i = 0; i < 20; i++) await ask(`/again/${i}`);
    expect(connections()).toBe(before);
    expect(await front.counter("listener.127.0.0.1_0.downstream_cx_total")).toBe(accepted);
  });

  it("closes when the client asks for it", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send("GET /bye HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    expect((await wire.take('"url":"/bye"')).toLowerCase()).toContain("\r\nconnection: close\r\n");
    expect(await wire.untilEnd()).toBe("fin");
  });

  it("answers 100 (Continue) itself, and the body arrives", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n");
    expect(await wire.take("\r\n\r\n")).toMatch(/^HTTP\/1\.1 100 /);
    wire.send("hello");
    expect(await wire.take('"body":"hello"')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("keeps a head that came byte by byte apart from the next", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.socket.setNoDelay(true);
    for (const byte of "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n") {
      wire.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await wire.take('"url":"/slow"')).toMatch(/^HTTP\/1\.1 200 /);
    wire.send("GET /next HTTP/1.1\r\nhost: a\r\n\r\n");
    await wire.take('"url":"/next"');
  });

  it("redirects", async () => {
    const found = await ask("/old/page?x=1");
    expect([found.statusCode, found.headers["location"]]).toEqual([302, `${front.url}/new/page?x=1`]);
    const secure = await ask("/secure");
    expect(secure.statusCode).toBe(301);
    expect(secure.headers["location"]).toMatch(/^https:\/\/127\.0\.0\.1(:\d+)?\/secure$/);
  });

  it("answers by itself", async () => {
    const { statusCode, text, headers } = await ask("/direct");
    expect([statusCode, text]).toEqual([418, "short and stout"]);
    expect(headers["content-type"]).toBe("text/plain");
  });

  it("rewrites path and host, and removes a header", async () => {
    const { url, headers } = await saw("/rewritten/leaf?a=b");
    expect([url, headers.host, headers["x-envoy-original-path"]]).toEqual([
      "/leaf?a=b",
      "inside.example",
      "/rewritten/leaf?a=b",
    ]);
    const none = await saw("/none", { headers: { "x-drop": "1", "x-keep": "2" } });
    expect([none.headers["x-drop"], none.headers["x-keep"]]).toEqual([undefined, "2"]);
  });

  it.each([
    { proxy_100_continue: false, statuses: ["HTTP/1.1 200"] },
    { proxy_100_continue: true, statuses: ["HTTP/1.1 103", "HTTP/1.1 200"] },
  ])("passes on what comes before the answer as asked: $proxy_100_continue", async ({ statuses, ...manager }) => {
    const config = httpConfig({ routes: [route("/", "echo")], clusters: { echo: upstreamPort }, manager });
    const { port } = await startProxy(onTestFinished, config, { net });
    const wire = await Wire.toPort(port);
    onTestFinished(() => wire.close());
    wire.send("GET /early HTTP/1.1\r\nhost: a\r\n\r\n");
    const heads = await wire.take('"url":"/early"');
    expect(heads.match(/HTTP\/1\.1 \d+/g)).toEqual(statuses);
    expect(heads.includes("\r\nlink: </a.css>; rel=preload\r\n")).toBe(manager.proxy_100_continue);
  });

  it("refuses what is no HTTP and says why in the stats", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send("\x16\x03\x01 this is TLS\r\n\r\n");
    expect(await wire.take("\r\n")).toBe("HTTP/1.1 400 Bad Request\r\n");
    expect(await wire.untilEnd()).toBe("fin");
    expect(await front.counter("http.front.downstream_cx_protocol_error")).toBe(1);
  });

  it("refuses an HTTP/2 preface where nothing but HTTP/1 is spoken, and ends the connection", async () => {
    const { port } = await startProxy(onTestFinished, httpConfig({ routes: [], manager: { codec_type: "HTTP1" } }), {
      net,
    });
    const wire = await Wire.toPort(port);
    onTestFinished(() => wire.close());
    wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    expect(await wire.take("\r\n")).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await wire.untilEnd()).toBe("fin");
  });
});

// HTTP/2 in front, HTTP/1.1 behind: every kind of message, many at a time, and what becomes of those that end early.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClientHttp2Session, constants } from "node:http2";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { assignment, fileLog, httpConfig, route } from "./support/config.ts";
import { sharedFolder } from "./support/folder.ts";
import { ask, http2Session } from "./support/http2_client.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const BIG = Buffer.alloc(3_000_000, "0123456789abcdef");
const sha = (bytes: string | Buffer) => createHash("sha1").update(bytes).digest("hex");
const bigHash = sha(BIG);

function lastLine(path: string): string {
  return existsSync(path) ? (readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "") : "";
}

/** Says what it saw; some paths ask for something else. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "", headers } = request;
  if (url === "/early") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
  if (url === "/never") return;
  const body = await text(request);
  if (url === "/trailers") {
    response.writeHead(200, { trailer: "x-sum" });
    response.write("with ");
    response.addTrailers({ "x-sum": "42" });
    return void response.end("trailers");
  }
  if (url === "/empty") return void response.writeHead(204).end();
  if (url === "/big") return void response.end(BIG);
  if (url === "/cut") {
    response.writeHead(200, { "content-length": "10" });
    return void response.write("0123", () => response.destroy());
  }
  if (url === "/hash") return void response.end(sha(body));
  response.setHeader("content-type", "application/json");
  response.setHeader("set-cookie", ["a=1", "b=2"]);
  response.end(JSON.stringify({ method, url, headers, body, trailers: request.trailers }));
}

describe.each(NETS)("HTTP/2 over %s sockets", (net) => {
  let front: RunningProxy;
  let upstreamPort = 0;
  let client: ClientHttp2Session;
  let logPath = "";

  beforeAll(async () => {
    const upstream = await httpUpstream(afterAll, (request, response) => void answer(request, response));
    upstreamPort = upstream.port;
    logPath = join(sharedFolder(), `access_${net}.log`);
    const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    const http1 = { http_protocol_options: { enable_trailers: true } };
    const cluster = {
      load_assignment: assignment("echo", [upstream.port]),
      typed_extension_protocol_options: {
        [options]: { "@type": `type.googleapis.com/${options}`, explicit_http_config: http1 },
      },
    };
    const routes = [
      { match: { path: "/direct" }, direct_response: { status: 418, body: { inline_string: "short and stout" } } },
      route("/", "echo"),
    ];
    const manager = {
      proxy_100_continue: true,
      stat_prefix: "front",
      http_protocol_options: { enable_trailers: true },
      access_log: [
        fileLog(logPath, "%PROTOCOL% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %REQ(:PATH)%"),
      ],
    };
    front = await startProxy(afterAll, httpConfig({ routes, clusters: { echo: cluster }, manager }), { net });
    client = await http2Session(afterAll, front.url);
  });

  const saw = async (headers: object, body?: string) => JSON.parse((await ask(client, { ...headers }, body)).text);

  it("passes requests on as HTTP/1.1, and answers back", async () => {
    const { method, url, headers } = await saw({ ":path": "/a?b=c", "x-a": ["1", "2"], cookie: ["a=1", "b=2"] });
    expect([method, url]).toEqual(["GET", "/a?b=c"]);
    expect(headers).toMatchObject({ "x-a": "1, 2", cookie: "a=1; b=2", host: `127.0.0.1:${front.port}` });
    expect(headers).not.toHaveProperty("transfer-encoding");
    const { status, headers: answered } = await ask(client, { ":path": "/" });
    expect(status).toBe(200);
    expect(answered).toMatchObject({
      server: "envoy",
      "content-type": "application/json",
      "set-cookie": ["a=1", "b=2"],
    });
    expect(answered).not.toHaveProperty("connection");
  });

  it("frames bodies anew: by the length that was said, else in chunks", async () => {
    const said = await saw({ ":path": "/a", ":method": "POST", "content-length": "4" }, "data");
    expect([said.body, said.headers["content-length"]]).toEqual(["data", "4"]);
    const unsaid = await saw({ ":path": "/a", ":method": "POST" }, "data");
    expect([unsaid.body, unsaid.headers["transfer-encoding"]]).toEqual(["data", "chunked"]);
  });

  it("carries trailers both ways", async () => {
    const stream = client.request({ ":path": "/a", ":method": "POST" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "1" }));
    stream.end("body");
    expect(JSON.parse(await text(stream))).toMatchObject({ body: "body", trailers: { "x-end": "1" } });
    expect((await ask(client, { ":path": "/trailers" })).trailers["x-sum"]).toBe("42");
  });

  it("gives HEAD, 204 and 304 their heads alone, and passes interim answers on", async () => {
    const head = await ask(client, { ":path": "/big", ":method": "HEAD" });
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", undefined]);
    expect(await ask(client, { ":path": "/empty" })).toMatchObject({ status: 204, text: "" });
    expect(await ask(client, { ":path": "/early" })).toMatchObject({ status: 200, interim: [103] });
  });

  it("carries large bodies whole, both ways, many at once", async () => {
    const up = Array.from({ length: 5 }, () => ask(client, { ":path": "/hash", ":method": "POST" }, BIG));
    const down = Array.from({ length: 5 }, () => ask(client, { ":path": "/big" }));
    expect((await Promise.all(up)).map(({ text }) => text)).toEqual(up.map(() => bigHash));
    expect((await Promise.all(down)).map(({ text }) => sha(text))).toEqual(down.map(() => bigHash));
  });

  it("serves the others while one stream is not read", async () => {
    const stalled = client.request({ ":path": "/big" });
    await new Promise((resolve) => stalled.once("response", resolve));
    const others = await Promise.all(Array.from({ length: 20 }, () => ask(client, { ":path": "/a" })));
    expect(others.every(({ status }) => status === 200)).toBe(true);
    const whole = await ask(client, { ":path": "/big" });
    expect(sha(whole.text)).toBe(bigHash);
    expect(sha(await text(stalled))).toBe(bigHash);
    await expect.poll(() => front.gauge("http2.pending_send_bytes")).toBe(0);
  });

  it("drops the exchange with the upstream when the client cancels, and says so", async () => {
    const stream = client.request({ ":path": "/never" });
    await expect.poll(() => front.gauge("cluster.echo.upstream_rq_active")).toBe(1);
    const [resets, before] = [
      await front.counter("http2.rx_reset"),
      await front.counter("http.front.downstream_rq_rx_reset"),
    ];
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => front.gauge("cluster.echo.upstream_rq_active")).toBe(0);
    expect(await front.counter("http2.rx_reset")).toBe(resets + 1);
    expect(await front.counter("http.front.downstream_rq_rx_reset")).toBe(before + 1);
    await expect.poll(() => lastLine(logPath)).toBe("HTTP/2 0 DC http2.remote_reset /never");
  });

  it("resets a stream whose answer is cut off, and no other", async () => {
    const cut = await ask(client, { ":path": "/cut" });
    expect([cut.status, cut.text, cut.code]).toEqual([200, "0123", constants.NGHTTP2_INTERNAL_ERROR]);
    expect(client.destroyed).toBe(false);
    await expect.poll(() => lastLine(logPath)).toMatch(/^HTTP\/2 200 UPE upstream_reset_after_response_started/);
  });

  it("answers before the request has ended, and asks for no more of it", async () => {
    const early = await ask(client, { ":path": "/direct", ":method": "POST" }, undefined, (stream) =>
      stream.write("x"),
    );
    expect([early.status, early.text, early.code]).toEqual([418, "short and stout", constants.NGHTTP2_NO_ERROR]);
  });

  it("refuses what HTTP/2 forbids on its stream alone, and a head that is too large with 431", async () => {
    const large = await ask(client, { ":path": "/a", "x-large": "x".repeat(31_000), "x-larger": "x".repeat(31_000) });
    expect([large.status, large.text]).toEqual([431, "Request Header Fields Too Large"]);
    await expect.poll(() => lastLine(logPath)).toBe("HTTP/2 431 - http2.headers_too_large -");
    const many = await ask(
      client,
      Object.fromEntries([[":path", "/a"], ...Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"])]),
    );
    expect(many.status).toBe(431);
    expect((await ask(client, { ":path": "/a" })).status).toBe(200);
  });

  it("counts what it speaks", async () => {
    expect(await front.counter("http.front.downstream_cx_http2_total")).toBeGreaterThan(0);
    expect(await front.gauge("http.front.downstream_cx_http2_active")).toBe(1);
    expect(await front.counter("http.front.downstream_rq_http2_total")).toBeGreaterThan(20);
    await ask(client, { ":path": "/a" });
    await expect.poll(() => lastLine(logPath)).toBe("HTTP/2 200 - via_upstream /a");
    await expect.poll(() => front.gauge("http2.streams_active")).toBe(0);
  });

  it("speaks HTTP/1.1 on the same port, however the first bytes are cut", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    for (const piece of ["P", "R", "OPFIND /a HTTP/1.1\r\nhost: a\r\n\r\n"]) {
      wire.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await wire.take("\r\n")).toBe("HTTP/1.1 200 OK\r\n");
    const other = await Wire.toPort(front.port);
    onTestFinished(() => other.close());
    other.send("PRI * HT");
    await new Promise((resolve) => setImmediate(resolve));
    other.send("TP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00");
    // SETTINGS of the server, and the acknowledgement of ours.
    await other.take("\x00\x00\x00\x04\x01\x00\x00\x00\x00");
  });

  it("says in GOAWAY that what it was sent is no HTTP/2", async () => {
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n");
    // GOAWAY, 8 bytes, last stream 0, FRAME_SIZE_ERROR or PROTOCOL_ERROR.
    await wire.take(/\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00[\x01\x06]/);
    expect(await wire.untilEnd()).toBe("fin");
    expect(await front.counter("http.front.downstream_cx_protocol_error")).toBe(1);
  });

  it("is chosen by ALPN, and by codec_type", async () => {
    const authority = makeAuthority("ours");
    const { certificate, key } = makeCertificate({ issuer: authority });
    const transport_socket = {
      name: "tls",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context: {
          alpn_protocols: ["h2", "http/1.1"],
          tls_certificates: [
            { certificate_chain: { inline_string: certificate }, private_key: { inline_string: key } },
          ],
        },
      },
    };
    const secured = (manager: object) => {
      const config = httpConfig({ routes: [route("/", "echo")], clusters: { echo: upstreamPort }, manager });
      const { static_resources: resources } = config as {
        static_resources: { listeners: { filter_chains: object[] }[] };
      };
      for (const listener of resources.listeners)
        for (const chain of listener.filter_chains) Object.assign(chain, { transport_socket });
      return config;
    };
    const both = await startProxy(onTestFinished, secured({}), { net });
    const session = await http2Session(onTestFinished, `https://127.0.0.1:${both.port}`);
    const [big, hash] = await Promise.all([
      ask(session, { ":path": "/big" }),
      ask(session, { ":path": "/hash", ":method": "POST" }, BIG),
    ]);
    expect([sha(big.text), hash.text]).toEqual([bigHash, bigHash]);
    const agent = new Agent({ connect: { rejectUnauthorized: false }, allowH2: true });
    onTestFinished(() => agent.close());
    const response = await request(`https://127.0.0.1:${both.port}/a`, { dispatcher: agent });
    expect([response.statusCode, ((await response.body.json()) as { url: string }).url]).toEqual([200, "/a"]);
    expect(await both.counter("http.front.downstream_cx_http2_total")).toBe(2);
    const old = await startProxy(onTestFinished, secured({ codec_type: "HTTP1" }), { net });
    const wire = await Wire.overTls({ port: old.port, ALPNProtocols: ["h2", "http/1.1"] });
    onTestFinished(() => wire.close());
    wire.send("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(await wire.take("\r\n")).toBe("HTTP/1.1 200 OK\r\n");
  });
});

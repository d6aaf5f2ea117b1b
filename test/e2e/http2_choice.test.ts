// Which HTTP an upstream is spoken to in: what TLS agrees on, what the client speaks, what the config says; and gRPC as its own library speaks it.
import type { IncomingMessage } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket, Server as TlsServer } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { assignment, HTTP2_OPTIONS, httpConfig, route } from "./support/config.ts";
import { ask as askHttp2, http2Session } from "./support/http2_client.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { http2Upstream, httpUpstream } from "./support/upstream.ts";

const authority = makeAuthority("ours");
const certificate = makeCertificate({
  issuer: authority,
  subject: [["CN", "server"]],
  sans: ["DNS:a.example", "DNS:b.example"],
});
const { certificate: cert, key } = certificate;
const OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const options = (fields: object) => ({
  typed_extension_protocol_options: { [OPTIONS]: { "@type": `type.googleapis.com/${OPTIONS}`, ...fields } },
});
const tls = (fields: object = {}) => ({
  transport_socket: {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      common_tls_context: { validation_context: { trusted_ca: { inline_string: authority.certificate } } },
      ...fields,
    },
  },
});

async function listening(server: TlsServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<TLSSocket>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  afterAll(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Says in what it was spoken to, and by which name. */
function tell(request: Http2ServerRequest | IncomingMessage, response: { end(text: string): unknown }) {
  const socket = (request as Http2ServerRequest).stream?.session?.socket ?? request.socket;
  response.end(`${request.httpVersion} ${(socket as TLSSocket & { servername?: string }).servername || "-"}`);
}

describe("the protocol of an upstream", () => {
  let front: RunningProxy;
  const agent = new Agent({ connections: 16, pipelining: 1 });

  beforeAll(async () => {
    const both = await listening(
      createSecureServer({ cert, key, allowHTTP1: true }, (request, response) =>
        tell(request, response as Http2ServerResponse),
      ),
    );
    const old = await listening(createServer({ cert, key }, (request, response) => tell(request, response)));
    const plain = (await httpUpstream(afterAll, (request, response) => tell(request, response))).port;
    const cluster = (name: string, port: number, fields: object) => ({
      load_assignment: assignment(name, [port]),
      ...fields,
    });
    const auto = options({ auto_config: {} });
    const named = { auto_sni: true, auto_san_validation: true };
    const clusters = {
      auto_both: cluster("auto_both", both, { ...auto, ...tls() }),
      auto_old: cluster("auto_old", old, { ...auto, ...tls() }),
      auto_plain: cluster("auto_plain", plain, auto),
      explicit: cluster("explicit", both, { ...HTTP2_OPTIONS, ...tls({ sni: "fixed.example" }) }),
      http1: cluster("http1", both, tls()),
      named: cluster("named", both, {
        ...options({ explicit_http_config: { http2_protocol_options: {} }, upstream_http_protocol_options: named }),
        ...tls({ sni: "fixed.example" }),
      }),
      few: cluster("few", both, {
        ...options({ auto_config: {}, upstream_http_protocol_options: named }),
        ...tls(),
        circuit_breakers: { thresholds: [{ max_connection_pools: 1 }] },
      }),
    };
    const routes = Object.keys(clusters).map((name) => route(`/${name}`, name));
    front = await startProxy(afterAll, httpConfig({ routes, clusters }));
  });
  afterAll(() => agent.close());

  async function ask(path: string, host = "a.example") {
    const response = await request(`${front.url}${path}`, { dispatcher: agent, headers: { host } });
    return { status: response.statusCode, text: await response.body.text() };
  }

  it.each([
    ["auto_both", "2.0 -"],
    ["auto_old", "1.1 -"],
    ["auto_plain", "1.1 -"],
    ["explicit", "2.0 fixed.example"],
    ["http1", "1.1 -"],
  ])("of %s is %s", async (cluster, said) => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`/${cluster}`)));
    for (const { status, text } of answers) expect([status, text]).toEqual([200, said]);
    const isHttp2 = said.startsWith("2");
    expect(await front.counter(`cluster.${cluster}.upstream_cx_http2_total`)).toBe(isHttp2 ? 1 : 0);
    expect(await front.gauge(`cluster.${cluster}.upstream_rq_active`)).toBe(0);
  });

  it("names the authority of the request with auto_sni, on a connection for each name", async () => {
    const answers = await Promise.all(["a.example", "b.example:443", "A.EXAMPLE"].map((host) => ask("/named", host)));
    expect(answers.map(({ text }) => text)).toEqual(["2.0 a.example", "2.0 b.example", "2.0 a.example"]);
    expect(await front.counter("cluster.named.upstream_cx_total")).toBe(2);
  });

  it("holds the certificate to it with auto_san_validation", async () => {
    const { status, text } = await ask("/named", "c.example");
    expect(status).toBe(503);
    expect(text).toContain("remote connection failure");
    expect((await ask("/named", "b.example")).status).toBe(200);
  });

  it("keeps to max_connection_pools", async () => {
    expect((await ask("/few", "a.example")).status).toBe(200);
    expect((await ask("/few", "b.example")).status).toBe(503);
    expect((await ask("/few", "a.example")).status).toBe(200);
    expect(await front.counter("cluster.few.upstream_cx_pool_overflow")).toBe(1);
  });
});

it("of a cluster with use_downstream_protocol_config is that of the client", async () => {
  const upstream = await http2Upstream(afterAll, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("HTTP/2");
  });
  const u = { load_assignment: assignment("u", [upstream.port]), ...options({ use_downstream_protocol_config: {} }) };
  const front = await startProxy(afterAll, httpConfig({ routes: [route("/", "u")], clusters: { u } }));
  const session = await http2Session(onTestFinished, front.url);
  const { text } = await askHttp2(session, { ":path": "/" });
  expect(text).toBe("HTTP/2");
  expect(await front.counter("cluster.u.upstream_cx_http2_total")).toBe(1);
  // What speaks HTTP/2 alone does not understand the other.
  const response = await request(`${front.url}/`);
  expect(response.statusCode).toBe(502);
  await response.body.dump();
  expect(await front.counter("cluster.u.upstream_cx_http1_total")).toBe(1);
});

describe("gRPC as grpc-js speaks it", () => {
  const identity = { serialize: (bytes: Buffer) => bytes, deserialize: (bytes: Buffer) => bytes };
  const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: identity.serialize,
    requestDeserialize: identity.deserialize,
    responseSerialize: identity.serialize,
    responseDeserialize: identity.deserialize,
  });
  const service = {
    unary: method("Unary", false, false),
    fails: method("Fails", false, false),
    collect: method("Collect", true, false),
    spread: method("Spread", false, true),
    chat: method("Chat", true, true),
  };
  const Client = grpc.makeGenericClientConstructor(service, "test.Echo");
  // biome-ignore lint/suspicious/noExplicitAny: methods of a service that is made here have no types
  let client: any;
  let stop = () => {};
  afterAll(() => stop());

  beforeAll(async () => {
    const server = new grpc.Server();
    server.addService(service, {
      unary: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => done(null, call.request),
      fails: (_call: unknown, done: (error: object) => void) =>
        done({ code: grpc.status.FAILED_PRECONDITION, details: "not so" }),
      collect(call: NodeJS.ReadableStream, done: (error: null, answer: Buffer) => void) {
        let bytes = 0;
        call.on("data", (message: Buffer) => {
          bytes += message.length;
        });
        call.on("end", () => done(null, Buffer.from(String(bytes))));
      },
      spread(call: NodeJS.WritableStream & { request: Buffer }) {
        const count = Number(call.request.toString());
        for (let i = 0; i < count; i++) call.write(Buffer.from(String(i)));
        call.end();
      },
      chat(call: NodeJS.ReadWriteStream) {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end());
      },
    } as unknown as grpc.UntypedServiceImplementation);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    stop = () => {
      client?.close();
      server.forceShutdown();
    };
    const u = { load_assignment: assignment("u", [port]), ...HTTP2_OPTIONS };
    const front = await startProxy(
      afterAll,
      httpConfig({ routes: [route("/", "u", { timeout: "0s" })], clusters: { u } }),
    );
    client = new Client(`127.0.0.1:${front.port}`, grpc.credentials.createInsecure());
  });

  it("carries one message, also one of 3 MiB", async () => {
    for (const bytes of [Buffer.from("hello"), Buffer.alloc(3 << 20, "m")]) {
      const answer = await new Promise<Buffer>((resolve, reject) =>
        client.unary(bytes, (error: Error | null, given: Buffer) => (error ? reject(error) : resolve(given))),
      );
      expect(answer.equals(bytes)).toBe(true);
    }
  });

  it("carries a status in trailers", async () => {
    const error = await new Promise<grpc.ServiceError>((resolve) => client.fails(Buffer.of(1), resolve));
    expect([error.code, error.details]).toEqual([grpc.status.FAILED_PRECONDITION, "not so"]);
  });

  it("carries streams of messages, each way and both", async () => {
    const collected = await new Promise<string>((resolve, reject) => {
      const call = client.collect((error: Error | null, given: Buffer) =>
        error ? reject(error) : resolve(given.toString()),
      );
      for (let i = 0; i < 2_000; i++) call.write(Buffer.alloc(1_000, "c"));
      call.end();
    });
    expect(collected).toBe("2000000");
    let heard = 0;
    for await (const message of client.spread(Buffer.from("2000"))) expect(message.toString()).toBe(String(heard++));
    expect(heard).toBe(2_000);
    const chat = client.chat();
    const said: string[] = [];
    const over = new Promise<void>((resolve) => chat.on("end", resolve));
    chat.on("data", (message: Buffer) => {
      said.push(message.toString());
      if (said.length < 100) chat.write(Buffer.from(String(said.length)));
      else chat.end();
    });
    chat.write(Buffer.from("0"));
    await over;
    expect(said).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });

  it("cancels", async () => {
    const chat = client.chat();
    const code = new Promise<number>((resolve) => chat.on("error", (error: grpc.ServiceError) => resolve(error.code)));
    chat.write(Buffer.from("x"));
    await new Promise((resolve) => chat.once("data", resolve));
    chat.cancel();
    expect(await code).toBe(grpc.status.CANCELLED);
  });
});

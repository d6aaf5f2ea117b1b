// gRPC through a whole proxy, HTTP/2 on both sides, with grpc-js as client and server.

import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpConfig, loopback, route } from "../e2e/support/config.ts";
import { type RunningProxy, startProxy } from "../e2e/support/proxy.ts";
import { EchoClient, type EchoServer, echoServer, numbered } from "../support/grpc_service.ts";

const ends: (() => Promise<void>)[] = [];
const whenOver = (end: () => Promise<void>) => void ends.push(end);
let server: EchoServer;
let running: RunningProxy;
let client: EchoClient;

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

beforeAll(async () => {
  server = await echoServer(whenOver);
  const upstream = {
    load_assignment: {
      cluster_name: "echo",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(server.port) } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: {
        "@type": `type.googleapis.com/${HTTP_OPTIONS}`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  const retry_policy = { retry_on: "unavailable", num_retries: 3, retry_back_off: { base_interval: "0.001s" } };
  const forward = { timeout: "0s", max_stream_duration: { grpc_timeout_header_max: "0s" }, retry_policy };
  const stats = {
    name: "envoy.filters.http.grpc_stats",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
      stats_for_all_methods: true,
    },
  };
  const router = {
    name: "envoy.filters.http.router",
    typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
  };
  running = await startProxy(
    whenOver,
    httpConfig({
      routes: [
        { match: { prefix: "/test.Echo/", grpc: {} }, route: { cluster: "echo", ...forward } },
        route("/dead", "dead"),
      ],
      clusters: { echo: upstream, dead: 1 },
      manager: { http_filters: [stats, router] },
    }),
  );
  client = new EchoClient(running.port, whenOver);
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

describe("the four kinds of calls", () => {
  it("unary, with metadata both ways", async () => {
    const metadata = new grpc.Metadata();
    metadata.set("x-asked", "yes");
    metadata.set("x-raw-bin", Buffer.from([1, 0, 254]));
    const { error, message, initial, final } = await client.unary("hello", metadata);
    expect(error).toBe(null);
    expect(message?.toString()).toBe("hello");
    expect(initial?.get("x-bytes-bin")).toEqual([Buffer.from([0, 255, 10])]);
    expect(final?.get("x-final")).toEqual(["1"]);
    const seen = server.seen.metadata.at(-1);
    expect([seen?.get("x-asked"), seen?.get("x-raw-bin")]).toEqual([["yes"], [Buffer.from([1, 0, 254])]]);
  });

  it("a stream of requests", async () => {
    expect(await client.collect(Array.from({ length: 100 }, (_, i) => numbered(i, 1000)))).toBe("100000");
  });

  it("a stream of answers, ten thousand of them to a slow reader", async () => {
    const call = client.repeat(10_000, 100);
    let next = 0;
    for await (const message of call) {
      expect((message as Buffer).readUInt32BE(0)).toBe(next++);
      if (next % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(next).toBe(10_000);
    expect(await running.counter("cluster.echo.grpc.test.Echo.Repeat.response_message_count")).toBe(10_000);
  }, 30_000);

  it("both at once, each answer before the next question", async () => {
    const call = client.chat();
    const answers: string[] = [];
    await new Promise<void>((resolve, reject) => {
      call.on("data", (message: Buffer) => {
        answers.push(message.toString());
        if (answers.length < 20) call.write(Buffer.from(`q${answers.length}`));
        else call.end();
      });
      call.on("error", reject);
      call.on("end", resolve);
      call.write(Buffer.from("q0"));
    });
    expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => `q${i}`));
  });
});

describe("large messages", () => {
  it("of 4 MiB go both ways unharmed, several at once", async () => {
    const messages = Array.from({ length: 3 }, (_, i) => numbered(i, 4 * 1024 * 1024 - 5));
    const answers = await Promise.all(messages.map((message) => client.unary(message)));
    expect(answers.map(({ message }, i) => message?.equals(messages[i] as Buffer))).toEqual([true, true, true]);
  }, 30_000);
});

describe("errors", () => {
  it("bring status, message and details", async () => {
    const { error, final } = await client.unary("fail");
    expect([error?.code, error?.details]).toEqual([grpc.status.FAILED_PRECONDITION, "no \u00e9 way"]);
    expect(final?.get("grpc-status-details-bin")).toEqual([Buffer.from("details")]);
  });

  it("of the proxy are gRPC's: UNAVAILABLE where nobody listens, UNIMPLEMENTED without a route", async () => {
    const call = (path: string) =>
      new Promise<grpc.ServiceError | null>((resolve) => {
        const other = new grpc.Client(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure());
        whenOver(async () => other.close());
        const bytes = (value: Buffer) => value;
        other.makeUnaryRequest(path, bytes, bytes, Buffer.from("x"), (error) => resolve(error));
      });
    expect((await call("/dead/M"))?.code).toBe(grpc.status.UNAVAILABLE);
    expect((await call("/other/M"))?.code).toBe(grpc.status.UNIMPLEMENTED);
  });

  it("are tried again where the policy says so", async () => {
    server.seen.failures = 2;
    const { error, message } = await client.unary("again");
    expect([error, message?.toString()]).toEqual([null, "again"]);
    expect(await running.counter("cluster.echo.upstream_rq_retry")).toBe(2);
  });

  it("are the client's when they are there to stay", async () => {
    server.seen.failures = 4;
    expect((await client.unary("again")).error?.code).toBe(grpc.status.UNAVAILABLE);
    expect(server.seen.failures).toBe(0);
  });
});

describe("calls that end early", () => {
  it("by their deadline, which the server knows", async () => {
    const { error } = await client.unary("hang", new grpc.Metadata(), { deadline: Date.now() + 200 });
    expect(error?.code).toBe(grpc.status.DEADLINE_EXCEEDED);
    await expect.poll(() => server.seen.cancelled, { timeout: 5_000 }).toBe(1);
  });

  it("by the client, and the server is told", async () => {
    const before = server.seen.cancelled;
    const call = client.repeat(1_000_000, 1000);
    await new Promise<void>((resolve) => call.once("data", () => resolve()));
    const over = new Promise<grpc.ServiceError>((resolve) =>
      call.once("error", (error) => resolve(error as grpc.ServiceError)),
    );
    call.cancel();
    expect((await over).code).toBe(grpc.status.CANCELLED);
    await expect.poll(() => server.seen.cancelled, { timeout: 5_000 }).toBe(before + 1);
    await expect.poll(() => running.gauge("cluster.echo.upstream_rq_active"), { timeout: 5_000 }).toBe(0);
  });

  it("leave others on the same connection alone", async () => {
    const slow = client.repeat(1_000_000, 1000);
    slow.on("error", () => undefined);
    await new Promise<void>((resolve) => slow.once("data", () => resolve()));
    slow.pause();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => client.unary(`m${i}`)));
    expect(answers.map(({ message }) => message?.toString())).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
    slow.cancel();
  });
});

// Upstreams that refuse, reset, stall or talk nonsense: the client gets a right answer in time, and the access log says why.
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { assignment, fileLog, httpConfig, route } from "./support/config.ts";
import { sharedFolder } from "./support/folder.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { answering, closedPort, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

/** A head, then `then`. */
function onHead(then: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => socket.once("data", () => then(socket));
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** By name: what the upstream does, and what comes of it. `flags` as the access log shows them. */
const TROUBLE = {
  reset: {
    upstream: onHead((socket) => void socket.resetAndDestroy()),
    status: 503,
    body: "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    flags: "UC",
    details: /^upstream_reset_before_response_started\{connection_termination\}$/,
  },
  closes: {
    upstream: onHead((socket) => void socket.end()),
    status: 503,
    body: "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    flags: "UC",
    details: /^upstream_reset_before_response_started\{connection_termination\}$/,
  },
  nonsense: {
    upstream: onHead((socket) => void socket.write("what do you want?\r\n\r\n")),
    status: 502,
    body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
    flags: "UPE",
    details: /^upstream_reset_before_response_started\{protocol_error\}$/,
  },
  twoLengths: {
    upstream: answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"),
    status: 502,
    body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
    flags: "UPE",
    details: /^upstream_reset_before_response_started\{protocol_error\}$/,
  },
  stalls: {
    upstream: onHead(() => undefined),
    status: 504,
    body: "upstream request timeout",
    flags: "UT",
    details: /^response_timeout$/,
  },
} as const;

describe.each(NETS)("an upstream over %s sockets that", (net) => {
  let front: RunningProxy;
  const logFile = join(sharedFolder(), "access.log");
  const agent = new Agent();

  beforeAll(async () => {
    const clusters: Record<string, number> = { refuses: await closedPort() };
    const routes = [];
    for (const [name, { upstream }] of Object.entries(TROUBLE)) {
      clusters[name] = (await rawUpstream(afterAll, upstream)).port;
      routes.push(route(`/${name}`, name, { timeout: name === "stalls" ? "0.2s" : "5s" }));
    }
    routes.push(route("/refuses", "refuses"));
    const format = "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%";
    front = await startProxy(
      afterAll,
      httpConfig({ routes, clusters, manager: { access_log: [fileLog(logFile, format)] } }),
      { net },
    );
  });
  afterAll(() => agent.close());

  async function logged(path: string): Promise<string[]> {
    const line = await vi.waitFor(
      () => {
        const found = readFileSync(logFile, "utf8")
          .split("\n")
          .find((text) => text.startsWith(`${path} `));
        if (found === undefined) throw new Error(`${path} is not in the access log`);
        return found;
      },
      { timeout: 5_000, interval: 20 },
    );
    return line.split(" ");
  }

  it.each(Object.entries(TROUBLE))("%s", async (name, { status, body, flags, details }) => {
    const response = await request(`${front.url}/${name}`, { dispatcher: agent });
    expect([response.statusCode, await response.body.text()]).toEqual([status, body]);
    const [, code, flag, detail] = await logged(`/${name}`);
    expect([code, flag]).toEqual([String(status), flags]);
    expect(detail).toMatch(details);
    expect(await front.gauge(`cluster.${name}.upstream_rq_active`)).toBe(0);
  });

  it("refuses", async () => {
    const response = await request(`${front.url}/refuses`, { dispatcher: agent });
    expect(response.statusCode).toBe(503);
    expect(await response.body.text()).toBe(
      "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
    );
    expect((await logged("/refuses")).slice(1)).toEqual([
      "503",
      "UF",
      "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
    ]);
    expect(await front.counter("cluster.refuses.upstream_cx_connect_fail")).toBeGreaterThan(0);
  });
});

describe.each(NETS)("over %s sockets", (net) => {
  it("a response that breaks off in its body is cut for the client too, and never looks whole", async () => {
    const upstream = await rawUpstream(
      onTestFinished,
      onHead((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")),
    );
    const front = await startProxy(
      onTestFinished,
      httpConfig({ routes: [route("/", "a")], clusters: { a: upstream.port } }),
      { net },
    );
    const wire = await Wire.toPort(front.port);
    onTestFinished(async () => wire.close());
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(await wire.take("only this")).toContain("content-length: 100\r\n");
    expect(await wire.untilEnd()).not.toBe("open");
    expect(wire.text).toBe("");
  });

  it("a kept-alive connection that is reset under a request is told as it is, and not used again", async () => {
    // Each connection answers once and resets at the second request, as a server does whose idle time ran out just then.
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      let requests = 0;
      socket.on("data", () => (++requests === 1 ? socket.write(OK) : socket.resetAndDestroy()));
    });
    const front = await startProxy(
      onTestFinished,
      httpConfig({ routes: [route("/", "a")], clusters: { a: upstream.port } }),
      { net },
    );
    const agent = new Agent();
    onTestFinished(() => agent.close());
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { statusCode, body } = await request(front.url, { dispatcher: agent });
      await body.text();
      statuses.push(statusCode);
    }
    expect(statuses).toEqual([200, 503, 200]);
  });

  it("a host that refuses does not hide the one that answers", async () => {
    const upstream = await rawUpstream(onTestFinished, answering(OK));
    const clusters = { a: { load_assignment: assignment("a", [await closedPort(), upstream.port]) } };
    const front = await startProxy(onTestFinished, httpConfig({ routes: [route("/", "a")], clusters }), { net });
    const agent = new Agent();
    onTestFinished(() => agent.close());
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const { statusCode, body } = await request(front.url, { dispatcher: agent });
      await body.text();
      statuses.push(statusCode);
    }
    // Round robin: every second request meets the host that refuses, and is told so.
    expect(statuses.toSorted()).toEqual([200, 200, 503, 503]);
  });

  it("a client that goes away frees its upstream connection", async () => {
    let upstreamClosed: (() => void) | null = null;
    const closed = new Promise<void>((resolve) => {
      upstreamClosed = resolve;
    });
    const headSeen = Promise.withResolvers<void>();
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      socket.once("data", () => headSeen.resolve());
      socket.on("end", () => socket.end());
      socket.on("close", () => upstreamClosed?.());
    });
    const front = await startProxy(
      onTestFinished,
      httpConfig({ routes: [route("/", "a")], clusters: { a: upstream.port } }),
      { net },
    );
    const wire = await Wire.toPort(front.port);
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await headSeen.promise;
    wire.socket.resetAndDestroy();
    await closed;
    expect(await front.gauge("cluster.a.upstream_rq_active")).toBe(0);
    expect(await front.counter("http.front.downstream_cx_destroy_remote_active_rq")).toBe(1);
  });

  it("a client that starts a head and does not end it is told so and cut off", async () => {
    const routes = [{ match: { prefix: "/" }, direct_response: { status: 200 } }];
    const manager = { request_headers_timeout: "0.2s" };
    const front = await startProxy(onTestFinished, httpConfig({ routes, manager }), { net });
    const wire = await Wire.toPort(front.port);
    onTestFinished(async () => wire.close());
    wire.send("GET / HT");
    expect(await wire.take("\r\n")).toBe("HTTP/1.1 408 Request Timeout\r\n");
    expect(await wire.untilEnd()).toBe("fin");
  });

  it("a stream on which nothing moves is ended after its idle time", async () => {
    const upstream = await rawUpstream(
      onTestFinished,
      onHead((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")),
    );
    const routes = [route("/", "a", { timeout: "0s" })];
    const manager = { stream_idle_timeout: "0.2s" };
    const front = await startProxy(onTestFinished, httpConfig({ routes, clusters: { a: upstream.port }, manager }), {
      net,
    });
    const wire = await Wire.toPort(front.port);
    onTestFinished(async () => wire.close());
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await wire.take("abc");
    await wire.untilEnd();
    expect(await front.counter("http.front.downstream_rq_idle_timeout")).toBe(1);
  });
});

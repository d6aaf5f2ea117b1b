// tcp_proxy: bytes both ways, each half ends by itself, and what happens when the upstream is not there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { fileLog, tcpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { closedPort, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

describe.each(NETS)("tcp_proxy over %s sockets", (net) => {
  let front: RunningProxy;

  beforeAll(async () => {
    // Says hello, gives everything back, and answers the end with a last word.
    const upstream = await rawUpstream(afterAll, (socket) => {
      socket.write("hello ");
      socket.on("data", (chunk) => socket.write(chunk));
      socket.on("end", () => socket.end("goodbye"));
    });
    front = await startProxy(afterAll, tcpConfig({ a: upstream.port }, { cluster: "a" }), { net });
  });

  async function wire(port = front.port): Promise<Wire> {
    const wire = await Wire.toPort(port);
    onTestFinished(() => wire.close());
    return wire;
  }

  it("passes on bytes of any kind, whoever speaks first", async () => {
    const client = await wire();
    await client.take("hello ");
    client.send("\x00\x01\xfe\xff");
    await client.take("\x00\x01\xfe\xff");
  });

  it("ends one half and keeps the other", async () => {
    const client = await wire();
    await client.take("hello ");
    client.send("last question").finish();
    await client.take("last questiongoodbye");
    expect(await client.untilEnd()).toBe("fin");
    await expect.poll(() => front.gauge("tcp.front.downstream_cx_active")).toBe(0);
    await expect.poll(() => front.gauge("cluster.a.upstream_cx_active")).toBe(0);
  });

  it("passes on the end that the upstream makes first", async () => {
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      socket.end("done");
      socket.resume();
    });
    const { port } = await startProxy(onTestFinished, tcpConfig({ a: upstream.port }, { cluster: "a" }), { net });
    const client = await wire(port);
    await client.take("done");
    expect(await client.untilEnd()).toBe("fin");
  });

  it("ends the connection where nobody answers, and says why", async () => {
    const path = join(temporaryFolder(), "access.log");
    const proxy = { cluster: "a", max_connect_attempts: 2, access_log: [fileLog(path, "%RESPONSE_FLAGS%")] };
    const { port, counter } = await startProxy(onTestFinished, tcpConfig({ a: await closedPort() }, proxy), { net });
    const client = await wire(port);
    expect(await client.untilEnd()).not.toBe("open");
    expect(await counter("cluster.a.upstream_cx_connect_fail")).toBe(2);
    expect(await counter("cluster.a.upstream_cx_connect_attempts_exceeded")).toBe(1);
    await expect.poll(() => readFileSync(path, "utf8")).toMatch(/^(UF,URX|URX,UF|UF)\n$/);
  });

  it("ends what nobody uses", async () => {
    const upstream = await rawUpstream(onTestFinished, (socket) => socket.resume());
    const config = tcpConfig({ a: upstream.port }, { cluster: "a", idle_timeout: "0.1s" });
    const { port, counter } = await startProxy(onTestFinished, config, { net });
    const client = await wire(port);
    expect(await client.untilEnd()).not.toBe("open");
    expect(await counter("tcp.front.idle_timeout")).toBe(1);
  });

  it("passes on a reset as an end of both", async () => {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const upstream = await rawUpstream(onTestFinished, (socket) => {
      socket.on("data", () => arrived.resolve());
      socket.on("end", () => socket.end());
      socket.on("close", () => closed.resolve());
    });
    const { port, gauge } = await startProxy(onTestFinished, tcpConfig({ a: upstream.port }, { cluster: "a" }), {
      net,
    });
    const client = await wire(port);
    client.send("x");
    await arrived.promise;
    client.socket.resetAndDestroy();
    await closed.promise;
    await expect.poll(() => gauge("cluster.a.upstream_cx_active")).toBe(0);
  });
});

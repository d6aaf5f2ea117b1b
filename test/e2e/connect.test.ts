// CONNECT that ends here: the bytes behind it go to a cluster as plain TCP (`connect_config`).
import { describe, expect, it, onTestFinished } from "vitest";
import { httpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { startProxy } from "./support/proxy.ts";
import { closedPort, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const CONNECT = "CONNECT target.example:443 HTTP/1.1\r\nhost: target.example:443\r\n\r\n";

function config(port: number, upgrades: object[] = [{ upgrade_type: "CONNECT", connect_config: {} }]): object {
  return httpConfig({
    routes: [{ match: { connect_matcher: {} }, route: { cluster: "a", upgrade_configs: upgrades } }],
    clusters: { a: port },
  });
}

describe.each(NETS)("CONNECT over %s sockets", (net) => {
  it("carries bytes both ways, those that came early too, and counts", async () => {
    const { port } = await rawUpstream(onTestFinished, (socket) => {
      socket.on("data", (chunk) => socket.write(`[${chunk}]`));
      socket.on("end", () => socket.end());
    });
    const proxy = await startProxy(onTestFinished, config(port), { net });
    const wire = await Wire.toPort(proxy.port);
    wire.send(`${CONNECT}early`);
    const head = await wire.take(/\r\n\r\n/);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).not.toMatch(/content-length|transfer-encoding|connection/i);
    await wire.take("[early]");
    wire.send("late");
    await wire.take("[late]");
    wire.finish();
    await expect.poll(() => proxy.gauge("cluster.a.upstream_cx_active")).toBe(0);
    expect(await proxy.counter("cluster.a.upstream_rq_200")).toBe(1);
    expect(await proxy.gauge("http.front.downstream_cx_upgrades_active")).toBe(0);
  });

  it("ends with the upstream", async () => {
    const { port } = await rawUpstream(onTestFinished, (socket) => socket.end("bye"));
    const proxy = await startProxy(onTestFinished, config(port), { net });
    const wire = (await Wire.toPort(proxy.port)).send(CONNECT);
    await wire.take("bye");
    await expect.poll(() => wire.end).toBe("fin");
  });

  it("answers 503 for an upstream that refuses, 403 where it is not allowed, 400 without a port", async () => {
    const refused = await startProxy(onTestFinished, config(await closedPort()), { net });
    const one = (await Wire.toPort(refused.port)).send(CONNECT);
    expect(await one.take("remote connection failure")).toMatch(/^HTTP\/1\.1 503 /);
    const forbidden = await startProxy(onTestFinished, config(await closedPort(), []), { net });
    const two = (await Wire.toPort(forbidden.port)).send(CONNECT);
    expect(await two.take(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 403 /);
    const three = (await Wire.toPort(refused.port)).send(
      "CONNECT target.example HTTP/1.1\r\nhost: target.example\r\n\r\n",
    );
    expect(await three.take(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

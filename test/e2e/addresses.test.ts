// Where a listener listens and a cluster goes: unix sockets, abstract names, IPv6, port 0, what is taken.
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError, ServerError } from "../../host/index.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { httpConfig, loopback, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const REQUEST = "GET /where HTTP/1.1\r\nhost: a\r\n\r\n";
const DIRECT = [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "direct" } } }];

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1"));
if (!hasIpv6) console.log("skipped: this machine has no ::1, so nothing is asked over IPv6");

describe.each(NETS)("addresses over %s sockets", (net) => {
  it.each([
    ["unix sockets", (folder: string) => [join(folder, "front.sock"), join(folder, "upstream.sock")]],
    // The folder's name makes the names this test's own.
    ["abstract names", (folder: string) => [`@${folder}/front`, `@${folder}/upstream`]],
  ] as const)("%s on both sides, with several workers", async (_name, paths) => {
    const [front, upstream] = paths(temporaryFolder()) as [string, string];
    await httpUpstream(
      onTestFinished,
      (request, response) => response.end(`saw ${request.url}`),
      upstream.replace(/^@/, "\0"),
    );
    const config = httpConfig({
      routes: [route("/", "a")],
      clusters: { a: upstream },
      listener: { address: { pipe: { path: front } } },
    });
    const { proxy } = await startProxy(onTestFinished, config, { net, concurrency: 2 });
    expect(proxy.listeners[0]?.addresses).toEqual([front]);
    for (let i = 0; i < 4; i++) {
      const wire = await Wire.open({ path: front.replace(/^@/, "\0") });
      onTestFinished(() => wire.close());
      wire.send(REQUEST);
      expect(await wire.take("saw /where")).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  it.skipIf(!hasIpv6)("IPv6 on both sides", async () => {
    const upstream = await httpUpstream(
      onTestFinished,
      (request, response) => response.end(`saw ${request.url}`),
      "::1",
    );
    const assignment = {
      cluster_name: "a",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(upstream.port, "::1") } }] }],
    };
    const config = httpConfig({
      routes: [route("/", "a")],
      clusters: { a: { load_assignment: assignment } },
      listener: { address: loopback(0, "::1") },
    });
    const { proxy, port } = await startProxy(onTestFinished, config, { net });
    expect(proxy.listeners[0]?.addresses).toEqual([`[::1]:${port}`]);
    const wire = await Wire.open({ port, host: "::1" });
    onTestFinished(() => wire.close());
    wire.send(REQUEST);
    expect(await wire.take("saw /where")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("port 0 is the same port in all workers", async () => {
    const { proxy, port } = await startProxy(onTestFinished, httpConfig({ routes: DIRECT }), { net, concurrency: 2 });
    expect(port).toBeGreaterThan(0);
    expect(proxy.listeners[0]?.addresses).toEqual([`127.0.0.1:${port}`]);
    // Enough connections that the kernel gives some to each.
    for (let i = 0; i < 16; i++) {
      const wire = await Wire.toPort(port);
      wire.send(REQUEST);
      await wire.take("direct");
      wire.close();
    }
  });

  it("an address that is taken is an error that names it, and leaves nothing running", async () => {
    const other = createTcpServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const config = httpConfig({ routes: DIRECT, listener: { address: loopback(port) } });
    const refused = startProxy(onTestFinished, config, { net });
    await expect(refused).rejects.toThrow(ServerError);
    await expect(refused).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}.*already in use`));
  });

  it("a name is resolved (STRICT_DNS)", async () => {
    const server = createServer((_request, response) => response.end("by name"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const load_assignment = {
      cluster_name: "a",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(port, "localhost") } }] }],
    };
    const clusters = { a: { type: "STRICT_DNS", dns_lookup_family: "V4_ONLY", load_assignment } };
    const { port: front } = await startProxy(onTestFinished, httpConfig({ routes: [route("/", "a")], clusters }), {
      net,
    });
    const wire = await Wire.toPort(front);
    onTestFinished(() => wire.close());
    wire.send(REQUEST);
    expect(await wire.take("by name")).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("a Node that cannot share a port between threads", () => {
  /** As if the program ran on it. */
  function asOn(version: string): void {
    const { versions } = process;
    Object.defineProperty(process, "versions", {
      ...Object.getOwnPropertyDescriptor(process, "versions"),
      value: { ...versions, node: version },
    });
    onTestFinished(() => {
      Object.defineProperty(process, "versions", { value: versions });
    });
  }
  const portable = { net: "portable", concurrency: 2 } as const;

  it("refuses several workers before anything is bound, and says what to do", async () => {
    asOn("20.20.2");
    const taken = await httpUpstream(onTestFinished, (_request, response) => response.end());
    // Were the admin port bound first, its address would be the complaint.
    const config = httpConfig({ routes: DIRECT, bootstrap: { admin: { address: loopback(taken.port) } } });
    const refused = startProxy(onTestFinished, config, portable);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      /listeners\[0\]\.enable_reuse_port: .*'front'.*Node 20\.20\.2 has no `reusePort`.*use Node 22\.12.*`concurrency: 1`/,
    );
  });

  it("serves with one worker, or with a listener that one worker owns, and refuses a reload that asks for more", async () => {
    asOn("20.20.2");
    await startProxy(onTestFinished, httpConfig({ routes: DIRECT }), { net: "portable" });
    const owned = httpConfig({ routes: DIRECT, listener: { enable_reuse_port: false } });
    const front = await startProxy(onTestFinished, owned, portable);
    await expect(front.proxy.reload(httpConfig({ routes: DIRECT }))).rejects.toThrow(ConfigError);
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send(REQUEST);
    await wire.take("direct");
  });
});

// The config changes under load: no request is lost, what is gone drains, and a bad config changes nothing.
import { Agent, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError, ServerError } from "../../host/index.ts";
import { httpConfig, loopback, route, tcpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const RELOADS = 6;
const CLIENTS = 8;

/** What a connection of its own is told; one from before may still be answered once by the config from before. */
async function fresh({ url }: RunningProxy): Promise<string> {
  const agent = new Agent();
  const { body } = await request(url, { dispatcher: agent });
  const text = await body.text();
  await agent.close();
  return text;
}

describe.each(NETS)("a reload over %s sockets", (net) => {
  it("under load drops no request and serves the new config at its end", async () => {
    const upstreams = await Promise.all(
      Array.from({ length: RELOADS + 1 }, (_, i) =>
        httpUpstream(onTestFinished, (_request, response) => response.end(`config ${i}`)),
      ),
    );
    const config = (i: number) =>
      httpConfig({ routes: [route("/", `upstream_${i}`)], clusters: { [`upstream_${i}`]: upstreams[i]?.port ?? 0 } });
    const front = await startProxy(onTestFinished, config(0), { net, concurrency: 2 });
    const agent = new Agent({ connections: CLIENTS });
    let isOver = false;
    const answers = new Map<string, number>();
    const load = Array.from({ length: CLIENTS }, async () => {
      while (!isOver) {
        const { statusCode, body } = await request(front.url, { dispatcher: agent });
        const answer = `${statusCode} ${await body.text()}`;
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    });
    for (let i = 1; i <= RELOADS; i++) {
      await front.proxy.reload(config(i));
      expect(await fresh(front)).toBe(`config ${i}`);
    }
    isOver = true;
    await Promise.all(load);
    await agent.close();
    expect([...answers.keys()].filter((answer) => !answer.startsWith("200 config "))).toEqual([]);
  });

  it("lets a request under way end by the config that it began with", async () => {
    const release = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const slow = await httpUpstream(onTestFinished, (_request, response) => {
      response.write("begun ");
      arrived.resolve();
      void release.promise.then(() => response.end("and ended"));
    });
    const front = await startProxy(
      onTestFinished,
      httpConfig({ routes: [route("/", "slow")], clusters: { slow: slow.port } }),
      { net },
    );
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await arrived.promise;
    await wire.take("begun ");
    const direct = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "new" } } };
    await front.proxy.reload(httpConfig({ routes: [direct] }));
    release.resolve();
    await wire.take("and ended");
  });

  it("with a mistake in it changes nothing and names all mistakes", async () => {
    const direct = (text: string) => ({
      match: { prefix: "/" },
      direct_response: { status: 200, body: { inline_string: text } },
    });
    const front = await startProxy(onTestFinished, httpConfig({ routes: [direct("old")] }), { net });
    const bad = httpConfig({ routes: [{ ...direct("new"), nonsense: 1 }, route("/", "nowhere")] });
    const refused = front.proxy.reload(bad);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(/nonsense/);
    expect(await fresh(front)).toBe("old");
    await front.proxy.reload(httpConfig({ routes: [direct("new")] }));
    expect(await fresh(front)).toBe("new");
  });

  it("takes a listener away, and its idle connections with it", async () => {
    const direct = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "here" } } };
    const config = httpConfig({ routes: [direct] });
    const front = await startProxy(onTestFinished, config, { net });
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await wire.take("here");
    await front.proxy.reload({ static_resources: {} });
    expect(await wire.untilEnd()).toBe("fin");
    await expect(Wire.toPort(front.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("keeps a listener where it is when it shall move to an address that is taken", async () => {
    const taken = await httpUpstream(onTestFinished, (_request, response) => response.end("the other"));
    const direct = (text: string, port: number) =>
      httpConfig({
        routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: text } } }],
        listener: { address: loopback(port) },
      });
    const front = await startProxy(onTestFinished, direct("old", 0), { net, concurrency: 2 });
    const refused = front.proxy.reload(direct("new", taken.port));
    await expect(refused).rejects.toThrow(`error adding listener 'front': cannot bind 127.0.0.1:${taken.port}`);
    expect(front.log.join("")).toContain("error adding listener 'front'");
    expect(front.proxy.listeners).toEqual([{ name: "front", addresses: [`127.0.0.1:${front.port}`] }]);
    expect(await front.counter("listener_manager.listener_create_failure")).toBe(1);
    expect(await front.counter("listener_manager.listener_modified")).toBe(0);
    for (let i = 0; i < 8; i++) expect(await fresh(front)).toBe("old");
    await front.proxy.reload(direct("new", front.port));
    expect(await fresh(front)).toBe("new");
  });
});

it("that has more clusters than the ledger has room for changes nothing", async () => {
  const upstream = await httpUpstream(onTestFinished, (_request, response) => response.end("here"));
  const config = (name: string) => httpConfig({ routes: [route("/", name)], clusters: { [name]: upstream.port } });
  const front = await startProxy(onTestFinished, config("a"));
  const { ledger } = front.proxy.server;
  const cells: number[] = [];
  for (let cell = ledger.allocateCell(1); cell !== 0; cell = ledger.allocateCell(1)) cells.push(cell);
  const refused = front.proxy.reload(config("b"));
  await expect(refused).rejects.toThrow(ServerError);
  await expect(refused).rejects.toThrow("no room in the ledger for the circuit breakers of cluster b");
  expect(await fresh(front)).toBe("here");
  for (const cell of cells) ledger.freeCell(cell);
  await front.proxy.reload(config("b"));
  expect(await fresh(front)).toBe("here");
  expect(await front.counter("cluster.b.upstream_rq_200")).toBe(1);
});

it("raw connections of before a reload end with the drain time", async () => {
  const upstream = await httpUpstream(onTestFinished, (_request, response) => response.end("here"));
  const config = (prefix: string) => tcpConfig({ u: upstream.port }, { cluster: "u", stat_prefix: prefix });
  const front = await startProxy(onTestFinished, config("one"), { drainTimeMs: 300 });
  const wire = await Wire.toPort(front.port);
  onTestFinished(() => wire.close());
  wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await wire.take("here");
  await front.proxy.reload(config("two"));
  expect(await wire.untilEnd()).toBe("fin");
});

it("many reloads with names that never come again leave nothing behind", async () => {
  const upstream = await httpUpstream(onTestFinished, (_request, response) => response.end("here"));
  const config = (i: number) => {
    const cluster = `upstream_${i}`;
    const manager = { stat_prefix: `front_${i}` };
    return httpConfig({ routes: [route("/", cluster)], clusters: { [cluster]: upstream.port }, manager });
  };
  const front = await startProxy(onTestFinished, config(0), { concurrency: 2 });
  const names = async () => {
    const { counters, gauges } = await front.proxy.stats();
    return [...Object.keys(counters), ...Object.keys(gauges)].map((name) =>
      name.replaceAll(/(front|upstream)_\d+\./g, "$1_N."),
    );
  };
  expect(await fresh(front)).toBe("here");
  const before = (await names()).sort();
  for (let i = 1; i <= 20; i++) {
    await front.proxy.reload(config(i));
    expect(await fresh(front)).toBe("here");
  }
  const { retiredCells } = front.proxy.server.directory;
  expect(retiredCells.size).toBeGreaterThan(0);
  await expect.poll(() => retiredCells.size, { timeout: 15_000 }).toBe(0);
  // Each once: of the last name alone.
  await expect.poll(async () => (await names()).sort(), { timeout: 5_000 }).toEqual(before);
});

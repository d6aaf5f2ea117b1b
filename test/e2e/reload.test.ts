// The config changes under load: no request is lost, what is gone drains, and a bad config changes nothing.
import { Agent, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../../host/index.ts";
import { httpConfig, route } from "./support/config.ts";
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
});

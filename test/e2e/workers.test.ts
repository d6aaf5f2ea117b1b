// A worker that breaks takes its own connections with it and nobody else's, and is replaced.
import { describe, expect, it, onTestFinished } from "vitest";
import { httpConfig, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const CONNECTIONS = 24;

/** Asks once; whether there was an answer. */
async function answers(wire: Wire): Promise<boolean> {
  wire.send(REQUEST);
  return wire.take("here").then(
    () => true,
    () => false,
  );
}

describe.each(NETS)("a worker over %s sockets", (net) => {
  const start = async (): Promise<RunningProxy> => {
    const upstream = await httpUpstream(onTestFinished, (_request, response) => response.end("here"));
    const config = httpConfig({ routes: [route("/", "a")], clusters: { a: upstream.port } });
    return startProxy(onTestFinished, config, { net, concurrency: 2, onLogLine: () => undefined });
  };

  it.each(["throw", "trap"] as const)("that fails (%s) under load is replaced while the others serve", async (how) => {
    const front = await start();
    const wires = await Promise.all(Array.from({ length: CONNECTIONS }, () => Wire.toPort(front.port)));
    onTestFinished(() => {
      for (const wire of wires) wire.close();
    });
    expect(await Promise.all(wires.map(answers))).not.toContain(false);
    const before = await front.counter("http.front.downstream_rq_completed");
    expect(before).toBe(CONNECTIONS);
    front.proxy.server.supervisor.tellOne(0, { type: "fault", how });
    await expect.poll(() => front.counter("workers.replaced"), { timeout: 5_000 }).toBe(1);
    // The connections of one worker are gone, those of the other never noticed.
    const alive = (await Promise.all(wires.map(answers))).filter((isAlive) => isAlive).length;
    expect(alive).toBeGreaterThan(0);
    expect(alive).toBeLessThan(CONNECTIONS);
    // Both listen again, and what the dead one had counted is still there.
    const fresh = await Promise.all(Array.from({ length: CONNECTIONS }, () => Wire.toPort(front.port)));
    onTestFinished(() => {
      for (const wire of fresh) wire.close();
    });
    expect(await Promise.all(fresh.map(answers))).not.toContain(false);
    expect(await front.counter("http.front.downstream_rq_completed")).toBe(before + alive + CONNECTIONS);
    expect(await front.gauge("http.front.downstream_cx_active")).toBe(alive + CONNECTIONS);
    expect(front.proxy.server.lastReplacement).toMatch(/^worker 0: /);
  });
});

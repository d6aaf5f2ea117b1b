// Why a request went where it went, asked of the admin port while it runs.
import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpConfig, loopback, route } from "./support/config.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";

const ends: (() => Promise<void>)[] = [];
const whenOver = (end: () => Promise<void>) => void ends.push(end);
let running: RunningProxy;
let admin = "";

beforeAll(async () => {
  const { port } = await httpUpstream(whenOver, (_request, response) => response.end("answered"));
  const rewritten = { match: { prefix: "/old/" }, route: { cluster: "a", prefix_rewrite: "/new/" } };
  const picky = {
    match: { prefix: "/", headers: [{ name: "x-picky", present_match: true }] },
    route: { cluster: "a" },
  };
  running = await startProxy(
    whenOver,
    httpConfig({
      routes: [picky, rewritten, route("/", "a")],
      clusters: { a: port },
      bootstrap: { admin: { address: loopback(0) } },
    }),
    { concurrency: 2 },
  );
  admin = `http://${running.proxy.server.admin?.address.text}`;
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const ask = async (query: string) => {
  const answer = await fetch(`${admin}/explain?${query}`);
  return { status: answer.status, body: await answer.text() };
};

describe("explain", () => {
  it("tells of a request that is over, with the path that it came with", async () => {
    const sent = await fetch(`${running.url}/old/x`, { headers: { "x-request-id": "one" } });
    expect(await sent.text()).toBe("answered");
    const { status, body } = await ask("id=one");
    expect(status).toBe(200);
    const facts = JSON.parse(body);
    expect(facts.request).toMatchObject({ method: "GET", path: "/old/x" });
    expect(facts.routes_tried.map((tried: { verdict: string }) => tried.verdict)).toEqual(["headers", "match"]);
    expect(facts).toMatchObject({ virtual_host: "everyone", chosen_route: { index: 1 }, cluster: "a" });
    expect(facts.response).toMatchObject({ status: 200, details: "via_upstream", flags: [] });
    expect(facts.sentences.join(" ")).toContain("a header matcher does not hold");
  });

  it("tells where a request that is not sent would go", async () => {
    const passed = JSON.parse((await ask("path=/x&authority=h")).body);
    expect(passed).toMatchObject({ state: "imagined", chosen_route: { index: 2 }, cluster: "a" });
    const picked = JSON.parse((await ask("path=/x&authority=h&header=x-other:1&header=X-Picky:%20yes")).body);
    expect(picked).toMatchObject({ chosen_route: { index: 0 } });
    expect((await ask("path=/x&format=text")).body).toMatch(/^GET \/x would come to listener 'front'\.\n/);
    expect((await ask("path=/x&listener=none")).body).toContain("There is no listener 'none'");
  });

  it("remembers a stream that failed for longer than those that went well", async () => {
    const send = async (id: string) => {
      const answer = await fetch(`${running.url}/x`, { headers: { "x-request-id": id } });
      await answer.text();
      return answer.status;
    };
    const broken = await new Promise<number>((resolve) => {
      const request = http.request(`${running.url}/x`, {
        headers: { "x-request-id": "failed", te: "x", upgrade: "tea", connection: "upgrade" },
      });
      request.on("response", (answer) => resolve(answer.resume().statusCode ?? 0)).end();
    });
    expect(broken).toBe(403);
    // More than all workers remember of the good ones.
    for (let i = 0; i < 2 * 32; i++) await send(`later-${i}`);
    expect((await ask("id=failed")).status).toBe(200);
  });

  it("says what it does not know, and how to ask", async () => {
    expect(await ask("id=unheard")).toMatchObject({ status: 404 });
    expect((await ask("")).body).toMatch(/^usage: \/explain/);
    expect(await ask("path=x")).toMatchObject({ status: 400 });
  });

  it("says that routes were replaced since", async () => {
    await fetch(`${running.url}/x`, { headers: { "x-request-id": "two" } });
    const { port } = await httpUpstream(whenOver, (_request, response) => response.end("answered"));
    await running.proxy.reload(
      httpConfig({
        routes: [route("/", "a")],
        clusters: { a: port },
        bootstrap: { admin: { address: loopback(0) } },
      }),
    );
    const { body } = await ask("id=two&format=text");
    expect(body).toContain("The routes that it met were replaced since");
    expect(body).toContain("The answer was 200");
  });
});

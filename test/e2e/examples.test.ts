// Each config below examples/ does what its first lines say.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, resolve } from "node:path";
import { Agent, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { exitCode, startProgram } from "../support/program.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { example } from "./support/example.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { closedPort, httpUpstream, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const TESTED = [
  "access_log.yaml",
  "failover.yaml",
  "header_rewrites.yaml",
  // By test/suites/program.ts, with every form of the program.
  "quickstart.yaml",
  "redirects.yaml",
  "tcp_proxy.yaml",
  "two_sidecars",
  "websocket.yaml",
  "weighted.yaml",
];

it("has a test for each example", () => {
  expect(readdirSync("examples").toSorted()).toEqual(TESTED);
});

const named = async (name: string): Promise<number> =>
  (await httpUpstream(onTestFinished, (_request, response) => response.end(name))).port;

async function ask(front: RunningProxy, path: string, headers: Record<string, string> = {}) {
  const agent = new Agent();
  const response = await request(`${front.url}${path}`, { dispatcher: agent, headers });
  const answer = { status: response.statusCode, headers: response.headers, text: await response.body.text() };
  await agent.close();
  return answer;
}

describe("examples", () => {
  it("tcp_proxy: two hosts in turn, each half for itself", async () => {
    const host = async (name: string) =>
      (await rawUpstream(onTestFinished, (socket) => socket.on("end", () => socket.end(name)).resume())).port;
    const front = await startProxy(
      onTestFinished,
      example("tcp_proxy.yaml", { 10001: await host("one"), 10002: await host("two") }),
    );
    const heard: string[] = [];
    for (let i = 0; i < 4; i++) {
      const wire = await Wire.toPort(front.port);
      onTestFinished(() => wire.close());
      wire.send("said").finish();
      await wire.untilEnd();
      heard.push(wire.text);
    }
    expect(heard.toSorted()).toEqual(["one", "one", "two", "two"]);
  });

  it("header_rewrites: what each side gets to see", async () => {
    const upstream = await httpUpstream(onTestFinished, (request: IncomingMessage, response: ServerResponse) => {
      response.setHeader("x-powered-by", "something");
      response.end(JSON.stringify({ url: request.url, headers: request.headers }));
    });
    const front = await startProxy(onTestFinished, example("header_rewrites.yaml", { 10001: upstream.port }));
    const first = await ask(front, "/v1/list?all", { "x-debug": "1" });
    expect(first.headers).toMatchObject({ "x-served-by": "nuncio" });
    expect(first.headers).not.toHaveProperty("x-powered-by");
    const { url, headers } = JSON.parse(first.text);
    expect(url).toBe("/list?all");
    expect(headers).toMatchObject({ host: "v1.app.internal", "x-from": "127.0.0.1", "x-api-version": "1" });
    expect(headers).not.toHaveProperty("x-debug");
    expect(JSON.parse((await ask(front, "/user/7/cart")).text).url).toBe("/cart?user=7");
  });

  it("weighted: a tenth of the traffic, and those who ask for it", async () => {
    const ports = { 10001: await named("stable"), 10002: await named("new") };
    const front = await startProxy(onTestFinished, example("weighted.yaml", ports));
    expect((await ask(front, "/", { "x-version": "new" })).text).toBe("new");
    expect((await ask(front, "/", { cookie: "a=b; version=new" })).text).toBe("new");
    const agent = new Agent();
    onTestFinished(() => agent.close());
    let fresh = 0;
    for (let i = 0; i < 400; i++) {
      const { body, headers } = await request(front.url, { dispatcher: agent });
      const isNew = (await body.text()) === "new";
      expect(headers["x-version"]).toBe(isNew ? "new" : undefined);
      if (isNew) fresh++;
    }
    // 400 throws at 0.1: mean 40, deviation 6; outside of these bounds once in a billion runs.
    expect(fresh).toBeGreaterThan(4);
    expect(fresh).toBeLessThan(80);
  });

  it("websocket: to the chat and nowhere else", async () => {
    const chat = await rawUpstream(onTestFinished, (socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
        socket.on("data", (chunk) => socket.write(chunk));
      });
    });
    const ports = { 10001: chat.port, 10002: await named("page") };
    const front = await startProxy(onTestFinished, example("websocket.yaml", ports));
    const upgrade = (path: string) =>
      `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`;
    const wire = await Wire.toPort(front.port);
    onTestFinished(() => wire.close());
    expect(await wire.send(upgrade("/chat/1")).take("\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
    await wire.send("frames").take("frames");
    const other = await Wire.toPort(front.port);
    onTestFinished(() => other.close());
    expect(await other.send(upgrade("/")).take("\r\n")).toBe("HTTP/1.1 403 Forbidden\r\n");
    expect((await ask(front, "/")).text).toBe("page");
  });

  it("access_log: lines of JSON for all, of text for failures", async () => {
    const folder = temporaryFolder();
    const [all, failures] = [join(folder, "all"), join(folder, "failures")];
    const text = example("access_log.yaml").replace("/dev/stdout", all).replace("/dev/stderr", failures);
    const front = await startProxy(onTestFinished, text);
    await ask(front, "/here");
    await ask(front, "/missing/thing");
    await expect.poll(() => readFileSync(failures, "utf8")).toBe("GET /missing/thing: 404 (direct_response)\n");
    await expect.poll(() => readFileSync(all, "utf8").split("\n").length).toBe(3);
    const [first, second] = readFileSync(all, "utf8")
      .split("\n")
      .slice(0, 2)
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ request: "GET /here", status: 200, bytes: 5 });
    expect(first.start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(second).toMatchObject({ request: "GET /missing/thing", status: 404, bytes: 9 });
  });

  it("failover: the second host while the first is not well", async () => {
    const ports = { 10001: await closedPort(), 10002: await named("second") };
    const front = await startProxy(onTestFinished, example("failover.yaml", ports));
    for (let i = 0; i < 5; i++) expect(await ask(front, "/")).toMatchObject({ status: 200, text: "second" });
  });

  it("redirects: what is kept of path and query", async () => {
    const front = await startProxy(onTestFinished, example("redirects.yaml"));
    const where = async (path: string, headers = {}) => {
      const { status, headers: answer } = await ask(front, path, headers);
      return `${status} ${String(answer["location"]).replace(front.url, "")}`;
    };
    expect(await where("/a?b", { host: "old.example" })).toBe("301 https://new.example/a?b");
    expect(await where("/docs/v1/page?x=1")).toBe("308 /docs/v2/page?x=1");
    expect(await where("/search?q=it")).toBe("303 /find?q=it");
    expect(await where("/login?user=me")).toBe("302 /");
    const robots = await ask(front, "/robots.txt");
    expect(robots).toMatchObject({ status: 200, headers: { "cache-control": "max-age=86400" } });
    expect((await ask(front, "/search")).status).toBe(404);
  });

  it("two_sidecars: two programs that know no address of each other", async () => {
    const command = resolve("bin/nuncio");
    const node = resolve("scripts/node");
    const billing = spawn(node, ["examples/two_sidecars/billing.mjs", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void billing.kill("SIGKILL"));
    const [line] = await once(billing.stdout, "data");
    const billingPort = Number(/port (\d+)/.exec(String(line))?.[1]);
    const admin = "admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }\n";
    const ingressText = example("two_sidecars/ingress.yaml", { 15006: 0, 8080: billingPort });
    const ingress = await startProgram(command, admin + ingressText);
    const ingressPort = Number(ingress.listeners["inbound"]?.split(":")[1]);
    const egress = await startProgram(command, admin + example("two_sidecars/egress.yaml", { 15006: ingressPort }));
    const egressPort = egress.listeners["outbound"]?.split(":")[1] ?? "";
    const shop = async (path: string) => {
      const child = spawn(node, ["examples/two_sidecars/shop.mjs", egressPort, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
      });
      await once(child, "close");
      return text;
    };
    expect(await shop("/invoices/42")).toBe('200\n{"invoice":"42","askedFrom":"127.0.0.1"}');
    expect(await shop("/everything")).toBe("403\nbilling offers no such thing\n");
    for (const { child } of [egress, ingress]) child.kill("SIGTERM");
    expect([await exitCode(egress), await exitCode(ingress)]).toEqual([0, 0]);
  });
});

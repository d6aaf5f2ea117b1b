// One downstream connection in its proxy: what becomes of bodies that wait, of clients that do not read, of their FIN.

import { expect, it } from "vitest";
import { networkFilters } from "../../../filters/registry.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const post = (body: string) => `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const big = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "x".repeat(4_000) } } };

async function gone(proxy: SimulatedProxy): Promise<void> {
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
}

it("keeps a body that waits for a connection apart from what is read meanwhile", async () => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [route("/", "u")], clusters: { u: 9001 } }), {
    networkFilters,
  });
  const heard: FarEnd[] = [];
  await proxy.upstream(9001, (end) => {
    heard.push(end);
    end.whenRead = () => {
      if (end.message.isComplete) end.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    };
  });
  const clients = ["first", "other"].map((name) => {
    const client = proxy.client();
    client.send(post(`${name}.`.repeat(1_000)));
    return client;
  });
  proxy.settle();
  expect(clients.map(({ status }) => status)).toEqual([200, 200]);
  const bodies = heard.map(({ message }) => message.body.toString("latin1"));
  expect(bodies.sort()).toEqual(["first.".repeat(1_000), "other.".repeat(1_000)]);
  for (const client of clients) client.end();
  await gone(proxy);
});

it("reads the next request after one whose body found no upstream", async () => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [route("/", "u")], clusters: { u: 9001 } }), {
    networkFilters,
  });
  const client = proxy.request(post("abc"));
  client.send(post("abc"));
  proxy.settle();
  expect(client.messages.map(({ status }) => status)).toEqual([503, 503]);
  await gone(proxy);
});

it("holds a bounded amount for a client that asks and asks and reads nothing", async () => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [big] }), { networkFilters });
  const client = proxy.client();
  client.socket.pauseReading();
  for (let i = 0; i < 50; i++) client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100));
  proxy.settle();
  const held = [...proxy.network.sockets].reduce((sum, { local, pendingBytes }) => {
    return local.text.endsWith(":10000") ? sum + pendingBytes : sum;
  }, 0);
  // A few slabs, and not 20 MB of answers.
  expect(held).toBeLessThan(1_000_000);
  client.socket.resumeReading();
  proxy.settle();
  expect(client.messages.filter(({ isComplete }) => isComplete)).toHaveLength(5_000);
  client.end();
  await gone(proxy);
});

it("answers all that was asked before a FIN, and does not wait for ever for a client that has stopped reading", async () => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [big] }), { networkFilters });
  const client = proxy.client();
  client.socket.pauseReading();
  client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200));
  client.end();
  proxy.settle();
  client.socket.resumeReading();
  proxy.settle();
  expect(client.messages.filter(({ isComplete }) => isComplete)).toHaveLength(200);
  const silent = proxy.client();
  silent.socket.pauseReading();
  silent.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200));
  silent.end();
  proxy.settle();
  proxy.advance(8_000_000);
  expect([...proxy.network.sockets].filter(({ local }) => local.text.endsWith(":10000"))).toEqual([]);
  silent.socket.resumeReading();
  await gone(proxy);
});

it("resets who cannot take an answer at once while slow clients pin all output slabs, harms nobody else, and recovers", async () => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [big] }), { networkFilters, kernelBytes: 100 });
  const slow: FarEnd[] = [];
  const ask = () => {
    const client = proxy.client();
    client.socket.pauseReading();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    slow.push(client);
    proxy.settle();
  };
  while (proxy.runtime.slabs.inUse < proxy.runtime.slabs.count) ask();
  const pinned = slow.length;
  for (let i = 0; i < 10; i++) ask();
  const quick = proxy.request("GET /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  expect(proxy.stat("http.front.downstream_cx_active")).toBe(pinned);
  for (const client of slow) client.socket.resumeReading();
  proxy.settle();
  expect(slow.filter(({ messages }) => messages[0]?.isComplete)).toHaveLength(pinned);
  // With one slab free again everybody is served as before.
  expect(proxy.request("GET / HTTP/1.1\r\nhost: a\r\n\r\n").status).toBe(200);
  expect(quick.isClosed).toBe(true);
  for (const client of slow) client.end();
  await gone(proxy);
});

it.each(["end", "reset"] as const)("counts and logs a request whose head is cut off: %s", async (how) => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [big] }), { networkFilters });
  const client = proxy.request("GET / HTTP/1.1\r\nho");
  client[how]();
  proxy.settle();
  expect(proxy.ended.map(({ details, status }) => [details, status])).toEqual([["downstream_remote_disconnect", 0]]);
  const counted = ["downstream_rq_total", "downstream_rq_rx_reset", "downstream_cx_destroy_remote_active_rq"];
  expect(counted.map((name) => proxy.stat(`http.front.${name}`))).toEqual([1, 1, 1]);
  await gone(proxy);
});

it("counts the protocol of a connection with its first bytes", async () => {
  const proxy = await SimulatedProxy.start(httpConfig({ routes: [big] }), { networkFilters });
  const client = proxy.client();
  proxy.settle();
  expect(proxy.stat("http.front.downstream_cx_http1_total")).toBe(0);
  client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  proxy.settle();
  expect(proxy.stat("http.front.downstream_cx_http1_total")).toBe(1);
  expect(proxy.stat("http.front.downstream_cx_http1_active")).toBe(1);
  client.end();
  await gone(proxy);
  expect(proxy.stat("http.front.downstream_cx_http1_active")).toBe(0);
});

// Bytes through tcp_proxy in simulation: back-pressure both ways, half-closed ends, and sides that stop reading.

import { afterEach, expect, it } from "vitest";
import { networkFilters } from "../../../../filters/registry.ts";
import { assignment, tcpConfig } from "../../../e2e/support/config.ts";
import type { FarEnd } from "../../../support/far_end.ts";
import { randomBytes } from "../../../support/random.ts";
import { SimulatedProxy } from "../../../support/simulated_proxy.ts";

const MANY = Buffer.from(randomBytes(2_000_000, 7));

let proxy: SimulatedProxy;
let upstream: FarEnd;

async function connected(cluster: object = {}): Promise<FarEnd> {
  const u = { load_assignment: assignment("u", [9001]), ...cluster };
  proxy = await SimulatedProxy.start(tcpConfig({ u }, { cluster: "u" }), { networkFilters });
  await proxy.upstream(9001, (end) => {
    upstream = end;
  });
  const client = proxy.client();
  proxy.settle();
  return client;
}

/** Keeps what an end hears as it is. */
function listen(end: FarEnd): { readonly bytes: Buffer } {
  end.reader.isTunnel = true;
  return {
    get bytes() {
      return end.reader.tunnelled;
    },
  };
}

/** Bytes that the proxy has taken and not passed on. */
function held(): number {
  let sum = 0;
  for (const { local, remote, pendingBytes } of proxy.network.sockets)
    if (local.text.endsWith(":10000") || remote.text.endsWith(":9001")) sum += pendingBytes;
  return sum;
}

afterEach(() => {
  proxy.advance(8_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

it("pauses a client whose upstream does not read, and passes every byte on in the end", async () => {
  const client = await connected();
  const heard = listen(upstream);
  upstream.socket.pauseReading();
  client.send(MANY);
  proxy.settle();
  expect(held()).toBeLessThan(200_000);
  expect(client.socket.pendingBytes).toBeGreaterThan(1_500_000);
  upstream.socket.resumeReading();
  client.end();
  proxy.settle();
  expect(heard.bytes.equals(MANY)).toBe(true);
});

it("pauses an upstream whose client does not read, and passes every byte on in the end", async () => {
  const client = await connected();
  const heard = listen(client);
  client.socket.pauseReading();
  upstream.send(MANY);
  upstream.end();
  proxy.settle();
  expect(held()).toBeLessThan(200_000);
  client.socket.resumeReading();
  proxy.settle();
  expect(heard.bytes.equals(MANY)).toBe(true);
});

it("lets one side speak on after the FIN of the other", async () => {
  const client = await connected();
  upstream.endsOnFin = false;
  const heard = listen(client);
  client.end();
  proxy.settle();
  expect(upstream.isEnded).toBe(true);
  upstream.send("still here");
  proxy.settle();
  expect(heard.bytes.toString()).toBe("still here");
  upstream.end();
  proxy.settle();
  expect(client.isClosed).toBe(true);
});

it("does not wait for ever for an upstream that has stopped reading when its client is gone", async () => {
  const client = await connected();
  listen(upstream);
  upstream.socket.pauseReading();
  client.send(MANY);
  proxy.settle();
  client.reset();
  proxy.advance(4_000_000);
  expect([...proxy.network.sockets].filter(({ remote }) => remote.text.endsWith(":9001"))).toEqual([]);
  upstream.socket.resumeReading();
});

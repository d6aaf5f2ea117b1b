// Clients of HTTP/2 in simulation, each world from its seed: many streams with bodies both ways, windows of any size, readers of any pace, cuts and cancels. Each stream
// gets back what it sent, whole and its own, or an end that somebody asked for. SIMULATION_SEEDS=from-to runs others.

import { expect, it } from "vitest";
import { networkFilters } from "../../filters/registry.ts";
import { httpConfig, route } from "../e2e/support/config.ts";
import type { FarEnd } from "../support/far_end.ts";
import { Http2FarEnd, leaksOfPeers } from "../support/http2_far_end.ts";
import { POST } from "../support/http2_frames.ts";
import { randomNumbers } from "../support/random.ts";
import { SimulatedProxy } from "../support/simulated_proxy.ts";

const WORLDS = 12;
const CANCEL = 8;

interface Call {
  readonly client: Http2FarEnd;
  readonly id: number;
  readonly body: string;
  sent: number;
  /** Of what was heard, what the reader has taken. */
  taken: number;
  isCancelled: boolean;
}

const [from, to] = (process.env["SIMULATION_SEEDS"] ?? `1-${WORLDS}`).split("-").map(Number) as [number, number?];
const seeds = Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i);

it.each(seeds)("world %i: each stream gets its own answer whole", { timeout: 60_000 }, async (seed) => {
  const random = dice(seed);
  const pick = (from: number, to: number) => from + random.below(to - from + 1);
  const options = { max_concurrent_streams: 50, initial_stream_window_size: random.pick([65_535, 100_000, 262_144]) };
  const manager = { http2_protocol_options: options, stream_idle_timeout: "0s" };
  const proxy = await SimulatedProxy.start(
    httpConfig({ routes: [route("/", "u", { timeout: "0s" })], clusters: { u: 9001 }, manager }),
    {
      networkFilters,
      seed,
      kernelBytes: random.pick([2_000, 20_000, 200_000]),
      nextReadBytes: () => pick(1, 70_000),
      choose: (count) => random.below(count),
    },
  );
  await proxy.upstream(9001, (end) => echo(end, random));
  const clients = Array.from({ length: pick(1, 3) }, () => {
    const streamWindow = random.pick([1_000, 65_535, 300_000]);
    const client = proxy.connect(new Http2FarEnd(proxy.farOptions, { streamWindow }));
    client.peer.consumes = false;
    client.flush();
    return client;
  });
  await proxy.settled();
  const calls: Call[] = [];
  const call = () => {
    const client = random.pick(clients);
    const length = random.pick([0, pick(1, 100), pick(1, 20_000), pick(1, 400_000)]);
    const body = `${seed}.${calls.length}.`.repeat(Math.ceil(length / 4)).slice(0, length);
    const id = client.peer.start();
    if (id === 0) return;
    client.peer.head(id, POST, false);
    client.flush();
    calls.push({ client, id, body, sent: 0, taken: 0, isCancelled: false });
  };
  const say = (one: Call, most: number) => {
    if (one.isCancelled || one.sent > one.body.length) return;
    const piece = one.body.slice(one.sent, one.sent + most);
    const isLast = one.sent + piece.length === one.body.length;
    const taken = one.client.say(one.id, piece, isLast);
    // One more than all: its end is said as well.
    if (taken >= 0) one.sent += taken + (isLast && taken === piece.length ? 1 : 0);
  };
  const consume = (one: Call, most: number) => {
    const bytes = Math.min(most, one.client.content(one.id).length - one.taken);
    if (one.isCancelled || bytes <= 0) return;
    one.taken += bytes;
    one.client.peer.consumed(one.id, bytes);
    one.client.flush();
  };
  for (let step = 0; step < 150; step++) {
    const what = random.below(10);
    const one = calls.length === 0 ? undefined : random.pick(calls);
    if (one === undefined || (what === 0 && calls.length < 60)) call();
    else if (what < 5) say(one, pick(1, 60_000));
    else if (what < 9) consume(one, pick(1, 60_000));
    else if (random.below(6) === 0 && !isDone(one)) {
      one.isCancelled = true;
      one.client.cancel(one.id, CANCEL);
    }
    if (random.below(3) === 0) await proxy.settled();
  }
  for (let round = 0; round < 400 && !calls.every(isDone); round++) {
    for (const one of calls) {
      say(one, 60_000);
      consume(one, 1_000_000);
    }
    await proxy.settled();
  }
  const wrong = calls.filter((one) => !one.isCancelled && one.client.content(one.id) !== one.body);
  expect(
    wrong.map(({ id, body, sent, client }) => ({ id, length: body.length, sent, got: client.content(id).length })),
  ).toEqual([]);
  expect(calls.filter((one) => !isDone(one))).toEqual([]);
  for (const client of clients) client.close();
  await proxy.settled();
  proxy.advance(8_000_000);
  expect(proxy.leftovers()).toEqual([]);
  expect(leaksOfPeers(clients)).toEqual([0, 0, 0]);
});

type Dice = ReturnType<typeof dice>;

function dice(seed: number) {
  const next = randomNumbers(seed);
  const below = (n: number) => Math.floor(next() * n);
  return { below, pick: <T>(from: readonly T[]): T => from[below(from.length)] as T };
}

function isDone({ client, id, isCancelled }: Call): boolean {
  return isCancelled || client.heard(id).some((line) => line.endsWith(" end"));
}

/** Gives each request its body back, in one way or another. */
function echo(end: FarEnd, random: Dice): void {
  let answered = 0;
  end.whenRead = () => {
    for (; answered < end.reader.complete.length; answered++) {
      const { body } = end.reader.complete[answered] as { body: Buffer };
      const isChunked = random.below(2) === 0;
      const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${body.length}`;
      const chunk = body.length === 0 ? "" : `${body.length.toString(16)}\r\n${body.toString("latin1")}\r\n`;
      const content = isChunked ? `${chunk}0\r\n\r\n` : body.toString("latin1");
      end.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${content}`);
    }
  };
}

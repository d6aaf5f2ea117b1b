/**
 * What one request costs in things that can be counted: calls between JavaScript and Wasm, bytes of JavaScript heap, and
 * system calls, these for every proxy in a whole run. Counting slows the counted down, so each count has its own run.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure, Work } from "../figure.ts";
import type { Generator } from "../load/generator.ts";
import { findProgram } from "../machine/find.ts";
import { allocationRate, countBetween, probeEnvironment, readProbe, SETTLE_MS } from "../path/readings.ts";
import { countSystemCalls } from "../path/system_calls.ts";
import type { Peer, RunningPeer } from "../peers/peer.ts";
import type { Stand } from "../stand.ts";
import { digits, printTable } from "../table.ts";

const BODY_BYTES = 1024;
const CONNECTIONS = 32;
const WARM_REQUESTS = 20_000;
const COUNTED_REQUESTS = 10_000;
/** Slow enough that most samples have no collection between them. */
const ALLOCATION_RATE = 2_000;

export const path: Work = {
  name: "path",
  title: "Crossings, JavaScript bytes and system calls per request",
  async run(stand) {
    await stand.stopShared();
    const nuncio = stand.peers.find(({ name }) => name === "nuncio");
    const figures: Figure[] = [];
    if (nuncio !== undefined) {
      figures.push(...(await counted(stand, nuncio, crossings)), ...(await counted(stand, nuncio, allocations)));
      printTable(
        "Per request through Nuncio",
        ["what", "number"],
        figures.map(({ name, value }) => [name.replace("path: ", ""), digits(value)]),
      );
    }
    figures.push(...(await systemCalls(stand)));
    return figures;
  },
};

type Count = (stand: Stand, peer: Peer) => Promise<Figure[]>;

async function counted(stand: Stand, peer: Peer, count: Count): Promise<Figure[]> {
  return await count(stand, peer).catch((error) => {
    stand.trouble(peer, error);
    return [];
  });
}

/** Starts a peer, warms it, gives it to `use`, and stops it. */
async function withLoad<T>(
  stand: Stand,
  peer: Peer,
  environment: Record<string, string>,
  use: (generator: Generator, running: RunningPeer) => Promise<T>,
): Promise<T> {
  const running = await stand.start(peer, environment);
  try {
    const port = running.site.httpPort;
    const target = { port, connections: CONNECTIONS, path: `/bytes/${BODY_BYTES}`, bodyBytes: BODY_BYTES };
    const generator = await stand.generator(target);
    await generator.closed(WARM_REQUESTS);
    const result = await use(generator, running);
    await generator.stop();
    return result;
  } finally {
    await running.child.stop();
  }
}

function probeFolder(stand: Stand, name: string): string {
  const folder = join(stand.folder, `probe-${name}`);
  mkdirSync(folder);
  return folder;
}

async function crossings(stand: Stand, peer: Peer): Promise<Figure[]> {
  const folder = probeFolder(stand, "calls");
  return await withLoad(stand, peer, probeEnvironment(folder, "calls"), async (generator) => {
    // A sample before the first request and one after the last: what idle timers call in between counts too.
    const from = Date.now();
    await sleep(SETTLE_MS);
    await generator.closed(COUNTED_REQUESTS);
    await sleep(SETTLE_MS);
    const threads = readProbe(folder, from, Date.now());
    const sum = (what: "calls" | "callbacks") =>
      threads.reduce((total, thread) => total + countBetween(thread, what), 0) / COUNTED_REQUESTS;
    return [
      { name: "path: JS to Wasm calls", value: sum("calls"), unit: "per request" },
      { name: "path: Wasm to JS calls", value: sum("callbacks"), unit: "per request" },
    ];
  });
}

async function allocations(stand: Stand, peer: Peer): Promise<Figure[]> {
  const folder = probeFolder(stand, "heap");
  const seconds = stand.quick ? 2 : 5;
  return await withLoad(stand, peer, probeEnvironment(folder, "heap"), async (generator) => {
    // What the process and the probe allocate when nothing happens is taken off.
    await sleep(SETTLE_MS);
    const idleFrom = Date.now();
    await sleep((seconds * 1000) / 2);
    const idleTo = Date.now();
    await generator.open(ALLOCATION_RATE, ALLOCATION_RATE * seconds);
    const to = Date.now();
    await sleep(SETTLE_MS);
    const rate = (from: number, until: number) =>
      readProbe(folder, from, until).reduce((total, thread) => total + allocationRate(thread), 0);
    const perMillisecond = rate(idleTo, to) - rate(idleFrom, idleTo);
    const value = perMillisecond / (ALLOCATION_RATE / 1000);
    return [{ name: "path: JS bytes allocated", value, unit: "bytes per request" }];
  });
}

async function systemCalls(stand: Stand): Promise<Figure[]> {
  const strace = findProgram("strace");
  if (strace === undefined) {
    console.log("SKIPPED system calls: strace is not installed");
    return [];
  }
  const figures: Figure[] = [];
  const rows: string[][] = [];
  for (const peer of stand.peers.filter(({ http, name }) => http && (!stand.quick || name === "nuncio"))) {
    try {
      const calls = await withLoad(stand, peer, {}, (generator, { child, site }) =>
        countSystemCalls(strace, child.pid, site.folder, async () => void (await generator.closed(COUNTED_REQUESTS))),
      );
      const total = [...calls.values()].reduce((sum, count) => sum + count, 0) / COUNTED_REQUESTS;
      const largest = [...calls].sort((a, b) => b[1] - a[1]).slice(0, 5);
      rows.push([
        peer.name,
        digits(total),
        largest.map(([name, count]) => `${name} ${digits(count / COUNTED_REQUESTS)}`).join(", "),
      ]);
      figures.push({ name: `path: ${peer.name} system calls`, value: total, unit: "per request" });
    } catch (error) {
      stand.trouble(peer, error);
    }
  }
  printTable("System calls per request, closed loop", ["proxy", "all", "largest"], rows);
  return figures;
}

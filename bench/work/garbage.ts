/**
 * Garbage: collections of Nuncio's threads while a fixed number of requests passes. The probe (path/probe.ts) writes them
 * down; how many bytes a request allocates is for the work `path`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure, Work } from "../figure.ts";
import { probeEnvironment, readProbe, SETTLE_MS, type ThreadReadings } from "../path/readings.ts";
import { digits, printTable } from "../table.ts";

const BODY_BYTES = 1024;
const CONNECTIONS = 32;
/** Enough for the optimising compiler to have settled. */
const WARM_REQUESTS = 100_000;

export const garbage: Work = {
  name: "garbage",
  title: "Garbage collections while a million requests pass",
  async run(stand) {
    const peer = stand.peers.find(({ name }) => name === "nuncio");
    if (peer === undefined) return [];
    await stand.stopShared();
    const folder = join(stand.folder, "probe-garbage");
    mkdirSync(folder);
    const running = await stand
      .start(peer, probeEnvironment(folder, "collections"))
      .catch((error) => stand.trouble(peer, error));
    if (!running) return [];
    const count = stand.quick ? 100_000 : 1_000_000;
    try {
      const target = {
        port: running.site.httpPort,
        connections: CONNECTIONS,
        path: `/bytes/${BODY_BYTES}`,
        bodyBytes: BODY_BYTES,
      };
      const generator = await stand.generator(target);
      await generator.closed(WARM_REQUESTS);
      const from = Date.now();
      await generator.closed(count);
      const to = Date.now();
      await generator.stop();
      await sleep(SETTLE_MS);
      return report(readProbe(folder, from, to), count);
    } catch (error) {
      stand.trouble(peer, error);
      return [];
    } finally {
      await running.child.stop();
    }
  },
};

function report(threads: readonly ThreadReadings[], count: number): Figure[] {
  const rows = threads.map((thread) => {
    const major = thread.collections.filter((collection) => collection.major);
    const pauses = thread.collections.map(({ ms }) => ms);
    return [
      thread.thread === 0 ? "main" : `worker ${thread.thread}`,
      String(thread.collections.length - major.length),
      String(major.length),
      digits(Math.max(0, ...pauses)),
    ];
  });
  printTable(`Garbage in ${count} requests`, ["thread", "scavenges", "major", "longest pause ms"], rows);
  const all = threads.flatMap(({ collections }) => collections);
  const scavenges = all.filter(({ major }) => !major).length;
  return [
    {
      name: "garbage: scavenges",
      value: scavenges / (count / 100_000),
      unit: "per 100,000 requests",
      reach: 3,
      goal: 0,
    },
    { name: `garbage: major in ${count}`, value: all.length - scavenges, unit: "collections", reach: 0, goal: 0 },
  ];
}

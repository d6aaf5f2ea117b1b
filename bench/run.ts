/**
 * `npm run bench`: Nuncio beside nginx, HAProxy, Envoy and a C forwarder, each with one worker, the same work in
 * interleaved rounds, proxy and load on different cores. Prints a table per work and, last, the figures with what this
 * version should reach. `--help` lists the works.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Figure, isReached, type Work } from "./figure.ts";
import { killAll } from "./machine/child.ts";
import { describeCommit, describeMachine } from "./machine/find.ts";
import { parseOptions } from "./options.ts";
import { envoy } from "./peers/envoy.ts";
import { floorPeer, socketsPeer } from "./peers/floor.ts";
import { haproxy } from "./peers/haproxy.ts";
import { nginx } from "./peers/nginx.ts";
import { nuncio } from "./peers/nuncio.ts";
import { Stand } from "./stand.ts";
import { digits, printTable } from "./table.ts";
import { core } from "./work/core.ts";
import { h2c, h2tls, http1k, http1tls, http16k, tcp1k } from "./work/cost.ts";
import { garbage } from "./work/garbage.ts";
import { memory } from "./work/memory.ts";
import { openLoop } from "./work/open_loop.ts";
import { path } from "./work/path.ts";
import { request } from "./work/request.ts";
import { start } from "./work/start.ts";
import { tlsHandshake } from "./work/tls_handshake.ts";
import { tlsMemory } from "./work/tls_memory.ts";

/** In the order in which they run: those that share running proxies first. */
const WORKS: readonly Work[] = [
  http1k,
  http16k,
  tcp1k,
  h2c,
  h2tls,
  http1tls,
  openLoop,
  garbage,
  memory,
  tlsHandshake,
  tlsMemory,
  start,
  path,
  request,
  core,
];
const PEERS = ["floor", "sockets", "nuncio", "nginx", "haproxy", "envoy"];

const root = join(import.meta.dirname, "..");
const options = parseOptions(WORKS, PEERS);
process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const begun = performance.now();
const stand = new Stand(options.quick);
const figures: Figure[] = [];
try {
  await stand.open((native) =>
    [floorPeer(native.forward), socketsPeer, nuncio, nginx, haproxy, envoy].filter(({ name }) =>
      options.peers.includes(name),
    ),
  );
  for (const work of WORKS) {
    if (options.only.length === 0 || options.only.includes(work.name)) figures.push(...(await work.run(stand)));
  }
} finally {
  await stand.close();
}

const judged = figures.filter(({ reach, goal }) => reach !== undefined || goal !== undefined);
printTable(
  "Figures",
  ["figure", "value", "", "reach", "", "goal"],
  judged.map((figure) => [
    figure.name,
    digits(figure.value),
    figure.unit,
    figure.reach === undefined ? "" : `<= ${figure.reach}`,
    figure.reach === undefined ? "" : isReached(figure) ? "reached" : "MISSED",
    figure.goal === undefined ? "" : `<= ${figure.goal}`,
  ]),
);
const commit = describeCommit(root);
const seconds = (performance.now() - begun) / 1000;
console.log(`\ncommit ${commit}, ${JSON.stringify(describeMachine())}, ${seconds.toFixed(0)} s`);
for (const trouble of stand.troubles) console.log(trouble);

if (options.record) {
  const date = new Date().toISOString().slice(0, 10);
  const file = join(import.meta.dirname, "baseline", `${date}-${commit}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ date, commit, machine: describeMachine(), quick: options.quick, figures }, null, 2)}\n`,
  );
  console.log(`recorded in ${file}`);
}
const missed = judged.some((figure) => !isReached(figure));
process.exit(stand.troubles.length > 0 || (options.check && missed) ? 1 : 0);

/**
 * `npm run soak`: what takes minutes and is not for every commit. One line of verdict per soak; exit code 1 when one
 * fails. `--only NAME` runs one, `--peer NAME` soaks another proxy for comparison.
 */
import { parseArgs } from "node:util";
import { killAll } from "../machine/child.ts";
import { envoy } from "../peers/envoy.ts";
import { haproxy } from "../peers/haproxy.ts";
import { nginx } from "../peers/nginx.ts";
import { nuncio, nuncioPortable } from "../peers/nuncio.ts";
import { Stand } from "../stand.ts";
import { largeBody } from "./large_body.ts";
import { millionRequests } from "./million_requests.ts";
import { slowClients } from "./slow_clients.ts";
import type { Soak } from "./soak.ts";
import { workerKilled } from "./worker_killed.ts";

const SOAKS: readonly Soak[] = [workerKilled, largeBody, slowClients, millionRequests];
const PEERS = [nuncio, nuncioPortable, nginx, haproxy, envoy];

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true, default: [] }, peer: { type: "string", default: "nuncio" } },
});
const peer = PEERS.find(({ name }) => name === values.peer);
const chosen = SOAKS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
if (peer === undefined || chosen.length === 0) {
  console.error(
    `soaks: ${SOAKS.map(({ name }) => name).join(", ")}; peers: ${PEERS.map(({ name }) => name).join(", ")}`,
  );
  process.exit(1);
}
process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const stand = new Stand(false, "0s");
let failed = false;
try {
  await stand.open(() => [peer]);
  for (const { name, title, run } of chosen) {
    const verdict = await run(stand, peer).then(
      (seen) => `ok      ${name}: ${seen}`,
      (error) => {
        failed = true;
        return `FAILED  ${name} (${title}): ${(error as Error).message}`;
      },
    );
    console.log(verdict);
  }
} finally {
  await stand.close();
}
process.exit(failed ? 1 : 0);

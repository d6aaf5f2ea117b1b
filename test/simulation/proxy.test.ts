// The whole proxy in simulation: many worlds, each from its seed. SIMULATION_SEEDS=from-to runs others (some fifty at a time: each
// has a core, whose memory V8 is slow to give back), SIMULATION_SEEDS=n one of them again.

import { expect, it } from "vitest";
import { World } from "./world.ts";

const WORLDS = 40;
/** Worlds of one test: the seed of a failure stands in its name's range, and exactly in what it says. */
const BATCH = 10;

const [from, to] = (process.env["SIMULATION_SEEDS"] ?? `1-${WORLDS}`).split("-").map(Number) as [number, number?];
const seeds = Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i);
const batches = Array.from({ length: Math.ceil(seeds.length / BATCH) }, (_, i) =>
  seeds.slice(i * BATCH, (i + 1) * BATCH),
);

it.each(batches.map((batch) => [batch[0], batch.at(-1), batch] as const))(
  "worlds %i to %i: each request gets its own answer, and nothing is left",
  { timeout: 120_000 },
  async (_first, _last, batch) => {
    for (const seed of batch) {
      const world = new World(seed);
      const wrong = await world.live().catch((error: Error) => [error.stack ?? error.message]);
      if (process.env["SIMULATION_SEEDS"] !== undefined) console.log(world.describe());
      expect({ world: world.describe(), wrong }).toEqual({ world: world.describe(), wrong: [] });
    }
  },
);

/** A million requests on 32 connections: memory at the end as after the first fifth, every byte right. */
import { MemoryWatch, mustBe, type Soak } from "./soak.ts";

const REQUESTS = 1_000_000;
const STEPS = 5;
const CONNECTIONS = 32;
const BODY_BYTES = 1024;
const GROWTH_MIB = 8;

export const millionRequests: Soak = {
  name: "million_requests",
  title: "a million requests, memory flat",
  async run(stand, peer) {
    const running = await stand.start(peer);
    const watch = new MemoryWatch(running.child.pid);
    try {
      const target = { port: running.site.httpPort, path: `/bytes/${BODY_BYTES}`, bodyBytes: BODY_BYTES };
      const generator = await stand.generator({ ...target, connections: CONNECTIONS });
      const readings: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        await generator.closed(REQUESTS / STEPS);
        readings.push(await watch.settled());
      }
      await generator.stop();
      const growth = (readings.at(-1) as number) - (readings[0] as number);
      const seen = readings.map((mib) => mib.toFixed(1)).join(", ");
      mustBe(growth <= GROWTH_MIB, `memory grew by ${growth.toFixed(1)} MiB: ${seen}`);
      return `every body right, memory ${seen} MiB`;
    } finally {
      watch.stop();
      await running.child.stop();
    }
  },
};

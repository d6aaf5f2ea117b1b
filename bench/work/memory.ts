/**
 * Memory: resident after start with one worker, and what each idle keep-alive connection adds after one request on it.
 * Every proxy is a fresh process, warmed by some requests first so that what is allocated once is not counted per
 * connection.
 */
import type { Figure, Work } from "../figure.ts";
import { residentBytes } from "../machine/accounting.ts";
import { descriptorLimit } from "../machine/find.ts";
import { digits, printTable } from "../table.ts";

const BODY_BYTES = 1024;
const WARM_REQUESTS = 5_000;
const WINDOW = 16;
const KIB = 1024;
const MIB = 1024 * 1024;

export const memory: Work = {
  name: "memory",
  title: "Memory after start, and per idle keep-alive connection",
  async run(stand) {
    await stand.stopShared();
    const wanted = stand.quick ? 2_000 : 5_000;
    const connections = Math.min(wanted, descriptorLimit() - 500);
    if (connections < wanted) console.log(`only ${connections} connections: the limit of open files allows no more`);
    const rows: string[][] = [];
    const figures: Figure[] = [];
    for (const peer of stand.peers.filter(({ http }) => http)) {
      const running = await stand.start(peer).catch((error) => stand.trouble(peer, error));
      if (!running) continue;
      const target = { port: running.site.httpPort, path: `/bytes/${BODY_BYTES}`, bodyBytes: BODY_BYTES };
      try {
        const started = residentBytes(running.child.pid);
        const warm = await stand.generator({ ...target, connections: WINDOW });
        await warm.closed(WARM_REQUESTS);
        const warmed = residentBytes(running.child.pid);
        const idle = await stand.generator({ ...target, connections });
        await idle.each(WINDOW);
        const held = residentBytes(running.child.pid);
        await Promise.all([warm.stop(), idle.stop()]);
        const perConnection = (held - warmed) / connections;
        rows.push([
          peer.name,
          digits(started / MIB),
          digits(warmed / MIB),
          digits(held / MIB),
          digits(perConnection / KIB),
        ]);
        const ours = peer.name === "nuncio";
        figures.push({
          name: `memory: ${peer.name} after start`,
          value: started / MIB,
          unit: "MiB",
          ...(ours && { reach: 110, goal: 70 }),
        });
        figures.push({
          name: `memory: ${peer.name} per idle connection`,
          value: perConnection / KIB,
          unit: "KiB",
          ...(ours && { reach: 4, goal: 1 }),
        });
      } catch (error) {
        stand.trouble(peer, error);
      } finally {
        await running.child.stop();
      }
    }
    printTable(
      `Memory, MiB resident; ${connections} idle connections after one request each`,
      ["proxy", "after start", "warm", "with idle ones", "KiB/connection"],
      rows,
    );
    return figures;
  },
};

/**
 * Start: from the start of the process to the first response through it, and the time in which a bootstrap is judged.
 * Both without pins: an operator's machine has all its cores at that moment.
 */
import { spawnSync } from "node:child_process";
import { type Figure, median, type Work } from "../figure.ts";
import { startPeer } from "../peers/peer.ts";
import { digits, printTable } from "../table.ts";

const JUDGE_LIMIT_MS = 20_000;

export const start: Work = {
  name: "start",
  title: "Time to the first response, and time to judge a bootstrap",
  async run(stand) {
    await stand.stopShared();
    const rounds = stand.quick ? 3 : 5;
    const rows: string[][] = [];
    const figures: Figure[] = [];
    for (const peer of stand.peers.filter(({ http }) => http)) {
      const serving: number[] = [];
      const stopping: number[] = [];
      const judging: number[] = [];
      try {
        for (let round = 0; round < rounds; round++) {
          const running = await startPeer(peer, await stand.site());
          serving.push(running.startMs);
          stopping.push(await running.child.stop());
          if (peer.name === "nuncio" || peer.name === "envoy")
            judging.push(judge(peer.find() ?? "", running.site.folder));
        }
      } catch (error) {
        stand.trouble(peer, error);
        continue;
      }
      const judged = judging.length > 0 ? digits(median(judging)) : "";
      rows.push([peer.name, digits(median(serving)), judged, digits(median(stopping))]);
      const ours = peer.name === "nuncio";
      figures.push({
        name: `start: ${peer.name} serving`,
        value: median(serving),
        unit: "ms",
        ...(ours && { reach: 600, goal: 200 }),
      });
      if (judging.length === 0) continue;
      figures.push({
        name: `start: ${peer.name} --mode validate`,
        value: median(judging),
        unit: "ms",
        ...(ours && { reach: 500, goal: 200 }),
      });
    }
    printTable("Start, milliseconds", ["proxy", "first response", "--mode validate", "stop when idle"], rows);
    return figures;
  },
};

/** Milliseconds of `--mode validate` on the bench's own bootstrap. */
function judge(program: string, folder: string): number {
  const before = performance.now();
  const { status, stderr } = spawnSync(program, ["--mode", "validate", "-c", `${folder}/bootstrap.yaml`], {
    timeout: JUDGE_LIMIT_MS,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`--mode validate left with ${status}: ${stderr.slice(-400)}`);
  return performance.now() - before;
}

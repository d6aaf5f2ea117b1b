/**
 * Two workers under load, of which one falls again and again. Its connections end, all others live and answer right; a
 * new worker takes its place; and in the end nothing is left of those that fell: no memory, no connection, no permit.
 */
import { existsSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expectedBody } from "../load/body.ts";
import type { Peer } from "../peers/peer.ts";
import { MemoryWatch, mustBe, type Soak } from "./soak.ts";

const FALLS = 10;
const CLIENTS = 64;
const BODY_BYTES = 16_384;
const ANSWERS_PER_CONNECTION = 20;
const BETWEEN_MS = 1_500;
const FALL_LIMIT_MS = 5_000;
const REQUEST_LIMIT_MS = 10_000;
const LOST_MAX = 0.85;
const GROWTH_MIB = 48;
/** Gauges that must be at zero when nobody asks any more. */
const GAUGES = [
  "cluster.service.upstream_rq_active",
  "cluster.service.upstream_rq_pending_active",
  "http.http_in.downstream_rq_active",
];

export const workerKilled: Soak = {
  name: "worker_killed",
  title: "a worker falls under load, again and again",
  async run(stand, peer) {
    const trigger = join(stand.folder, "fault");
    const environment = { NODE_OPTIONS: `--import=${new URL("fault.ts", import.meta.url).href}`, SOAK_FAULT: trigger };
    const running = await stand.start(withTwoWorkers(peer), environment);
    const watch = new MemoryWatch(running.child.pid);
    const { httpPort, adminPort } = running.site;
    const clients = Array.from({ length: CLIENTS }, () => new Client(httpPort));
    const answered = () => clients.reduce((sum, client) => sum + client.answered, 0);
    try {
      const work = clients.map((client) => client.run());
      await sleep(BETWEEN_MS);
      const before = await watch.settled();
      let lost = 0;
      let after = 0;
      for (let fall = 1; fall <= FALLS; fall++) {
        for (const client of clients) client.lost = 0;
        writeFileSync(trigger, "");
        const limit = performance.now() + FALL_LIMIT_MS;
        while (existsSync(trigger)) {
          mustBe(performance.now() < limit, "no worker took the fault");
          await sleep(20);
        }
        const count = answered();
        await sleep(BETWEEN_MS);
        const hit = clients.filter((client) => client.lost > 0).length;
        lost += hit;
        mustBe(running.child.running, `the process ended at fall ${fall}: ${running.child.lastWords()}`);
        mustBe(answered() > count, `nothing was answered after fall ${fall}`);
        if (fall === 1) after = await watch.settled();
      }
      const end = await watch.settled();
      for (const client of clients) client.stop();
      await Promise.all(work);
      const wrong = clients.find((client) => client.wrong !== "");
      mustBe(wrong === undefined, wrong?.wrong ?? "");
      // About half, as both workers have about as many; more while the other one was not back yet.
      mustBe(lost <= FALLS * CLIENTS * LOST_MAX, `${lost} of ${FALLS * CLIENTS} connections were lost`);
      const gauges = await readStats(adminPort);
      for (const name of GAUGES) mustBe(gauges.get(name) === 0, `${name} is ${gauges.get(name)} in the end`);
      mustBe(end - after <= GROWTH_MIB, `memory grew from ${after.toFixed(0)} to ${end.toFixed(0)} MiB`);
      return (
        `${FALLS} falls, ${answered()} right answers, ${(lost / FALLS).toFixed(0)} of ${CLIENTS} connections lost each time, ` +
        `memory ${before.toFixed(0)}, ${after.toFixed(0)} after the first, ${end.toFixed(0)} MiB after the last`
      );
    } finally {
      for (const client of clients) client.stop();
      watch.stop();
      await running.child.stop();
    }
  },
};

function withTwoWorkers(peer: Peer): Peer {
  return {
    ...peer,
    prepare(program, site) {
      const launch = peer.prepare(program, site);
      const arguments_ = [...launch.arguments];
      arguments_[arguments_.indexOf("--concurrency") + 1] = "2";
      return { ...launch, arguments: arguments_ };
    },
  };
}

/**
 * One connection that asks, checks, and asks again; connects anew when it is lost, and now and then of its own will, so that
 * connections spread over both workers again after one of them was away.
 */
class Client {
  answered = 0;
  lost = 0;
  wrong = "";
  #stopped = false;
  readonly #port: number;
  #agent = newAgent();
  static readonly body = expectedBody(BODY_BYTES);

  constructor(port: number) {
    this.#port = port;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#ask().then(
        (wrong) => {
          if (++this.answered % ANSWERS_PER_CONNECTION === 0) this.#connectAnew();
          if (wrong !== "") this.wrong = wrong;
        },
        () => {
          this.lost++;
        },
      );
    }
    this.#agent.destroy();
  }

  stop(): void {
    this.#stopped = true;
  }

  #connectAnew(): void {
    this.#agent.destroy();
    this.#agent = newAgent();
  }

  /** What is wrong with the answer, or ""; rejects when the connection is lost. */
  #ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { port: this.#port, host: "127.0.0.1", path: `/bytes/${BODY_BYTES}`, agent: this.#agent };
      const request = get({ ...options, timeout: REQUEST_LIMIT_MS }, (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) resolve(`status ${response.statusCode}`);
          else resolve(Buffer.concat(pieces).equals(Client.body) ? "" : "a body is wrong");
        });
      });
      request.on("timeout", () => {
        this.wrong = "a request hung";
        request.destroy();
      });
      request.on("error", reject);
    });
  }
}

function newAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

async function readStats(adminPort: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/stats`)).text();
  return new Map([...text.matchAll(/^(\S+): (\d+)$/gm)].map(([, name, value]) => [name as string, Number(value)]));
}

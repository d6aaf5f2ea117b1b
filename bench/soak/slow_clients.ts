/**
 * 10,000 slow clients at once: most of them send a head one byte at a time, the others ask for a large body and do not
 * read it. A fast neighbour must not notice, memory must not grow once they are all there, and in the end each of them
 * gets what it asked for.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { descriptorLimit } from "../machine/find.ts";
import { BLOCK_BYTES } from "./body_blocks.ts";
import { startBodyServer } from "./body_server.ts";
import { MemoryWatch, mustBe, type Soak } from "./soak.ts";

const CLIENTS = 10_000;
/** Each of them holds an upstream connection, of which a cluster allows 1,024. */
const READERS = 400;
const READER_BLOCKS = 32;
const HOLD_ROUNDS = 8;
const ROUND_MS = 2_500;
const CONNECTS_AT_ONCE = 100;
const NEIGHBOUR_REQUESTS = 2_000;
/** What a client may cost at most: for a head in the making, and for a body that nobody reads (both watermarks). */
const SENDER_KIB = 8;
const READER_KIB = 512;
const GROWTH_MIB = 8;
const FINISH_AT_ONCE = 200;
const FINISH_LIMIT_MS = 60_000;

const HEAD = "GET /bytes/100 HTTP/1.1\r\nHost: slow.example\r\nX-Slow: ";

export const slowClients: Soak = {
  name: "slow_clients",
  title: "10,000 slow clients and a fast neighbour",
  async run(stand, peer) {
    const count = Math.min(CLIENTS, descriptorLimit() - 2_000);
    if (count < CLIENTS) console.log(`only ${count} clients: the limit of open files allows no more`);
    const server = await startBodyServer();
    const running = await stand.start(peer, {}, [server.port, server.port]);
    const watch = new MemoryWatch(running.child.pid);
    const clients: SlowClient[] = [];
    try {
      const { httpPort } = running.site;
      const neighbour = await stand.generator({ port: httpPort, connections: 8, path: "/bytes/1024", bodyBytes: 1024 });
      await neighbour.closed(NEIGHBOUR_REQUESTS);
      const before = await watch.settled();
      for (let at = 0; at < count; at += CONNECTS_AT_ONCE) {
        const batch = Array.from({ length: Math.min(CONNECTS_AT_ONCE, count - at) }, (_, i) =>
          (at + i) % (count / READERS) < 1 ? new SlowReader(httpPort) : new SlowSender(httpPort),
        );
        clients.push(...batch);
        await Promise.all(batch.map((client) => client.ready));
      }
      await step(clients, ROUND_MS);
      const arrived = await watch.settled();
      let slowest = 0;
      for (let round = 0; round < HOLD_ROUNDS; round++) {
        const [{ buckets }] = await Promise.all([neighbour.closed(NEIGHBOUR_REQUESTS), step(clients, ROUND_MS)]);
        slowest = Math.max(slowest, (buckets.at(-1)?.[0] ?? 0) / 1e6);
      }
      const held = await watch.settled();
      await Promise.race([
        finishAll(clients),
        sleep(FINISH_LIMIT_MS, undefined, { ref: false }).then(() => {
          throw new Error("not every slow client was served in the end");
        }),
      ]);
      await neighbour.stop();

      const allowed = ((count - READERS) * SENDER_KIB + READERS * READER_KIB) / 1024;
      mustBe(
        arrived - before <= allowed,
        `${(arrived - before).toFixed(0)} MiB for all of them, more than ${allowed.toFixed(0)}`,
      );
      const growth = GROWTH_MIB + (peer.garbageMib ?? 0);
      mustBe(held - arrived <= growth, `memory grew by ${(held - arrived).toFixed(1)} MiB while they only waited`);
      return (
        `all ${count} served in the end, ${(arrived - before).toFixed(0)} MiB for all of them, ` +
        `${(held - arrived).toFixed(1)} MiB more while they waited, neighbour's slowest request ${slowest.toFixed(0)} ms`
      );
    } finally {
      for (const client of clients) client.end();
      watch.stop();
      await running.child.stop();
      server.close();
    }
  },
};

/** Lets them finish, fewer at once than the cluster allows connections. */
async function finishAll(clients: readonly SlowClient[]): Promise<void> {
  for (let at = 0; at < clients.length; at += FINISH_AT_ONCE) {
    await Promise.all(clients.slice(at, at + FINISH_AT_ONCE).map((client) => client.finish()));
  }
}

/** Gives each client one step, spread over `milliseconds`. */
async function step(clients: readonly SlowClient[], milliseconds: number): Promise<void> {
  const slices = 50;
  for (let slice = 0; slice < slices; slice++) {
    for (let at = slice; at < clients.length; at += slices) (clients[at] as SlowClient).step();
    await sleep(milliseconds / slices);
  }
}

abstract class SlowClient {
  readonly ready: Promise<void>;
  protected readonly socket: Socket;
  /** Body bytes that a complete answer has. */
  protected abstract readonly wanted: number;
  #received = 0;
  #head = "";
  readonly #done = Promise.withResolvers<void>();

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.ready = new Promise((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("error", reject);
    });
    this.#done.promise.catch(() => {}); // reported by whoever waits in `finish`
    this.socket.on("error", (error) => this.#done.reject(error));
    this.socket.on("close", () => this.#done.reject(new Error("a slow client lost its connection")));
    this.socket.on("data", (chunk) => this.#take(chunk));
  }

  /** One small sign of life. */
  abstract step(): void;

  /** Does the rest at full speed; resolves when the answer is complete. */
  async finish(): Promise<void> {
    this.hurry();
    await this.#done.promise;
  }

  end(): void {
    this.socket.destroy();
  }

  protected abstract hurry(): void;

  #take(chunk: Buffer): void {
    if (this.#received === 0) {
      this.#head += chunk.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!this.#head.startsWith("HTTP/1.1 200 ")) this.#done.reject(new Error(`answered ${this.#head.slice(0, 30)}`));
      this.#received = this.#head.length - end - 4;
    } else {
      this.#received += chunk.length;
    }
    if (this.#received >= this.wanted) this.#done.resolve();
  }
}

class SlowSender extends SlowClient {
  protected override readonly wanted = 100;
  #at = 0;

  override step(): void {
    this.socket.write(HEAD[this.#at++] ?? "x");
  }

  protected override hurry(): void {
    this.socket.write(`${HEAD.slice(this.#at)}\r\n\r\n`);
  }
}

class SlowReader extends SlowClient {
  protected override readonly wanted = READER_BLOCKS * BLOCK_BYTES;
  #asked = false;

  override step(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.socket.pause();
    this.socket.write(`GET /blocks/${READER_BLOCKS} HTTP/1.1\r\nHost: slow.example\r\n\r\n`);
  }

  protected override hurry(): void {
    this.socket.resume();
  }
}

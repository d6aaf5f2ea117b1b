/** A body of 1 GiB up and one of 1 GiB down at the same time, each with a reader slower than its writer. */
import { createHash } from "node:crypto";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BLOCK_BYTES, blocks, hashOfBlocks } from "./body_blocks.ts";
import { startBodyServer } from "./body_server.ts";
import { drainSlowly } from "./slow_reader.ts";
import { MemoryWatch, mustBe, type Soak } from "./soak.ts";

const BLOCKS = (1024 * 1024 * 1024) / BLOCK_BYTES;
/** Two transfers with full watermarks on both sides, and the garbage collector's freedom. */
const GROWTH_MIB = 24;

export const largeBody: Soak = {
  name: "large_body",
  title: "1 GiB both ways with slow readers",
  async run(stand, peer) {
    const server = await startBodyServer();
    const running = await stand.start(peer, {}, [server.port, server.port]);
    const watch = new MemoryWatch(running.child.pid);
    try {
      const expected = hashOfBlocks(BLOCKS);
      const before = await watch.settled();
      const start = performance.now();
      const [up, down] = await Promise.all([upload(running.site.httpPort), download(running.site.httpPort)]);
      const seconds = (performance.now() - start) / 1000;
      for (const [way, result] of Object.entries({ up, down })) {
        mustBe(result.length === BLOCKS * BLOCK_BYTES, `${way}: ${result.length} bytes arrived`);
        mustBe(result.hash === expected, `${way}: the hash is wrong`);
      }
      const growth = watch.highest - before;
      const allowed = GROWTH_MIB + (peer.garbageMib ?? 0);
      mustBe(growth <= allowed, `memory grew by ${growth.toFixed(1)} MiB, more than ${allowed}`);
      return `hashes right, ${seconds.toFixed(1)} s, memory grew by at most ${growth.toFixed(1)} MiB`;
    } finally {
      watch.stop();
      await running.child.stop();
      server.close();
    }
  },
};

interface Received {
  readonly hash: string;
  readonly length: number;
}

async function upload(port: number): Promise<Received> {
  const headers = { "content-length": BLOCKS * BLOCK_BYTES };
  const request = httpRequest({ port, host: "127.0.0.1", path: "/hash", method: "POST", headers, agent: new Agent() });
  const answered = response(request);
  const [message] = await Promise.all([answered, pipeline(Readable.from(blocks(BLOCKS)), request)]);
  let text = "";
  for await (const piece of message) text += piece;
  return JSON.parse(text);
}

async function download(port: number): Promise<Received> {
  const request = httpRequest({ port, host: "127.0.0.1", path: `/blocks/${BLOCKS}`, agent: new Agent() });
  const answered = response(request);
  request.end();
  const hash = createHash("sha256");
  const length = await drainSlowly(await answered, (piece) => hash.update(piece));
  return { hash: hash.digest("hex"), length };
}

async function response(request: ReturnType<typeof httpRequest>): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (message) => {
      if (message.statusCode === 200) resolve(message);
      else reject(new Error(`status ${message.statusCode}`));
    });
  });
}

/** One port, several worker threads, each with sockets of its own. */

import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";

const PROGRAM = new URL("../../support/programs/echo_listener.ts", import.meta.url);
const CONNECTIONS = 60;

async function startWorker(kind: string, port: number, name: string): Promise<{ worker: Worker; port: number }> {
  const worker = new Worker(PROGRAM, { workerData: [kind, String(port), name] });
  const [message] = (await once(worker, "message")) as [string];
  return { worker, port: Number(message.replace("listening ", "")) };
}

async function ask(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  socket.end("hi");
  await once(socket, "close");
  return answer;
}

describe.each(["raw", "portable"])("reusePort: %s", (kind) => {
  it("spreads connections over two worker threads, and one thread takes all when the other ends", async () => {
    const first = await startWorker(kind, 0, "first");
    const second = await startWorker(kind, first.port, "second");
    expect(second.port).toBe(first.port);
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(first.port)));
    // The kernel spreads by a hash of the ports: all on one side has a chance of 2^-59.
    expect(new Set(answers)).toEqual(new Set(["first hi", "second hi"]));
    await second.worker.terminate();
    const later = await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(first.port)));
    expect(new Set(later)).toEqual(new Set(["first hi"]));
    await first.worker.terminate();
  });
});

/**
 * The whole proxy under raw HTTP/1 that others collected: `replay_h1.py`, which is kept beside the repository with its cases and with what Envoy 1.40
 * did, sends them through and judges what comes out on the other side. Its head says what each word means.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createProxy } from "../../host/index.ts";
import { plainConfig } from "../support/plain_config.ts";

const FOLDER = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const JUDGE = `${FOLDER}replay_h1.py`;
const TIME_MS = 300_000;

const isHere = existsSync(JUDGE);
if (!isHere) console.warn("SKIPPED: raw HTTP/1 through the proxy, absent: shared/corpus/replay_h1.py");

it.skipIf(!isHere)(
  "smuggles nothing, and lets nothing through that Envoy does not",
  async () => {
    const backendPort = await freePort();
    const lines: string[] = [];
    const proxy = await createProxy({
      config: plainConfig(backendPort),
      concurrency: 1,
      onLogLine: (line) => lines.push(line),
    });
    try {
      const [address = ""] = proxy.listeners[0]?.addresses ?? [];
      const verdict = await run([JUDGE, address, String(backendPort), "--golden", `${FOLDER}envoy_h1.jsonl`]);
      expect(verdict, lines.join("\n")).toMatch(/SMUGGLED 0 .* lenient 0 {3}dirty 0/);
      expect(verdict).toMatch(/looser 0 {3}/);
    } finally {
      await proxy.stop();
    }
  },
  TIME_MS,
);

/** A port that the system found free. The judge listens there itself and takes no other answer. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** What the script printed. Its exit code says no more than its text. */
function run(args: readonly string[]): Promise<string> {
  return new Promise((done) => {
    execFile("python3", args, { timeout: TIME_MS - 10_000 }, (error, stdout, stderr) => {
      done(`${stdout}${stderr}${error === null ? "" : error.message}`);
    });
  });
}
